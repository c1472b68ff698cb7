import { NO_DATASETS } from '../../test/support/test-notes.ts'
import type { NotRun, StepReport } from './report.ts'

/** The parts of Vitest's JSON report that are read here. */
interface VitestJson {
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message?: string
    readonly assertionResults: readonly {
      readonly fullName: string
      readonly status: string
      readonly ancestorTitles: readonly string[]
    }[]
  }[]
}

/** A note that a suite left behind: `name: reason`. */
export interface Note {
  readonly name: string
  readonly reason: string
}

/** Reads a note's one line; the reason is what follows the last `: ` before a known reason, or the first. */
export function parseNote(text: string): Note {
  const line = text.trim()
  const cut = line.endsWith(`: ${NO_DATASETS}`) ? line.length - NO_DATASETS.length - 2 : line.indexOf(': ')
  return cut < 0 ? { name: line, reason: 'could not run' } : { name: line.slice(0, cut), reason: line.slice(cut + 2) }
}

/**
 * Counts a Vitest run. Every test that neither passed nor failed is one that could not run, and its reason is the note that
 * its suite left, or the one that was left for the whole step, under the step's name. A note whose suite has no test in the report is counted once for itself. A run that ended badly without
 * naming a failure (a crash, an unhandled rejection, no tests found) is one failure.
 * @param json The JSON reporter's file, or null when there is none.
 */
export function readVitestReport(
  step: string,
  json: string | null,
  notes: readonly Note[],
  run: { readonly exitCode: number; readonly seconds: number; readonly root: string },
): StepReport {
  const report = json === null ? { testResults: [] } : (JSON.parse(json) as VitestJson)
  const failures: string[] = []
  const notRun: NotRun[] = []
  const usedNotes = new Set<Note>()
  let passed = 0
  for (const file of report.testResults) {
    const fileName = file.name.startsWith(run.root) ? file.name.slice(run.root.length + 1) : file.name
    let failedHere = 0
    for (const test of file.assertionResults) {
      if (test.status === 'passed') passed += 1
      else if (test.status === 'failed') {
        failedHere += 1
        failures.push(`${fileName} > ${test.fullName}`)
      } else {
        const note =
          notes.find((candidate) => test.ancestorTitles.includes(candidate.name)) ??
          notes.find((candidate) => candidate.name === step)
        if (note) usedNotes.add(note)
        const reason = note?.reason ?? 'skipped in its file'
        notRun.push({ name: `${fileName} > ${test.fullName}`, reason, forWantOfData: reason === NO_DATASETS })
      }
    }
    if (file.status === 'failed' && failedHere === 0)
      failures.push(`${fileName} (${firstLine(file.message) || 'did not load'})`)
  }
  for (const note of notes) {
    if (!usedNotes.has(note)) notRun.push({ ...note, forWantOfData: note.reason === NO_DATASETS })
  }
  if (run.exitCode !== 0 && failures.length === 0) {
    failures.push(`ended with status ${run.exitCode} though no test failed; see its output above`)
  }
  return { step, passed, failed: failures.length, seconds: run.seconds, notRun, failures }
}

function firstLine(text: string | undefined): string {
  return (text ?? '').trim().split('\n', 1)[0]!
}
