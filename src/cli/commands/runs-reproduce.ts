import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import pc from 'picocolors'
import { withTemporaryFolder } from '../../data/duckdb.ts'
import { PROJECT_FILE } from '../../pipeline/load-project.ts'
import { provenance } from '../../pipeline/provenance.ts'
import { type Reproduction, reproduceRun } from '../../pipeline/reproduce-run.ts'
import { openHome } from '../../store/open-home.ts'
import { interruptSignal, openProject, text, wholeNumber, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { printJson, printLine } from '../output.ts'
import { runProgress } from '../run-progress.ts'
import { wrapText } from '../wrap-text.ts'

/** Makes a run again in a scratch home and compares the packages. */
export async function action(options: Record<string, unknown>, [id]: string[]): Promise<number> {
  const threads = wholeNumber(options, 'threads', 1, 256) ?? os.availableParallelism()
  const reference = text(options, 'project')
  const project = reference === undefined ? null : await openProject(reference, options)
  const { signal, release } = interruptSignal()
  const progress = runProgress()
  signal.addEventListener('abort', progress.stop, { once: true })
  try {
    const result = await withHome(options, (home) =>
      withTemporaryFolder(async (folder) => {
        const scratch = await openHome(path.join(folder, 'home'))
        try {
          const now = await provenance(project?.folder ?? path.dirname(home.folder))
          return await reproduceRun(id!, {
            ...home,
            scratch,
            clock: Date.now,
            // Only of a folder that has the project: any other one's commit tells nothing of it.
            provenance: project || hasProject(path.dirname(home.folder)) ? now : { ...now, git: null },
            threads,
            signal,
            onEvent: progress.onEvent,
            ...(project ? { project } : {}),
          })
        } finally {
          await scratch.close()
        }
      }),
    )
    if (options['json']) printJson(result)
    else printReproduction(result)
    return result.verdict === 'identical' ? 0 : 1
  } finally {
    progress.stop()
    release()
  }
}

const hasProject = (folder: string) => existsSync(path.join(folder, PROJECT_FILE))

const VERDICTS = {
  identical: (run: string) => pc.green(`${run} is reproduced: every byte of its package is the same`),
  'same-model': (run: string) =>
    pc.yellow(`${run} gives the same model; the manifest names another program than the one that made it first`),
  different: (run: string) => pc.red(`${run} is not reproduced: its package differs`),
} as const

const LINE = 100
/** Of a value in a table of two columns of them. */
const LONGEST_VALUE = 48

/** A value for people; `--json` has more of it. */
function shortened(value: string | null): string {
  if (value === null) return 'not there'
  return value.length > LONGEST_VALUE ? `${value.slice(0, LONGEST_VALUE - 1)}…` : value
}

function printReproduction(reproduction: Reproduction): void {
  const { runId, model, teacher, verdict, files, differences, reasons, seconds } = reproduction
  printLine()
  if (teacher) printLine(`distilled again from ${teacher.name} version ${teacher.version}\n`)
  printLine(
    formatTable(
      ['file', '', 'kept', 'made again'],
      files.map(({ path: name, same, expected, rebuilt }) => [
        name,
        same ? pc.green('same') : pc.red('differs'),
        expected ? `${expected.hash.slice(7, 19)}  ${expected.sizeBytes} bytes` : 'not there',
        rebuilt ? `${rebuilt.hash.slice(7, 19)}  ${rebuilt.sizeBytes} bytes` : 'not there',
      ]),
    ),
  )
  if (differences.length > 0) {
    printLine()
    printLine(
      formatTable(
        ['in the manifest', 'kept', 'made again'],
        differences.slice(0, 40).map(({ path: name, was, now }) => [name, shortened(was), shortened(now)]),
      ),
    )
    if (differences.length > 40) printLine(`… and ${differences.length - 40} more; --json has all`)
  }
  printLine()
  for (const reason of reasons) printLine(`${pc.bold('why')}  ${wrapText(reason, LINE).replaceAll('\n', '\n     ')}`)
  printLine(VERDICTS[verdict](`run ${runId.slice(0, 8)} (${model.name} version ${model.version})`))
  printLine(pc.dim(`${seconds.toFixed(1)} s`))
}
