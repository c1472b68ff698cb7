import type { FilesDiff } from '../../data/versions/diff-files.ts'
import type { VersionsDiff } from '../../pipeline/diff-versions.ts'
import { interruptSignal, text, withHome } from '../context.ts'
import { bytesText } from '../data-text.ts'
import { formatTable } from '../format-table.ts'
import { figure, note, printJson, printLine } from '../output.ts'

const SHOWN_FILES = 50

type TablesDiff = Extract<VersionsDiff, { readonly table: object }>

/** What lies between two versions: schema, rows and drift of tables; files that came, went and changed. */
export async function action(options: Record<string, unknown>, [from, to]: string[]): Promise<number> {
  const { diffVersions } = await import('../../pipeline/diff-versions.ts')
  return withHome(options, async (home) => {
    const { signal, release } = interruptSignal('nothing is changed')
    const diff = await diffVersions(
      from!,
      to!,
      { id: text(options, 'id'), byContent: options['byContent'] === true, signal },
      home,
    ).finally(release)
    if (options['json']) printJson(diff)
    else {
      printLine(`${diff.before.slice(0, 19)} → ${diff.after.slice(0, 19)}`)
      if (diff.table) printTable(diff)
      else printFiles(diff.files)
    }
    return 0
  })
}

function printTable(diff: TablesDiff): void {
  const { schema, rows, columns } = diff.table
  const { added, removed, changed } = schema
  if (added.length + removed.length + changed.length === 0) printLine('columns: the same')
  else {
    if (added.length > 0) printLine(`columns added: ${added.join(', ')}`)
    if (removed.length > 0) printLine(`columns removed: ${removed.join(', ')}`)
    for (const { name, from, to } of changed)
      printLine(`column ${name}: ${from.kind} (${from.dataType}) became ${to.kind} (${to.dataType})`)
  }
  const parts = [`${rows.added} added`, `${rows.removed} removed`]
  if (rows.changed !== null) parts.push(`${rows.changed} changed`)
  parts.push(`${rows.unchanged} unchanged`)
  printLine(`rows: ${rows.before} → ${rows.after}, ${identity(diff)}: ${parts.join(', ')}`)
  const byDrift = [...columns].sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1))
  printLine()
  printLine(
    formatTable(
      ['column', 'PSI', 'Jensen–\nShannon', 'missing\nbefore', 'missing\nafter', 'rows\nchanged'],
      byDrift.map((c) => [
        c.name,
        figure(c.psi),
        figure(c.jensenShannon),
        c.missingBefore,
        c.missingAfter,
        c.changed ?? '–',
      ]),
      ['left', 'right', 'right', 'right', 'right', 'right'],
      { droppable: [4, 3, 2] },
    ),
  )
}

/** What told which row is which, and who said so. */
function identity({ table, idFrom, unusableId }: TablesDiff): string {
  if (idFrom === 'project') return `by ${table.rows.id} (data.id of the project)`
  if (table.rows.id !== null) return `by ${table.rows.id}`
  return unusableId === null ? 'by content' : `by content (data.id ${unusableId} is missing or comes twice)`
}

function printFiles({ added, removed, changed, unchanged }: FilesDiff): void {
  printLine(
    `files: ${added.length} added, ${removed.length} removed, ${changed.length} changed, ${unchanged} unchanged`,
  )
  const lines = [
    ...added.map(({ path, sizeBytes }) => ['added', path, bytesText(sizeBytes)]),
    ...removed.map(({ path, sizeBytes }) => ['removed', path, bytesText(sizeBytes)]),
    ...changed.map(({ path, sizeBefore, sizeAfter }) => [
      'changed',
      path,
      `${bytesText(sizeBefore)} → ${bytesText(sizeAfter)}`,
    ]),
  ]
  if (lines.length === 0) return
  printLine(formatTable(['', 'file', 'size'], lines.slice(0, SHOWN_FILES)))
  if (lines.length > SHOWN_FILES) note(`… and ${lines.length - SHOWN_FILES} more; --json has them all`)
}
