import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import {
  type Document,
  isCollection,
  isPair,
  isScalar,
  LineCounter,
  parseDocument,
  visit,
  type YAMLParseError,
} from 'yaml'
import type { z } from 'zod'
import { BellwetherError, type ErrorDetail } from '../errors.ts'
import { nearest } from '../table/nearest.ts'
import { ProjectOptions } from './project.ts'

export const PROJECT_FILE = 'bellwether.yaml'
const MAX_PROJECT_BYTES = 1 << 20

export interface Project {
  /** The project file, absolute. */
  readonly file: string
  /** Its folder; relative paths in the file start here. */
  readonly folder: string
  readonly options: ProjectOptions
}

/**
 * Finds the project file: `reference` is a folder, a file, or a name under one of the `roots` (examples, home).
 * @throws PROJECT_NOT_FOUND
 */
export async function findProjectFile(reference: string, roots: readonly string[]): Promise<string> {
  const candidates = [reference]
  if (/^[\w.-]+$/.test(reference)) candidates.push(...roots.map((root) => path.join(root, reference)))
  for (const candidate of candidates) {
    const info = await stat(candidate).catch(() => null)
    if (info?.isFile()) return path.resolve(candidate)
    if (info?.isDirectory() && existsSync(path.join(candidate, PROJECT_FILE)))
      return path.resolve(candidate, PROJECT_FILE)
  }
  throw new BellwetherError(
    'PROJECT_NOT_FOUND',
    `No project file at "${reference}" (looked for ${PROJECT_FILE} in it${roots.length ? ` and under ${roots.map((r) => path.basename(r)).join(', ')}` : ''}).`,
  )
}

/** @throws PROJECT_NOT_FOUND, PROJECT_INVALID with every fault's line and column */
export async function loadProject(file: string): Promise<Project> {
  const info = await stat(file).catch(() => null)
  if (!info?.isFile()) throw new BellwetherError('PROJECT_NOT_FOUND', `There is no project file "${file}".`)
  if (info.size > MAX_PROJECT_BYTES)
    throw new BellwetherError('PROJECT_INVALID', `"${file}" is larger than 1 MiB; a project file is a page or two.`)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new BellwetherError(
      'PROJECT_NOT_FOUND',
      `"${file}" cannot be read: ${(cause as NodeJS.ErrnoException).code ?? 'error'}.`,
      { cause },
    )
  })
  return {
    file: path.resolve(file),
    folder: path.dirname(path.resolve(file)),
    options: parseProject(text, path.basename(file)),
  }
}

/** @throws PROJECT_INVALID; `fileName` is only for messages */
export function parseProject(text: string, fileName: string = PROJECT_FILE): ProjectOptions {
  const lines = new LineCounter()
  // Whether keys are unique is checked below: the parser compares each with each.
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false, stringKeys: true })
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return `${fileName}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    fail(
      document.errors.map((error) => ({
        path: at(error.pos[0]),
        message: describeYamlError(error),
      })),
    )
  }
  const twice = repeatedKeys(document)
  if (twice.length > 0)
    fail(twice.map(({ offset, key }) => ({ path: at(offset), message: `the key "${key}" is there twice` })))
  const parsed = ProjectOptions.safeParse(plainValue(document, `${fileName}:1:1`) ?? {})
  if (parsed.success) return parsed.data

  /** Where a path of keys stands in the file; a key that is missing stands at its parent. */
  const place = (keys: readonly PropertyKey[], ofKey = false): string => {
    for (let depth = keys.length; depth >= 0; depth--) {
      const parent = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth - 1) as unknown[], true)
      const holder = depth === 1 ? document.contents : parent
      if (depth > 0 && ofKey && isCollection(holder)) {
        const pair = holder.items.find(
          (item) => isPair(item) && isScalar(item.key) && item.key.value === keys[depth - 1],
        )
        if (pair && isPair(pair) && isScalar(pair.key) && pair.key.range) return at(pair.key.range[0])
      }
      const node = depth === 0 ? document.contents : document.getIn(keys.slice(0, depth) as unknown[], true)
      if (node && typeof node === 'object' && 'range' in node && Array.isArray(node.range))
        return at(node.range[0] as number)
    }
    return `${fileName}:1:1`
  }
  fail(parsed.error.issues.flatMap((issue) => describeIssue(issue, place)))
}

function describeYamlError({ code, message }: YAMLParseError): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document starts here; a project file holds one'
  // The parser recurses, and calls whatever ends that an error of the place.
  if (/call stack/i.test(message)) return 'lists and maps lie too deep within each other'
  return message.split('\n')[0]!.replace(/ at line \d+, column \d+:?$/, '')
}

/** Keys that stand in one map more than once, at their second place. */
function repeatedKeys(document: Document.Parsed): { offset: number; key: string }[] {
  const found: { offset: number; key: string }[] = []
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        if (seen.has(key.value)) found.push({ offset: key.range?.[0] ?? 0, key: String(key.value) })
        seen.add(key.value)
      }
    },
  })
  return found
}

/** The document as plain values. @throws PROJECT_INVALID for aliases that multiply without end */
function plainValue(document: Document.Parsed, place: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error
    return fail([{ path: place, message: 'the aliases (*name) multiply to more than a project file can mean' }])
  }
}

function describeIssue(
  issue: z.core.$ZodIssue,
  place: (keys: readonly PropertyKey[], ofKey?: boolean) => string,
): ErrorDetail[] {
  const name = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(issue.path)
    return issue.keys.map((key) => {
      const near = nearest(key, known)
      const suggestion = near ? `; did you mean "${near}"?` : known.length ? `; known here: ${known.join(', ')}` : ''
      return {
        path: place([...issue.path, key], true),
        message: `unknown key "${name ? `${name}.` : ''}${key}"${suggestion}`,
      }
    })
  }
  if (issue.code === 'invalid_value' && issue.values) {
    return [{ path: place(issue.path), message: `${name}: expected one of ${issue.values.map(String).join(', ')}` }]
  }
  return [
    { path: place(issue.path), message: `${name || 'project'}: ${issue.message.replace(/^Invalid input: /, '')}` },
  ]
}

/** The keys that the schema knows at a path, for suggestions. */
function knownKeys(keys: readonly PropertyKey[]): string[] {
  let schema: unknown = ProjectOptions
  const unwrap = (value: unknown): unknown => {
    let current = value as { def?: { innerType?: unknown; type?: string } }
    while (current?.def?.innerType) current = current.def.innerType as typeof current
    return current
  }
  for (const key of keys) {
    const current = unwrap(schema) as {
      shape?: Record<string, unknown>
      def?: { valueType?: unknown; element?: unknown }
    }
    schema = current.shape?.[String(key)] ?? current.def?.valueType ?? current.def?.element
  }
  return Object.keys((unwrap(schema) as { shape?: object } | undefined)?.shape ?? {})
}

function fail(details: ErrorDetail[]): never {
  const [first] = details
  throw new BellwetherError(
    'PROJECT_INVALID',
    `${first?.path}: ${first?.message}${details.length > 1 ? ` (and ${details.length - 1} more)` : ''}`,
    { details },
  )
}
