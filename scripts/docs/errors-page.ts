import { readFileSync } from 'node:fs'
import { ERRORS, type ErrorCode } from '../../src/errors.ts'
import { code, markdownTable, pageHead } from './markdown.ts'

const SOURCE = new URL('../../src/errors.ts', import.meta.url)

interface Group {
  readonly title: string
  readonly codes: ErrorCode[]
}

/** `docs/errors.md`: every code with its status and hint, grouped by the comments between them in src/errors.ts. */
export function errorsPage(): string {
  const sections = readGroups(readFileSync(SOURCE, 'utf8')).map(
    ({ title, codes }) =>
      `## ${title}\n\n${markdownTable(
        ['code', 'status', 'what to do'],
        codes.map((name) => [code(name), String(ERRORS[name].status), ERRORS[name].hint]),
      )}\n`,
  )
  return [
    pageHead('Errors', 'src/errors.ts'),
    'Every error has a code that keeps its meaning from version to version, a message that says what was expected, what came and where, and a hint. Over HTTP',
    'it is `{"error", "message", "hint", "details"}` with the status given here; on the command line it goes to standard error (with `--json` as the same',
    'document) and the exit status is 2, for `CANCELLED` 130.\n',
    ...sections,
  ].join('\n')
}

/** @throws when a code stands under no comment, so that no page leaves one out */
export function readGroups(source: string): Group[] {
  const groups: Group[] = []
  for (const [, title, name] of source.matchAll(/^ {2}\/\/ (.+)$|^ {2}([A-Z][A-Z_]*): \{/gm)) {
    if (title) groups.push({ title: title.replace(/:.*/, ''), codes: [] })
    else groups.at(-1)?.codes.push(name as ErrorCode)
  }
  const found = groups.flatMap(({ codes }) => codes)
  const lost = Object.keys(ERRORS).filter((name) => !found.includes(name as ErrorCode))
  if (lost.length) throw new Error(`src/errors.ts: no group comment stands above ${lost.join(', ')}.`)
  return groups.filter(({ codes }) => codes.length > 0)
}
