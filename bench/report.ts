import type { Answer } from './run-peers.ts'
import type { Bar, Work } from './works.ts'

/** How each figure is headed and printed. */
const FIGURES: Readonly<Record<string, { head: string; digits: number }>> = {
  rows: { head: 'rows', digits: 0 },
  fitSeconds: { head: 'fit, s', digits: 2 },
  predictSeconds: { head: 'answers, s', digits: 3 },
  rowMicroseconds: { head: 'one row, us', digits: 2 },
  heapBytesPerRow: { head: 'heap bytes a row', digits: 0 },
  auc: { head: 'AUC', digits: 4 },
  seconds: { head: 's', digits: 1 },
  peakMib: { head: 'peak MiB', digits: 0 },
}

/** The answers of one kind of work as a Markdown table, and a line for each bar. */
export function report({ title, bars }: Pick<Work, 'title' | 'bars'>, answers: readonly Answer[]): string {
  const figures = Object.keys(FIGURES).filter((figure) => answers.some((answer) => typeof answer[figure] === 'number'))
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const rows = answers.map((answer) =>
    line([
      answer.peer,
      ...figures.map((figure) => {
        const value = answer[figure]
        return typeof value === 'number' ? value.toFixed(FIGURES[figure]!.digits) : ''
      }),
    ]),
  )
  const head = line(['', ...figures.map((figure) => FIGURES[figure]!.head)])
  const verdicts = bars.flatMap((bar) => verdict(bar, answers) ?? [])
  return [`## ${title}`, '', head, line(['---', ...figures.map(() => '---:')]), ...rows, '', ...verdicts, ''].join('\n')
}

/** null where the run has no figure for the bar. */
function verdict(bar: Bar, answers: readonly Answer[]): string | null {
  const ofSize = answers.filter(({ rows }) => bar.rows === null || rows === bar.rows)
  const own = ofSize.find(({ peer }) => peer.startsWith('bellwether'))?.[bar.figure]
  const other = bar.peer === null ? 1 : ofSize.find(({ peer }) => peer.startsWith(bar.peer!))?.[bar.figure]
  if (typeof own !== 'number' || typeof other !== 'number') return null
  const ratio = own / other
  const reached = ratio <= bar.aim ? 'aim reached' : ratio <= bar.must ? 'reached, not the aim' : 'MISSED'
  const of = bar.peer === null ? '' : ` of ${bar.peer}'s`
  return `- ${bar.name}: ${ratio.toFixed(2)}${of}; must be at most ${bar.must}, aims at ${bar.aim}: **${reached}**`
}
