import { BellwetherError } from '../../errors.ts'
import type { AnsweringPipeline } from '../../evaluate/answering-pipeline.ts'
import { LEAF_FORMATS } from '../../learn/tree/leaf-format.ts'
import { manifestHash, readPackage } from '../../packaging/read-package.ts'
import { encodeState } from '../../packaging/state-codec.ts'
import { distill, type StudentChoice } from '../../pipeline/distill.ts'
import { provenance } from '../../pipeline/provenance.ts'
import { registerStudent } from '../../pipeline/register-student.ts'
import { boostedStudentParams } from '../../pipeline/student-params.ts'
import { selectRows, type Table } from '../../table/table.ts'
import { actor, parseReference, text, wholeNumber, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { headlineMetrics } from '../headline-metrics.ts'
import { figure, note, printJson, printLine } from '../output.ts'

/** Fits a small student on a version's answers, tells what that costs and saves, and registers it. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const { model, version, alias } = parseReference(reference!)
  return withHome(options, async (home) => {
    const found =
      version === undefined
        ? await home.models.byAlias(model, alias ?? 'champion')
        : await home.models.version(model, version)
    const loaded = await readPackage(home.blobs, found.files)
    const dataset = await home.datasets.dataset(found.datasetId)
    const choice = studentChoice(options, loaded.manifest.task)
    const distilled = await distill(loaded, dataset, choice, home.blobs)
    const { student, train, metrics, fidelity, leafLoss } = distilled
    const one = selectRows(train, Uint32Array.of(0))
    const measured = {
      student_bytes: encodeState(student.state()).length,
      teacher_bytes: encodeState(loaded.pipeline.state()).length,
      student_row_microseconds: rowMicroseconds(student, one),
      teacher_row_microseconds: rowMicroseconds(loaded.pipeline, one),
    }
    const name = text(options, 'as') ?? `${model}-distilled`
    const registered = await registerStudent(
      {
        name,
        aliases: [text(options, 'alias') ?? 'champion'],
        teacher: { loaded, model: found.model, version: found.version, manifest: manifestHash(found.files) },
        dataset,
        choice,
        distilled,
        measured,
      },
      { ...home, clock: Date.now, provenance: await provenance('.'), actor: actor() },
    )
    if (options['json']) {
      printJson({
        teacher: { name: model, version: found.version },
        model: { name, version: registered.version, aliases: registered.aliases },
        student: choice,
        fidelity,
        leafLoss,
        metrics,
        measured,
      })
      return 0
    }
    const shown = headlineMetrics(Object.keys(metrics.student))
    const rows = [
      ...shown.map((metric) => [metric, figure(metrics.student[metric]), figure(metrics.teacher[metric])]),
      ['bytes', String(measured.student_bytes), String(measured.teacher_bytes)],
      ['one row, µs', measured.student_row_microseconds.toFixed(1), measured.teacher_row_microseconds.toFixed(1)],
    ]
    printLine(formatTable(['', 'student', 'teacher'], rows, ['left', 'right', 'right']))
    printLine()
    const { agreement, divergence, meanAbsoluteDifference, r2 } = fidelity
    note(
      agreement === null
        ? `fidelity on ${distilled.rows.test} test rows: R2 ${figure(r2)}, mean difference ${figure(meanAbsoluteDifference)}`
        : `fidelity on ${distilled.rows.test} test rows: same label in ${(100 * agreement).toFixed(1)} %, divergence ${figure(divergence)}, mean difference ${figure(meanAbsoluteDifference)}`,
    )
    if (leafLoss !== null) note(`leaves in ${choice.leaves}: answers change by at most ${leafLoss.toExponential(1)}`)
    note(`${name} version ${registered.version} is ${registered.aliases.join(', ')} now`)
    return 0
  })
}

/** @throws USAGE */
function studentChoice(options: Record<string, unknown>, task: 'classification' | 'regression'): StudentChoice {
  const estimator = text(options, 'student') ?? (task === 'classification' ? 'logistic-regression' : 'ridge')
  const trees = wholeNumber(options, 'trees', 1, 10_000)
  const leafCount = wholeNumber(options, 'maxLeaves', 2, 4096)
  const leaves = text(options, 'leaves')
  const format = LEAF_FORMATS.find((each) => each === leaves) ?? null
  if (leaves !== undefined && format === null) {
    throw new BellwetherError('USAGE', `--leaves takes ${LEAF_FORMATS.join(', ')}; got "${leaves}".`)
  }
  const boosting = estimator === 'gradient-boosting'
  if ((trees !== undefined || leafCount !== undefined) && !boosting && estimator !== 'random-forest') {
    throw new BellwetherError('USAGE', `--trees and --max-leaves are for models of trees; a ${estimator} has none.`)
  }
  return {
    estimator,
    params: {
      ...(trees === undefined ? {} : boosting ? boostedStudentParams(trees) : { nEstimators: trees }),
      ...(leafCount === undefined ? {} : { maxLeaves: leafCount }),
    },
    leaves: format,
  }
}

/** Median time of one row, features and model. */
function rowMicroseconds(pipeline: AnsweringPipeline, one: Table): number {
  const times = Array.from({ length: 300 }, () => {
    const start = performance.now()
    pipeline.predict(one)
    return performance.now() - start
  }).slice(100)
  return 1000 * times.sort((a, b) => a - b)[100]!
}
