import { BellwetherError } from '../errors.ts'
import type { FittedFeatures } from '../features/fitted-features.ts'
import { restoreFeatures } from '../features/restore-features.ts'
import { type FittedPipeline, type PipelineTarget, restorePipeline } from '../learn/fitted-pipeline.ts'
import { readState } from '../learn/read-state.ts'
import type { State } from '../table/state.ts'
import type { Table } from '../table/table.ts'
import { backgroundState, restoreBackground } from './background.ts'
import type { FittedCalibrator } from './calibration/calibrator.ts'
import { restoreCalibrator } from './calibration/calibrators.ts'
import {
  type IntervalModels,
  intervalModelsState,
  intervalsBy,
  restoreIntervalModels,
} from './conformal/interval-models.ts'
import { blendPredictions } from './ensemble/blend.ts'
import { type AnswerExplanation, answerExplainer } from './explain-answer.ts'

/** What `model.json` of a package holds, from version 2 of its format on. */
const ANSWERING = 'answering pipeline'

/** How far weights of classes may be from summing to 1. */
const ROUNDING = 1e-9

/**
 * Everything between a table and an answer: one or several fitted pipelines (features and model), blended, then calibrated.
 *
 *   p(row) = calibrator( Σ weights[m] · members[m].predict(row) )
 *
 * One member of weight 1 without a calibrator answers as that member does, to the last bit.
 */
export interface AnsweringPipeline {
  readonly target: PipelineTarget
  /** At least one; all predict the same target. Members that were fitted on the same features share one `features` object. */
  readonly members: readonly FittedPipeline[]
  /** Share of each member, above 0, shape (nMembers); of classes they sum to 1. */
  readonly weights: Float64Array
  /** Of the blend's probabilities; null where they are left as they are, and for regression. */
  readonly calibrator: FittedCalibrator | null
  /**
   * The label of a row is the class of the largest weight · probability, the first of equals. null: all weigh the same. Weights other
   * than that are learnt where a project asks for a metric of labels (such as `f1_macro`), which the most probable class does not
   * serve best; probabilities stay true to how often things happen. Shape (nClasses), above 0.
   */
  readonly decision: Float64Array | null
  /** Made-up rows that explanations of blends compare with (`makeBackground`); null where one model's own explanation will do. */
  readonly background: Table | null
  /** Models that intervals are taken from; null where the interval is the value plus and minus one half width, and for classes. */
  readonly bounds: IntervalModels | null
  /** Input columns that any member or bounding model reads, in the order of the first that does. */
  readonly inputs: readonly string[]
  /** Probabilities, shape (nRows * nClasses) row-major, or values, shape (nRows). A row's answer never depends on other rows. */
  predict(table: Table): Float64Array
  /** As `predict`, before the calibrator. */
  blend(table: Table): Float64Array
  /** The interval of each row by `bounds`, null where there were too few rows for any promise; null without `bounds`. */
  intervals(table: Table): readonly (readonly [number, number] | null)[] | null
  /** The label of each row that `predict` gave probabilities for, as codes of `target.classes`, shape (nRows). */
  labels(probabilities: Float64Array): Int32Array
  /** Contributions of columns to the score of class `output` (regression: 0) for one row of the table; see `answerExplainer`. */
  explain(table: Table, row: number, output: number): AnswerExplanation
  /** The table with the derived columns of all members beside its own: what explanations show values of. */
  withDerived(table: Table): Table
  state(): State
}

export interface AnsweringParts {
  readonly members: readonly FittedPipeline[]
  /** All of the one member when left out. */
  readonly weights?: Float64Array
  readonly calibrator?: FittedCalibrator | null
  readonly decision?: Float64Array | null
  /** Needed where `needsBackground` says so. */
  readonly background?: Table | null
  readonly bounds?: IntervalModels | null
}

/** @throws INTERNAL when the parts don't fit each other. */
export function answeringPipeline({
  members,
  weights = new Float64Array(members.length).fill(1 / members.length),
  calibrator = null,
  decision = null,
  background = null,
  bounds = null,
}: AnsweringParts): AnsweringPipeline {
  const fault = faultOf(members, weights, calibrator, decision, bounds)
  if (fault) throw new BellwetherError('INTERNAL', `The parts of a pipeline do not fit: ${fault}.`)
  const { target } = members[0]!
  const inputs = [
    ...new Set([...members.map(({ features }) => features), ...(bounds?.models ?? [])].flatMap((each) => each.inputs)),
  ]
  const alone = members.length === 1 && weights[0] === 1

  const blend = (table: Table): Float64Array => {
    if (alone) return members[0]!.predict(table)
    const matrices = new Map<FittedFeatures, ReturnType<FittedFeatures['transform']>>()
    const predictions = members.map(({ features, model }) => {
      let matrix = matrices.get(features)
      if (!matrix) {
        matrix = features.transform(table)
        matrices.set(features, matrix)
      }
      return model.predict(matrix)
    })
    return blendPredictions(predictions, weights)
  }
  return {
    target,
    members,
    weights,
    calibrator,
    decision,
    background,
    bounds,
    inputs,
    blend,
    intervals: (table) => bounds && intervalsBy(bounds, table),
    explain: answerExplainer({ members, weights, calibrator, background }),
    withDerived(table) {
      const columns = new Map(table.columns)
      for (const each of new Set(members.map((member) => member.features))) {
        for (const [name, column] of each.withDerived(table).columns) columns.set(name, column)
      }
      return { nRows: table.nRows, columns }
    },
    predict: (table) => (calibrator ? calibrator.apply(blend(table)) : blend(table)),
    labels: (probabilities) => decideLabels(probabilities, target.classes.length, decision),
    state() {
      const features = [...new Set(members.map((member) => member.features))]
      return {
        kind: ANSWERING,
        target: { task: target.task, classes: target.classes },
        features: features.map((each) => each.state()),
        members: members.map((member) => ({
          estimator: member.model.estimator,
          features: features.indexOf(member.features),
          model: member.model.state(),
        })),
        weights,
        calibrator: calibrator?.state() ?? null,
        decision,
        background: background && backgroundState(background),
        ...(bounds ? { bounds: intervalModelsState(bounds) } : {}),
      }
    },
  }
}

/**
 * The class of the largest weight · probability of each row, the first of equals.
 * @param probabilities shape (nRows * nClasses) row-major
 * @param decision Weight of each class, shape (nClasses); null: all the same.
 */
export function decideLabels(
  probabilities: Float64Array,
  nClasses: number,
  decision: Float64Array | null = null,
): Int32Array {
  const labels = new Int32Array(nClasses === 0 ? 0 : probabilities.length / nClasses)
  for (let row = 0; row < labels.length; row++) {
    let best = 0
    let most = Number.NEGATIVE_INFINITY
    for (let c = 0; c < nClasses; c++) {
      const own = probabilities[row * nClasses + c]! * (decision === null ? 1 : decision[c]!)
      if (!(own > most)) continue
      best = c
      most = own
    }
    labels[row] = best
  }
  return labels
}

/**
 * An answering pipeline from its state, or from the state of one fitted pipeline (what packages of format 1 hold); it answers with
 * the same bits as the one that gave it. The state may come from a file of unknown origin: it is checked, nothing in it is run.
 * @throws MODEL_STATE_INVALID, FEATURES_STATE_INVALID, EXPRESSION_INVALID
 */
export function restoreAnswering(state: State): AnsweringPipeline {
  const reader = readState(state, ANSWERING)
  if (!isAnswering(state)) return answeringPipeline({ members: [restorePipeline(state)], weights: Float64Array.of(1) })
  const target = reader.raw('target')
  const features = listOf(reader.raw('features'), () => reader.fail('features', 'a list'))
  const restored = new Map<number, FittedFeatures>()
  const members = listOf(reader.raw('members'), () => reader.fail('members', 'a list')).map((each, i) => {
    const member = readState(each, `${ANSWERING}.members[${i}]`)
    const at = member.count('features')
    if (at >= features.length) member.fail('features', `below ${features.length}`)
    const whole = { estimator: member.text('estimator'), target, features: features[at]!, model: member.raw('model') }
    const known = restored.get(at) ?? restoreFeatures(features[at]!)
    restored.set(at, known)
    return restorePipeline(whole, known)
  })
  const weights = reader.float64('weights')
  const calibratorState = reader.raw('calibrator')
  const calibrator = calibratorState === null ? null : restoreCalibrator(calibratorState)
  const decision = reader.raw('decision') === null ? null : reader.float64('decision')
  const background = reader.raw('background') === null ? null : restoreBackground(reader.raw('background'))
  const bounds = reader.has('bounds') ? restoreIntervalModels(reader.raw('bounds'), restoreAnswering) : null
  const fault = faultOf(members, weights, calibrator, decision, bounds)
  if (fault) return reader.fail('members', `parts that fit each other; ${fault}`)
  return answeringPipeline({ members, weights, calibrator, decision, background, bounds })
}

function isAnswering(state: State): boolean {
  return typeof state === 'object' && state !== null && 'kind' in state && state.kind === ANSWERING
}

function listOf(state: State, otherwise: () => never): readonly State[] {
  return Array.isArray(state) ? (state as readonly State[]) : otherwise()
}

function faultOf(
  members: readonly FittedPipeline[],
  weights: Float64Array,
  calibrator: FittedCalibrator | null,
  decision: Float64Array | null,
  bounds: IntervalModels | null,
): string | null {
  const first = members[0]
  if (!first) return 'there is no member'
  const { task, classes } = first.target
  const same = ({ target }: FittedPipeline) =>
    target.task === task &&
    target.classes.length === classes.length &&
    target.classes.every((label, i) => label === classes[i])
  if (!members.every(same)) return 'the members predict different targets'
  if (weights.length !== members.length) return `${weights.length} weights for ${members.length} members`
  if (!weights.every((weight) => weight > 0 && Number.isFinite(weight))) return 'a weight is not above 0'
  const sum = weights.reduce((total, weight) => total + weight, 0)
  if (task === 'classification' && Math.abs(sum - 1) > ROUNDING) return `the weights sum to ${sum}, not 1`
  if (task === 'regression' && (calibrator || decision)) return 'values are neither calibrated nor decided on'
  if (bounds && task === 'classification') return 'classes have no bounds'
  if (calibrator && calibrator.nClasses !== classes.length) {
    return `the calibrator is for ${calibrator.nClasses} classes, the members for ${classes.length}`
  }
  if (decision && decision.length !== classes.length)
    return `${decision.length} decision weights for ${classes.length} classes`
  if (decision?.some((weight) => !(weight > 0 && Number.isFinite(weight)))) return 'a decision weight is not above 0'
  return null
}

/** Kinds of the members, largest weight first, each once: such as `gradient-boosting + logistic-regression`. */
export function answeringTitle({ members, weights }: Pick<AnsweringPipeline, 'members' | 'weights'>): string {
  const shares = new Map<string, number>()
  for (const [i, { model }] of members.entries()) {
    shares.set(model.estimator, (shares.get(model.estimator) ?? 0) + weights[i]!)
  }
  return Array.from(shares)
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name)
    .join(' + ')
}
