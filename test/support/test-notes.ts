import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Why a suite over the real data did not run. The one reason that fails no run, in CI either. */
export const NO_DATASETS = 'needs the real data sets (set BELLWETHER_DATASETS)'

/** Leaves word, for the summary at the end of `npm test`, that a suite could not run. Without the runner it does nothing. */
export function noteNotRun(name: string, reason: string): void {
  const notes = process.env.BELLWETHER_TEST_NOTES
  if (!notes) return
  mkdirSync(notes, { recursive: true })
  writeFileSync(path.join(notes, `${name.replaceAll(/[^\w.-]+/g, '-')}.skip`), `${name}: ${reason}\n`)
}
