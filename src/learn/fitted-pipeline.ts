import { BellwetherError } from '../errors.ts'
import type { FeatureOptions } from '../features/feature-options.ts'
import type { FeatureWarning } from '../features/feature-warning.ts'
import { fitFeatures } from '../features/fit-features.ts'
import type { FittedFeatures } from '../features/fitted-features.ts'
import { resampleRows, weighRows } from '../features/resample.ts'
import { restoreFeatures } from '../features/restore-features.ts'
import { deriveSeed } from '../table/random.ts'
import type { TableSchema } from '../table/schema.ts'
import { type AnyMatrix, selectAnyRows } from '../table/sparse-matrix.ts'
import type { State } from '../table/state.ts'
import { selectRows, type Table } from '../table/table.ts'
import { type SupervisedTask, selectTarget, type Target } from '../table/target.ts'
import { throwIfCancelled } from './check-fit-input.ts'
import type { Encoding, FittedModel, MatrixExplanation } from './estimator.ts'
import { estimator } from './estimators.ts'
import type { FitThreads } from './kernels/kernel-team.ts'
import { readState } from './read-state.ts'
import { RowTerms, type TermContribution } from './row-terms.ts'

const PIPELINE = 'pipeline'

/** What is predicted: the task, and the classes in the order of probabilities (none for regression). */
export interface PipelineTarget {
  readonly task: SupervisedTask
  readonly classes: readonly string[]
}

export interface PipelineContribution {
  readonly feature: string
  readonly contribution: number
  /** Of a text column, the terms of this text that move the score most, at most 10, largest first. */
  readonly terms?: readonly TermContribution[]
}

/** Why one answer is what it is: `base + sum of contributions = score`, within 1e-9. */
export interface PipelineExplanation {
  /** The space in which contributions add up. */
  readonly space: MatrixExplanation['space']
  /** The score without knowing the row. */
  readonly base: number
  readonly score: number
  /** One for each input or derived column that features are made of, in the features' order. */
  readonly contributions: readonly PipelineContribution[]
}

/** Features and a model fitted on them: from a table straight to answers. */
export interface FittedPipeline {
  readonly features: FittedFeatures
  readonly model: FittedModel
  readonly target: PipelineTarget
  /** Probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows). A row's answer never depends on other rows. */
  predict(table: Table): Float64Array
  /** Contributions of columns to the score of class `output` (regression: 0) for one row of the table. */
  explain(table: Table, row: number, output: number): PipelineExplanation
  state(): State
}

/** Column of numbers -> 1 where the answer may only rise with it, -1 where it may only fall; for kinds of model that can. */
export type Directions = Readonly<Record<string, 1 | -1>>

export interface PrepareFeaturesInput {
  /** The training rows and no others. */
  readonly table: Table
  readonly schema: TableSchema
  /** Columns that may become features. */
  readonly inputs: readonly string[]
  /** Of the same rows. */
  readonly target: Target
  readonly featureOptions: FeatureOptions
  readonly encoding: Encoding
  readonly seed: number
  readonly monotone?: Directions
}

/** Features fitted on training rows and the matrix that models of one encoding learn from; made once for many fits. */
export interface PreparedFeatures {
  readonly features: FittedFeatures
  readonly encoding: Encoding
  /** Training rows, after resampling where classes are balanced by it. */
  readonly matrix: AnyMatrix
  /** Target of the matrix's rows. */
  readonly target: Target
  /** Weight of the matrix's rows where classes are balanced by it. */
  readonly sampleWeight?: Float64Array
  /** By matrix column; those whose column was left out, for it is constant here, are not in it. */
  readonly monotone?: Directions
  readonly warnings: readonly FeatureWarning[]
}

/**
 * Fits features on training rows, and balances their classes as the options say. Rows are resampled after the features
 * were fitted, so that medians and encodings are those of the rows as they came.
 * @throws as `fitFeatures`, `weighRows` and `resampleRows`; FEATURES_INVALID for a direction of what is no column of numbers
 */
export function prepareFeatures(input: PrepareFeaturesInput): PreparedFeatures {
  const { table, schema, inputs, target, featureOptions, encoding, seed } = input
  const { fitted, matrix, warnings } = fitFeatures({
    table,
    schema,
    inputs,
    target,
    options: featureOptions,
    encoding,
    seed,
  })
  const { balance } = featureOptions
  const monotone = input.monotone ? { monotone: directionsIn(fitted, schema, input.monotone) } : {}
  if (balance === 'none') return { features: fitted, encoding, matrix, target, ...monotone, warnings }
  if (balance === 'weights') {
    return { features: fitted, encoding, matrix, target, sampleWeight: weighRows(target), ...monotone, warnings }
  }
  const rows = resampleRows(target, balance, deriveSeed(seed, 'balance'))
  return {
    features: fitted,
    encoding,
    matrix: selectAnyRows(matrix, rows),
    target: selectTarget(target, rows),
    ...monotone,
    warnings,
  }
}

/** Directions by matrix column: that of the column's values. What tells where they are missing has none. */
function directionsIn(features: FittedFeatures, schema: TableSchema, wanted: Directions): Directions {
  for (const name of Object.keys(wanted)) {
    const column = schema.columns.find((each) => each.name === name)
    if (column?.kind === 'number') continue
    const is = column ? `"${name}" is a ${column.kind}, which has no order` : `there is no column "${name}"`
    throw new BellwetherError('FEATURES_INVALID', `monotone: answers can rise or fall with numbers; ${is}.`, {
      details: [{ path: `monotone.${name}`, message: is }],
    })
  }
  return Object.fromEntries(
    Object.entries(wanted).filter(([name]) =>
      features.names.some((own, i) => own === name && features.sources[i] === name),
    ),
  )
}

/**
 * Fits one model on prepared features.
 * @param options The estimator's options; those left out have their defaults.
 * @param threads Threads that help where the estimator can use them and the table is large; the same model with and without.
 * @throws ESTIMATOR_UNKNOWN, ESTIMATOR_TASK_MISMATCH, ESTIMATOR_OPTIONS_INVALID, CANCELLED, and what the estimator's fit does;
 *   INTERNAL when the features are prepared for another encoding
 */
export function fitModelOn(
  prepared: PreparedFeatures,
  estimatorName: string,
  options: Readonly<Record<string, unknown>>,
  seed: number,
  signal?: AbortSignal,
  threads?: FitThreads,
): FittedPipeline {
  const definition = estimator(estimatorName)
  const { matrix, target, sampleWeight, encoding } = prepared
  if (!definition.tasks.includes(target.task)) {
    throw new BellwetherError(
      'ESTIMATOR_TASK_MISMATCH',
      `The model "${estimatorName}" does ${definition.tasks.join(' and ')}; the task is ${target.task}.`,
    )
  }
  if (definition.encoding !== encoding) {
    throw new BellwetherError(
      'INTERNAL',
      `The model "${estimatorName}" wants features for ${definition.encoding} models; these are for ${encoding} ones.`,
    )
  }
  const directed =
    definition.monotone && prepared.monotone
      ? { ...options, monotone: { ...prepared.monotone, ...(options['monotone'] as Directions | undefined) } }
      : options
  const parsed = definition.options.safeParse(directed)
  if (!parsed.success) {
    const details = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.') || estimatorName, message }))
    const message = details.map((detail) => `${detail.path}: ${detail.message}`).join('; ')
    throw new BellwetherError('ESTIMATOR_OPTIONS_INVALID', `Options of "${estimatorName}": ${message}`, { details })
  }
  throwIfCancelled(signal)
  const model = definition.fit(
    {
      x: matrix,
      target,
      seed,
      ...(sampleWeight ? { sampleWeight } : {}),
      ...(signal ? { signal } : {}),
      ...(threads ? { threads } : {}),
    },
    parsed.data,
  )
  const classes = target.task === 'classification' ? target.classes : []
  return fittedPipeline(prepared.features, model, { task: target.task, classes })
}

export interface FitPipelineInput extends Omit<PrepareFeaturesInput, 'encoding'> {
  readonly estimatorName: string
  readonly estimatorOptions: Readonly<Record<string, unknown>>
  readonly signal?: AbortSignal
}

/** Fits features and a model in one go. Throws as `prepareFeatures` and `fitModelOn` do. */
export function fitPipeline(input: FitPipelineInput): FittedPipeline & Pick<PreparedFeatures, 'warnings'> {
  const { estimatorName, estimatorOptions, seed, signal } = input
  throwIfCancelled(signal)
  const prepared = prepareFeatures({ ...input, encoding: estimator(estimatorName).encoding })
  return { ...fitModelOn(prepared, estimatorName, estimatorOptions, seed, signal), warnings: prepared.warnings }
}

/**
 * A fitted pipeline from its state; it answers with the same bits as the one that gave it. The state may come from a file
 * of unknown origin: it is checked, and nothing in it is run as code.
 * @param known The features of the state, where they are restored already: models of one blend share them.
 * @throws MODEL_STATE_INVALID, FEATURES_STATE_INVALID, EXPRESSION_INVALID
 */
export function restorePipeline(state: State, known?: FittedFeatures): FittedPipeline {
  const reader = readState(state, PIPELINE)
  const target = readState(reader.raw('target'), `${PIPELINE}.target`)
  const task = target.text('task')
  if (task !== 'classification' && task !== 'regression') return target.fail('task', '"classification" or "regression"')
  const classes = target.texts('classes')
  const name = reader.text('estimator')
  const definition = knownEstimator(name)
  const model = definition.restore(reader.raw('model'))
  if (model.task !== task || model.nClasses !== classes.length) {
    reader.fail('target', `of the model, which does ${model.task} with ${model.nClasses} classes`)
  }
  const features = known ?? restoreFeatures(reader.raw('features'))
  if (model.importances().length !== features.names.length) {
    reader.fail(
      'features',
      `of the model, which has ${model.importances().length} columns, not ${features.names.length}`,
    )
  }
  return fittedPipeline(features, model, { task, classes })
}

function knownEstimator(name: string) {
  try {
    return estimator(name)
  } catch (cause) {
    const message = `The state is of a model "${name.slice(0, 80)}", which this version of Bellwether does not know.`
    throw new BellwetherError('MODEL_STATE_INVALID', message, { cause })
  }
}

function fittedPipeline(features: FittedFeatures, model: FittedModel, target: PipelineTarget): FittedPipeline {
  return {
    features,
    model,
    target,
    predict: (table) => model.predict(features.transform(table)),
    explain(table, row, output) {
      if (!Number.isInteger(row) || row < 0 || row >= table.nRows) {
        throw new BellwetherError('INTERNAL', `There is no row ${row}; the table has ${table.nRows}.`)
      }
      const one = table.nRows === 1 ? table : selectRows(table, Uint32Array.of(row))
      const matrix = features.transform(one)
      const { space, base, score, contributions } = model.explain(matrix, 0, output)
      return { space, base, score, contributions: bySource(features, contributions, one, matrix) }
    },
    state: () => ({
      estimator: model.estimator,
      target: { task: target.task, classes: target.classes },
      features: features.state(),
      model: model.state(),
    }),
  }
}

/** Sums matrix columns by the column that they were made of, in order of first appearance. */
function bySource(
  features: FittedFeatures,
  contributions: Float64Array,
  one: Table,
  row: AnyMatrix,
): PipelineExplanation['contributions'] {
  const sums = new Map<string, number>()
  for (const [i, source] of features.sources.entries()) {
    sums.set(source, (sums.get(source) ?? 0) + contributions[i]!)
  }
  const terms = new RowTerms()
  terms.add(features, one, row, contributions)
  return Array.from(sums, ([feature, contribution]) => ({ feature, contribution, ...terms.strongest(feature) }))
}
