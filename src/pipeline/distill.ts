import { BellwetherError } from '../errors.ts'
import { type AnsweringPipeline, answeringPipeline } from '../evaluate/answering-pipeline.ts'
import { scoreAll } from '../evaluate/metrics/score-all.ts'
import { trainTestSplit } from '../evaluate/splits/train-test-split.ts'
import { makeTarget } from '../evaluate/target.ts'
import { estimator } from '../learn/estimators.ts'
import { type FittedPipeline, fitModelOn, prepareFeatures, restorePipeline } from '../learn/fitted-pipeline.ts'
import { readState } from '../learn/read-state.ts'
import { ensembleState, restoreEnsemble } from '../learn/tree/ensemble.ts'
import { type LeafFormat, roundLeaves } from '../learn/tree/leaf-format.ts'
import type { LoadedModel } from '../packaging/read-package.ts'
import type { TableSchema } from '../table/schema.ts'
import { selectAnyRows } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import { columnOf, selectRows, type Table } from '../table/table.ts'
import { selectTarget, type Target, targetLength } from '../table/target.ts'
import type { BlobStore } from '../track/blob-store.ts'
import type { DatasetVersion } from '../track/dataset-store.ts'
import { type Fidelity, fidelity } from './fidelity.ts'
import { directionsOf } from './monotone.ts'
import { ProjectOptions } from './project.ts'
import { resolveRoles } from './roles.ts'
import { storedDataset } from './stored-dataset.ts'

export interface StudentChoice {
  readonly estimator: string
  readonly params: Readonly<Record<string, unknown>>
  /** How the leaves of a tree model are kept; null as they are. */
  readonly leaves: LeafFormat | null
}

export interface Distilled {
  readonly student: AnsweringPipeline
  readonly train: Table
  /** Of the data, as the teacher's project declares it. */
  readonly schema: TableSchema
  readonly rows: { readonly train: number; readonly test: number }
  /** Of the student to its teacher, on test rows. */
  readonly fidelity: Fidelity
  /** What keeping leaves in fewer bits costs: the largest change of an answer on test rows; null where they are as they were. */
  readonly leafLoss: number | null
  readonly metrics: { readonly student: Metrics; readonly teacher: Metrics }
}

type Metrics = Readonly<Record<string, number>>

/** A class that the teacher gives less than this teaches nothing. */
const LEAST_WEIGHT = 1e-4

/**
 * Fits a student on a teacher's answers to the rows that the teacher learnt from. Classes: each row once for each class that the teacher
 * thinks possible, weighing as much as its probability, which makes the student's log loss the cross-entropy to the teacher. Numbers: the
 * teacher's values in the place of the truth. Both are then judged on the test rows of the teacher's run, by the truth.
 * @throws DISTILL_IMPOSSIBLE; DATASET_ERASED and others where the teacher's rows are gone; CANCELLED; and as fitting does
 * @see Hinton, Vinyals and Dean (2015), https://arxiv.org/abs/1503.02531
 */
export async function distill(
  teacher: LoadedModel & { readonly pipeline: AnsweringPipeline },
  dataset: DatasetVersion,
  choice: StudentChoice,
  blobs: Pick<BlobStore, 'withFile'>,
  signal?: AbortSignal,
): Promise<Distilled> {
  const { train, test, options, inputs, schema } = await teachersRows(teacher, dataset, blobs, signal)
  const definition = estimator(choice.estimator)
  const seed = teacher.manifest.seed
  const prepared = prepareFeatures({
    table: train.table,
    schema,
    inputs,
    target: train.target,
    featureOptions: { ...options.features, balance: 'none' },
    encoding: definition.encoding,
    seed,
    monotone: directionsOf(options.data, schema),
  })
  const lesson = lessonOf(train.target, teacher.pipeline.predict(train.table))
  const fitted = fitModelOn(
    {
      features: prepared.features,
      encoding: prepared.encoding,
      warnings: prepared.warnings,
      matrix: selectAnyRows(prepared.matrix, lesson.rows),
      target: lesson.target,
      ...(lesson.weights ? { sampleWeight: lesson.weights } : {}),
      ...(prepared.monotone ? { monotone: prepared.monotone } : {}),
    },
    choice.estimator,
    choice.params,
    seed,
    signal,
  )
  const small = choice.leaves ? withLeaves(fitted, choice.leaves) : fitted
  const student = answeringPipeline({ members: [small] })
  const theirs = teacher.pipeline.predict(test.table)
  const ours = student.predict(test.table)
  return {
    student,
    train: train.table,
    schema,
    rows: { train: train.table.nRows, test: test.table.nRows },
    fidelity: fidelity(theirs, ours, student.target.classes.length),
    leafLoss: choice.leaves ? largestChange(fitted.predict(test.table), ours) : null,
    metrics: { student: scoreAll(test.target, ours), teacher: scoreAll(test.target, theirs) },
  }
}

/** The rows of the teacher's run, split as they were. */
async function teachersRows(
  { manifest, signature }: LoadedModel,
  dataset: DatasetVersion,
  blobs: Pick<BlobStore, 'withFile'>,
  signal: AbortSignal | undefined,
) {
  // How the teacher was searched for plays no part, and what a manifest keeps of it need not be whole.
  const { search: _search, ...kept } = manifest.project
  const parsed = ProjectOptions.safeParse(kept)
  const named = parsed.data?.data.target ?? null
  if (!parsed.success || named === null || dataset.nRows === 0) {
    throw new BellwetherError(
      'DISTILL_IMPOSSIBLE',
      `Version of "${manifest.name}" was imported: it has no training rows here.`,
    )
  }
  const options = parsed.data
  const { table, schema } = await storedDataset(dataset, options, blobs, signal)
  const roles = resolveRoles(schema, { ...options.data, target: named })
  const target = makeTarget(
    roles.expression ? roles.expression.evaluate(table) : columnOf(table, roles.target),
    roles.target,
    manifest.task,
  )
  const split = trainTestSplit(targetLength(target), {
    testSize: options.split.test,
    seed: options.split.seed,
    ...(options.split.stratify && target.task === 'classification' ? { stratify: target } : {}),
  })
  const part = (rows: Uint32Array) => ({ table: selectRows(table, rows), target: selectTarget(target, rows) })
  const [train, test] = [part(split.train), part(split.test)]
  const sameClasses = target.task === 'regression' || target.classes.join('\n') === signature.target.classes.join('\n')
  if (!sameClasses || train.table.nRows !== manifest.rows.train || test.table.nRows !== manifest.rows.test) {
    throw new BellwetherError('DISTILL_IMPOSSIBLE', `The rows of "${manifest.name}" can't be split again as they were.`)
  }
  return { train, test, options, inputs: roles.inputs, schema }
}

/** What the student learns: rows (some several times), their target, their weights. */
function lessonOf(
  target: Target,
  answers: Float64Array,
): { rows: Uint32Array; target: Target; weights?: Float64Array } {
  if (target.task === 'regression') {
    return { rows: Uint32Array.from(answers.keys()), target: { task: 'regression', values: answers } }
  }
  const { classes } = target
  const rows: number[] = []
  const codes: number[] = []
  const weights: number[] = []
  for (let i = 0; i < answers.length; i++) {
    if (!(answers[i]! > LEAST_WEIGHT)) continue
    rows.push(Math.floor(i / classes.length))
    codes.push(i % classes.length)
    weights.push(answers[i]!)
  }
  return {
    rows: Uint32Array.from(rows),
    target: { task: 'classification', classes, codes: Int32Array.from(codes) },
    weights: Float64Array.from(weights),
  }
}

/** The same trees with leaves in fewer bits. @throws DISTILL_IMPOSSIBLE for models without leaves */
function withLeaves(pipeline: FittedPipeline, leafFormat: LeafFormat): FittedPipeline {
  const state = pipeline.state() as { readonly [key: string]: State }
  const model = state['model'] as { readonly [key: string]: State }
  if (!model['trees']) {
    throw new BellwetherError('DISTILL_IMPOSSIBLE', `A model of the kind "${pipeline.model.estimator}" has no leaves.`)
  }
  const trees = restoreEnsemble(readState(model['trees'], pipeline.model.estimator))
  const small = ensembleState({ ...trees, values: roundLeaves(trees.values, leafFormat), leafFormat })
  return restorePipeline({ ...state, model: { ...model, trees: small } })
}

function largestChange(before: Float64Array, after: Float64Array): number {
  return before.reduce((most, value, i) => Math.max(most, Math.abs(value - after[i]!)), 0)
}
