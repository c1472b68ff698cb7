import { parseDocument } from 'yaml'
import { z } from 'zod'
import { BellwetherError } from '../../../errors.ts'

/** One output that DVC keeps: a file, or a folder. */
export interface DvcOutput {
  /** As the pointer writes it, relative to its folder: data, never a path that is followed. */
  readonly path: string
  /** 32 hexadecimal digits. */
  readonly md5: string
  /** A folder's hash is that of the list of its files. */
  readonly isFolder: boolean
  /** DVC 2 takes the MD5 of a text after making its line ends `\n`; DVC 3 of the bytes as they are. */
  readonly hash: 'md5' | 'md5-dos2unix'
  /** The remote that it names, where it names one. */
  readonly remote: string | null
}

const Output = z.object({
  path: z.string().min(1),
  md5: z
    .string()
    .regex(/^[0-9a-f]{32}(\.dir)?$/)
    .optional(),
  hash: z.string().optional(),
  remote: z.string().optional(),
})
const Pointer = z.object({ outs: z.array(Output).min(1) })
const Lock = z.object({ stages: z.record(z.string(), z.object({ outs: z.array(Output).default([]) })) })

/**
 * The outputs of a `.dvc` file, or of all stages of a `dvc.lock`, of DVC 2 or 3.
 * @param name For messages.
 * @throws DVC_INVALID
 */
export function parseDvcPointer(text: string, name: string): DvcOutput[] {
  const document = parseDocument(text, { stringKeys: true })
  const [fault] = document.errors
  if (fault) throw new BellwetherError('DVC_INVALID', `${name} is no YAML: ${fault.message.split('\n')[0]}`)
  const value: unknown = document.toJS({ maxAliasCount: 0 })
  const lock = Lock.safeParse(value)
  const pointer = Pointer.safeParse(value)
  if (!lock.success && !pointer.success)
    throw new BellwetherError(
      'DVC_INVALID',
      `${name} has no outputs: expected outs with md5 and path, or stages with outs.`,
    )
  const outputs = lock.success ? Object.values(lock.data.stages).flatMap(({ outs }) => outs) : pointer.data!.outs
  return outputs.map(({ path, md5, hash, remote }) => {
    if (md5 === undefined)
      throw new BellwetherError(
        'DVC_INVALID',
        `${name}: the output ${JSON.stringify(path)} has no md5; DVC has not kept it, or elsewhere.`,
      )
    if (hash !== undefined && hash !== 'md5' && hash !== 'md5-dos2unix')
      throw new BellwetherError(
        'DVC_INVALID',
        `${name}: the hash of an output is ${JSON.stringify(hash)}; md5 alone is known.`,
      )
    return {
      path,
      md5: md5.slice(0, 32),
      isFolder: md5.endsWith('.dir'),
      hash: hash === 'md5' ? ('md5' as const) : ('md5-dos2unix' as const),
      remote: remote ?? null,
    }
  })
}

/** Versions of DVC whose pointers and layout of a remote are written. DVC 2 refuses a pointer that names its hash, and DVC 3 reads those of DVC 2. */
export type DvcVersion = 2 | 3

/** A pointer as `dvc add` writes it. */
export function dvcPointer(output: {
  readonly path: string
  readonly md5: string
  readonly sizeBytes: number
  /** Null for a single file. */
  readonly nFiles: number | null
  readonly version: DvcVersion
}): string {
  const { path, md5, sizeBytes, nFiles, version } = output
  const lines = [
    'outs:',
    `- md5: ${md5}${nFiles === null ? '' : '.dir'}`,
    `  size: ${sizeBytes}`,
    ...(nFiles === null ? [] : [`  nfiles: ${nFiles}`]),
    ...(version === 2 ? [] : ['  hash: md5']),
    // JSON is YAML too: quoted only where it has to be.
    `  path: ${/^[A-Za-z_][\w./-]*$/.test(path) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(path) ? path : JSON.stringify(path)}`,
  ]
  return `${lines.join('\n')}\n`
}
