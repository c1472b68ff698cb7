/** What one step of `npm test` found. Counts are of tests; a check without tests of its own counts as one. */
export interface StepReport {
  readonly step: string
  readonly passed: number
  readonly failed: number
  readonly seconds: number
  /** Tests that could not run: their full name and whether the lack of the real data sets is why. */
  readonly notRun: readonly NotRun[]
  /** What failed, for the summary. */
  readonly failures: readonly string[]
}

export interface NotRun {
  readonly name: string
  readonly reason: string
  /** The real data sets are not on this machine: named, never a failure. */
  readonly forWantOfData: boolean
}

/** The summary of all steps: what to print, what to exit with. */
export interface Summary {
  readonly lines: readonly string[]
  readonly exitCode: 0 | 1
}

/**
 * Adds up the steps. In CI a test that could not run is a failure, unless the real data sets alone were missing.
 * The last line is `N passed, N failed`, with `, N skipped` where something did not run.
 */
export function summarise(reports: readonly StepReport[], options: { readonly ci: boolean }): Summary {
  const notRun = reports.flatMap((report) => report.notRun)
  const refused = options.ci ? notRun.filter((item) => !item.forWantOfData) : []
  const passed = sum(reports.map((report) => report.passed))
  const failed = sum(reports.map((report) => report.failed)) + refused.length
  const skipped = notRun.length - refused.length
  const lines = ['', ...table(reports)]

  const failures = reports.flatMap((report) => report.failures.map((failure) => `  ${report.step}: ${failure}`))
  if (failures.length > 0) lines.push('', 'Failed:', ...failures)
  if (notRun.length > 0) {
    lines.push('', 'Could not run:')
    for (const [reason, items] of Map.groupBy(notRun, (item) => item.reason)) {
      lines.push(`  ${reason}`, ...items.map((item) => `    ${item.name}`))
    }
    if (refused.length > 0) lines.push(`In CI that is a failure (${refused.length}): nothing is skipped silently.`)
  }
  if (passed + failed === 0) lines.push('', 'Nothing was tested.')
  lines.push('', `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return { lines, exitCode: failed > 0 || passed === 0 ? 1 : 0 }
}

function table(reports: readonly StepReport[]): string[] {
  const head = ['step', 'passed', 'failed', 'not run', 'seconds']
  const rows = reports.map((report) => [
    report.step,
    String(report.passed),
    String(report.failed),
    String(report.notRun.length),
    report.seconds.toFixed(1),
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!))).join('  ')
  return [line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)]
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
