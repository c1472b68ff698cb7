import Table from 'cli-table3'
import pc from 'picocolors'
import { displayWidth, wrapText } from './wrap-text.ts'

const GAP = 2
const NARROWEST_TEXT = 20
/** Nothing between the cells but blanks. */
const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid', 'middle'])
    .map((place) => [place, '']),
)

export type Cell = string | number | null | undefined
export type Align = 'left' | 'right'

export interface TableOptions {
  /** Columns that may be left out where the terminal is too narrow for all, the first of them first. */
  readonly droppable?: readonly number[]
  /** Characters in a line; by default those of the terminal, and no bound where standard output is none. */
  readonly width?: number
}

/**
 * A plain table for people, no wider than their terminal: columns that may go are left out, then texts are wrapped. A title may
 * have several lines. Colours only on a terminal.
 */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  align: readonly Align[] = [],
  {
    droppable = [],
    width = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY,
  }: TableOptions = {},
): string {
  const text = [head, ...rows.map((row) => head.map((_, column) => String(row[column] ?? '')))]
  const natural = head.map((_, column) => Math.max(...text.map((row) => displayWidth(row[column]!))))
  const total = (columns: readonly number[], widths = natural) =>
    columns.reduce((sum, column) => sum + widths[column]! + GAP, -GAP)

  let columns = [...head.keys()]
  for (const column of droppable) {
    if (total(columns) <= width) break
    columns = columns.filter((each) => each !== column)
  }
  const widths = [...natural]
  while (total(columns, widths) > width) {
    const texts = columns.filter((column) => align[column] !== 'right' && widths[column]! > NARROWEST_TEXT)
    if (texts.length === 0) break
    const widest = texts.reduce((a, b) => (widths[b]! > widths[a]! ? b : a))
    widths[widest] = Math.max(NARROWEST_TEXT, widths[widest]! - (total(columns, widths) - width))
  }

  const draw = (lines: readonly (readonly string[])[]) => {
    const table = new Table({
      chars: NO_LINES,
      style: { head: [], border: [], 'padding-left': 0, 'padding-right': GAP },
      colWidths: columns.map((column) => widths[column]! + GAP),
      colAligns: columns.map((column) => align[column] ?? 'left'),
    })
    table.push(...lines.map((line) => columns.map((column) => wrapText(line[column]!, widths[column]!))))
    return table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
  }
  const titles = head.map((title) => title.split('\n'))
  const nTitleLines = Math.max(...columns.map((column) => titles[column]!.length))
  const titleRows = Array.from({ length: nTitleLines }, (_, line) =>
    titles.map((parts) => parts[line - nTitleLines + parts.length] ?? ''),
  )
  const rule = pc.dim('─'.repeat(Math.min(total(columns, widths), width)))
  const drawn = draw(titleRows).split('\n').map(pc.bold)
  return [...drawn, rule, ...(rows.length ? [draw(text.slice(1))] : [])].join('\n')
}
