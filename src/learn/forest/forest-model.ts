import { type Matrix, matrixRows, selectMatrixRows } from '../../table/matrix.ts'
import type { State } from '../../table/state.ts'
import type { SupervisedTask } from '../../table/target.ts'
import type { ChangedAnswers, ChangingModel } from '../changing-model.ts'
import { refuseOtherWidth, refuseOutside } from '../check-matrix.ts'
import type { Contrast, ContrastingModel } from '../contrast.ts'
import type { MatrixExplanation } from '../estimator.ts'
import type { FitThreads } from '../kernels/kernel-team.ts'
import { readState } from '../read-state.ts'
import type { RowModel } from '../row-model.ts'
import { ChangedColumnOutputs } from '../tree/changed-columns.ts'
import { ensembleState, restoreEnsemble, treeCount } from '../tree/ensemble.ts'
import { shares } from '../tree/importance.ts'
import { interventionalShap } from '../tree/interventional-shap.ts'
import { addTreeOutputs } from '../tree/predict.ts'
import { addRowOutputs, refuseOtherShapes } from '../tree/predict-row.ts'
import { treeShap } from '../tree/shap.ts'
import type { GrownForest } from './fit.ts'
import type { OutOfBag } from './out-of-bag.ts'

const NAME = 'random-forest'

/** A fitted forest: its answer is the mean of what the trees' leaves hold, class shares or a mean. */
export class ForestModel implements ContrastingModel, RowModel, ChangingModel {
  readonly estimator = NAME
  readonly task: SupervisedTask
  readonly nClasses: number
  /** Accuracy or R^2 over rows answered by the trees that did not draw them; null where `oobScore` was not asked for. */
  readonly oobScore: number | null
  /** Those answers, shape (nRows * nOutputs), NaN for a row that every tree drew; null for a restored model as well. */
  readonly oobPredictions: Float64Array | null
  readonly warnings: readonly string[]
  /** `oob.accuracy` or `oob.r2` where there is an `oobScore`. */
  readonly figures: Readonly<Record<string, number>>
  readonly #grown: GrownForest

  /** @param oobScore Of a restored model, which has no answers out of bag. */
  constructor(task: SupervisedTask, nClasses: number, grown: GrownForest, oobScore: number | null = null) {
    this.task = task
    this.nClasses = nClasses
    this.#grown = grown
    const { outOfBag } = grown
    this.oobScore = outOfBag ? (Number.isNaN(outOfBag.score) ? null : outOfBag.score) : oobScore
    this.oobPredictions = outOfBag ? outOfBag.predictions : null
    this.warnings = warningsOf(outOfBag)
    this.figures =
      this.oobScore === null ? {} : { [task === 'classification' ? 'oob.accuracy' : 'oob.r2']: this.oobScore }
  }

  /** What was learnt, for fits that go on from it. */
  get grown(): GrownForest {
    return this.#grown
  }

  /** @param threads Threads that help with many rows; the same answers with and without. */
  predict(x: Matrix, threads: FitThreads | null = null): Float64Array {
    const { trees } = this.#grown
    refuseOtherWidth(x, trees.nColumns, NAME)
    const sums = new Float64Array(x.nRows * trees.nOutputs)
    addTreeOutputs(trees, x, sums, threads)
    return this.#means(sums)
  }

  changing(x: Matrix): ChangedAnswers | null {
    const { trees } = this.#grown
    refuseOtherWidth(x, trees.nColumns, NAME)
    if (!ChangedColumnOutputs.fits(trees, x.nRows)) return null
    const rows = new ChangedColumnOutputs(trees, x)
    const zeros = new Float64Array(trees.nOutputs)
    return (changed, versions) => rows.outputs(changed, versions, zeros).map((sums) => this.#means(sums))
  }

  /** Means over the trees, in the place of their sums. */
  #means(sums: Float64Array): Float64Array {
    const nTrees = treeCount(this.#grown.trees)
    for (let i = 0; i < sums.length; i++) sums[i]! /= nTrees
    return sums
  }

  predictRow(values: Float64Array, output: Float64Array): void {
    const { trees } = this.#grown
    refuseOtherShapes(values, output, trees.nColumns, trees.nOutputs, NAME)
    output.fill(0)
    addRowOutputs(trees, values, output)
    const nTrees = treeCount(trees)
    for (let i = 0; i < output.length; i++) output[i]! /= nTrees
  }

  /** In probability of the class asked for, or in the value. */
  explain(x: Matrix, row: number, output: number): MatrixExplanation {
    const { trees } = this.#grown
    refuseOtherWidth(x, trees.nColumns, NAME)
    refuseOutside(x, row, output, trees.nOutputs)
    const one = selectMatrixRows(x, Uint32Array.of(row))
    const { base, contributions } = treeShap(trees, one, 0, output)
    const nTrees = treeCount(trees)
    return {
      space: this.task === 'regression' ? 'value' : 'probability',
      base: base / nTrees,
      score: this.predict(one)[output]!,
      contributions: contributions.map((value) => value / nTrees),
    }
  }

  contrast(x: Matrix, row: number, background: Matrix, other: number): Contrast {
    const { trees } = this.#grown
    refuseOtherWidth(x, trees.nColumns, NAME)
    const one = selectMatrixRows(x, Uint32Array.of(row))
    const reference = selectMatrixRows(background, Uint32Array.of(other))
    const nTrees = treeCount(trees)
    return {
      space: this.task === 'regression' ? 'value' : 'probability',
      scores: this.predict(one),
      background: this.predict(reference),
      contributions: interventionalShap(trees, matrixRows(one), matrixRows(reference)).map((value) => value / nTrees),
    }
  }

  importances(): Float64Array {
    return shares(this.#grown.gains)
  }

  state(): State {
    const { trees, gains } = this.#grown
    const state = { task: this.task, nClasses: this.nClasses, gains, trees: ensembleState(trees) }
    return this.oobScore === null ? state : { ...state, oobScore: this.oobScore }
  }
}

function warningsOf(outOfBag: OutOfBag | null): readonly string[] {
  if (!outOfBag || outOfBag.nWithout === 0) return []
  const { nWithout } = outOfBag
  const rows = nWithout === 1 ? '1 row has' : `${nWithout} rows have`
  return [
    `${rows} no out-of-bag answer, as every tree drew them: the score leaves them out. More trees (nEstimators) help.`,
  ]
}

/** @throws MODEL_STATE_INVALID */
export function restoreForestModel(state: State): ForestModel {
  const reader = readState(state, NAME)
  const task = reader.text('task')
  if (task !== 'classification' && task !== 'regression') return reader.fail('task', 'classification or regression')
  const nClasses = reader.count('nClasses', task === 'classification' ? 2 : 0)
  const trees = restoreEnsemble(readState(reader.raw('trees'), NAME))
  const nOutputs = task === 'regression' ? 1 : nClasses
  if (trees.width !== nOutputs || trees.nOutputs !== nOutputs || treeCount(trees) < 1) {
    return reader.fail('trees', `trees of ${nOutputs} outputs`)
  }
  const oobScore = reader.has('oobScore') ? reader.number('oobScore') : null
  const gains = reader.float64('gains', trees.nColumns)
  return new ForestModel(task, nClasses, { trees, gains, outOfBag: null }, oobScore)
}
