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
import { ensembleState, restoreEnsemble } from '../tree/ensemble.ts'
import { shares } from '../tree/importance.ts'
import { interventionalShap } from '../tree/interventional-shap.ts'
import { addTreeOutputs } from '../tree/predict.ts'
import { addRowOutputs, refuseOtherShapes } from '../tree/predict-row.ts'
import { treeShap } from '../tree/shap.ts'
import type { BoostedTrees } from './fit.ts'
import { softmax } from './loss.ts'
import { expOf } from './value-losses.ts'

const NAME = 'gradient-boosting'

/** Fitted gradient boosting: initial raw scores, and trees whose leaf values add to them. */
export class BoostedModel implements ContrastingModel, RowModel, ChangingModel {
  readonly estimator = NAME
  readonly task: SupervisedTask
  readonly nClasses: number
  readonly notes: readonly string[]
  readonly #learnt: BoostedTrees
  readonly #link: 'log' | null

  /**
   * @param link `log` where the answer is e^score (Poisson loss); else null.
   * @param notes What the reader of the fit is told; a restored model has none.
   */
  constructor(
    task: SupervisedTask,
    nClasses: number,
    learnt: BoostedTrees,
    link: 'log' | null = null,
    notes: readonly string[] = [],
  ) {
    this.notes = notes
    this.#link = link
    this.task = task
    this.nClasses = nClasses
    this.#learnt = learnt
  }

  /** `log` where the answer is e^score; else null. */
  get link(): 'log' | null {
    return this.#link
  }

  /** What was learnt, for fits that go on from it. */
  get learnt(): BoostedTrees {
    return this.#learnt
  }

  /** @param threads Threads that help with many rows; the same answers with and without. */
  predict(x: Matrix, threads: FitThreads | null = null): Float64Array {
    return this.#answers(this.#raw(x, threads))
  }

  changing(x: Matrix): ChangedAnswers | null {
    const { trees, initial } = this.#learnt
    refuseOtherWidth(x, trees.nColumns, NAME)
    if (!ChangedColumnOutputs.fits(trees, x.nRows)) return null
    const rows = new ChangedColumnOutputs(trees, x)
    return (changed, versions) => rows.outputs(changed, versions, initial).map((raw) => this.#answers(raw))
  }

  /** Answers of raw scores, which are the caller's no more. */
  #answers(raw: Float64Array): Float64Array {
    if (this.task === 'regression') return this.#link === 'log' ? raw.map(expOf) : raw
    const { nClasses } = this
    if (nClasses > 2) {
      for (let i = 0; i < raw.length; i += nClasses) softmax(raw.subarray(i, i + nClasses))
      return raw
    }
    const probabilities = new Float64Array(2 * raw.length)
    for (let row = 0; row < raw.length; row++) {
      const p = 1 / (1 + Math.exp(-raw[row]!))
      probabilities[2 * row] = 1 - p
      probabilities[2 * row + 1] = p
    }
    return probabilities
  }

  predictRow(values: Float64Array, output: Float64Array): void {
    const { trees, initial } = this.#learnt
    const { nClasses } = this
    refuseOtherShapes(values, output, trees.nColumns, Math.max(1, nClasses), NAME)
    for (let k = 0; k < initial.length; k++) output[k] = initial[k]!
    addRowOutputs(trees, values, output)
    if (nClasses > 2) softmax(output)
    else if (nClasses === 2) {
      const p = 1 / (1 + Math.exp(-output[0]!))
      output[0] = 1 - p
      output[1] = p
    } else if (this.#link === 'log') output[0] = expOf(output[0]!)
  }

  /** In the raw score: of the class before softmax; of two classes, the log-odds of the one asked for. */
  explain(x: Matrix, row: number, output: number): MatrixExplanation {
    const { trees, initial } = this.#learnt
    refuseOtherWidth(x, trees.nColumns, NAME)
    refuseOutside(x, row, output, Math.max(1, this.nClasses))
    const one = selectMatrixRows(x, Uint32Array.of(row))
    const binary = this.nClasses === 2
    const rawOutput = binary ? 0 : output
    const { base, contributions } = treeShap(trees, one, 0, rawOutput)
    // Two classes share one raw score, that of class 1; class 0 has its negative.
    const sign = binary && output === 0 ? -1 : 1
    return {
      space: this.#space,
      base: sign * (initial[rawOutput]! + base),
      score: sign * this.#raw(one)[rawOutput]!,
      contributions: sign === 1 ? contributions : contributions.map((value) => -value),
    }
  }

  contrast(x: Matrix, row: number, background: Matrix, other: number): Contrast {
    const { trees } = this.#learnt
    refuseOtherWidth(x, trees.nColumns, NAME)
    const one = selectMatrixRows(x, Uint32Array.of(row))
    const reference = selectMatrixRows(background, Uint32Array.of(other))
    // Two classes share one raw score, that of class 1; class 0 has its negative.
    const both = (own: Float64Array): Float64Array =>
      this.nClasses === 2 ? Float64Array.from([...own.map((value) => -value), ...own]) : own
    return {
      space: this.#space,
      scores: both(this.#raw(one)),
      background: both(this.#raw(reference)),
      contributions: both(interventionalShap(trees, matrixRows(one), matrixRows(reference))),
    }
  }

  importances(): Float64Array {
    return shares(this.#learnt.gains)
  }

  state(): State {
    const { initial, gains, trees } = this.#learnt
    const state = { task: this.task, nClasses: this.nClasses, initial, gains, trees: ensembleState(trees) }
    return this.#link ? { ...state, link: this.#link } : state
  }

  get #space(): MatrixExplanation['space'] {
    if (this.task === 'classification') return 'log-odds'
    return this.#link === 'log' ? 'log-value' : 'value'
  }

  /** Raw scores, row-major, shape (nRows * nOutputs). */
  #raw(x: Matrix, threads: FitThreads | null = null): Float64Array {
    const { trees, initial } = this.#learnt
    refuseOtherWidth(x, trees.nColumns, NAME)
    const raw = new Float64Array(x.nRows * initial.length)
    const nOutputs = initial.length
    for (let i = 0; i < raw.length; i++) raw[i] = initial[nOutputs === 1 ? 0 : i % nOutputs]!
    addTreeOutputs(trees, x, raw, threads)
    return raw
  }
}

/** @throws MODEL_STATE_INVALID */
export function restoreBoostedModel(state: State): BoostedModel {
  const reader = readState(state, NAME)
  const task = reader.text('task')
  if (task !== 'classification' && task !== 'regression') return reader.fail('task', 'classification or regression')
  const nClasses = reader.count('nClasses', task === 'classification' ? 2 : 0)
  const trees = restoreEnsemble(readState(reader.raw('trees'), NAME))
  const nOutputs = task === 'regression' || nClasses === 2 ? 1 : nClasses
  if (trees.width !== 1 || trees.nOutputs !== nOutputs) return reader.fail('trees', `trees of ${nOutputs} outputs`)
  const initial = reader.float64('initial', nOutputs)
  const gains = reader.float64('gains', trees.nColumns)
  const link = reader.has('link') ? reader.text('link') : null
  if (link !== null && (link !== 'log' || task !== 'regression')) return reader.fail('link', '"log", for regression')
  return new BoostedModel(task, nClasses, { initial, trees, gains }, link)
}
