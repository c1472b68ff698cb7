import { z } from 'zod'
import { BellwetherError } from '../../../errors.ts'
import { isInnerPath } from '../tree-manifest.ts'

/** A file of a folder that DVC keeps. */
export interface DvcEntry {
  readonly md5: string
  readonly relpath: string
}

const Entries = z.array(z.object({ md5: z.string().regex(/^[0-9a-f]{32}$/), relpath: z.string() }))

/** The list of a folder's files, which DVC keeps as an object of its own (`.dir`). Every name is checked. @throws DVC_INVALID */
export function parseDvcFolder(text: string, name: string): DvcEntry[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new BellwetherError('DVC_INVALID', `The list of files of ${name} is no JSON.`, { cause })
  }
  const entries = Entries.safeParse(value)
  if (!entries.success)
    throw new BellwetherError(
      'DVC_INVALID',
      `The list of files of ${name} is not one: expected md5 and relpath of each.`,
    )
  const seen = new Set<string>()
  for (const { relpath } of entries.data) {
    if (!isInnerPath(relpath) || seen.has(relpath))
      throw new BellwetherError(
        'DVC_INVALID',
        `The list of files of ${name} has a path twice, or one that leads out of the folder.`,
      )
    seen.add(relpath)
  }
  return entries.data
}

/** The bytes of that list as DVC writes them, so that their MD5 is the one that DVC computes: Python's `json.dumps`, sorted by code point. */
export function dvcFolder(entries: readonly DvcEntry[]): string {
  const sorted = [...entries].sort((a, b) => Buffer.compare(Buffer.from(a.relpath), Buffer.from(b.relpath)))
  return `[${sorted.map(({ md5, relpath }) => `{"md5": "${md5}", "relpath": ${asciiJson(relpath)}}`).join(', ')}]`
}

/** As Python writes a text: everything but the printable characters of ASCII is escaped. */
function asciiJson(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
