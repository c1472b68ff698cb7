import type { Target } from '../../table/target.ts'
import { exp } from '../exp.ts'
import { type KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { MIN_TEAM_ROWS, runParts } from '../kernels/run-parts.ts'

/** Prior probabilities are kept off 0 and 1 by this much, as LightGBM does, so that log-odds are finite. */
const EPSILON = 1e-15

/**
 * What boosting makes smaller: a function of raw scores, one per output and row, held output by output,
 * `raw[output * nRows + row]`. Gradients and hessians are of the loss by the raw score, times the row's weight.
 */
export interface Loss {
  readonly nOutputs: number
  /** Raw score of every row before the first round: the best constant; shape (nOutputs). */
  readonly initial: Float64Array
  /** 0 where an output needs no trees: its class has no row, or all rows. Shape (nOutputs). */
  readonly trained: Uint8Array
  /** Called once a round, before its `gradients`. in: `raw`. */
  beginRound(raw: Float64Array): void
  /** out: `gradients` and `hessians`, shape (nRows), of the output. */
  gradients(raw: Float64Array, output: number, gradients: Float64Array, hessians: Float64Array): void
  /** Mean loss by weight. */
  mean(raw: Float64Array): number
  /** The best value of a leaf that holds the rows, for losses whose gradients do not tell it. */
  leafValue?(raw: Float64Array, rows: Uint32Array): number
}

/**
 * The loss of a target: squared error, binary logistic loss, or the multinomial one over softmax.
 * @param weights Above 0, shape (nRows).
 * @param initial Raw scores to start from where they are not to be the best constant of these rows.
 * @param memory Where scores, gradients and hessians lie, each with room for one number more, for the kernels; null for plain arrays.
 */
export function lossOf(
  target: Target,
  weights: Float64Array,
  initial?: Float64Array,
  memory: KernelMemory | null = null,
): Loss {
  if (target.task === 'regression') return squaredError(target.values, weights, initial)
  const prior = classShares(target.codes, target.classes.length, weights)
  return target.classes.length === 2
    ? logisticLoss(target.codes, prior, weights, initial, memory)
    : softmaxLoss(target.codes, prior, weights, initial, memory)
}

function classShares(codes: Int32Array, nClasses: number, weights: Float64Array): Float64Array {
  const shares = new Float64Array(nClasses)
  let total = 0
  for (let row = 0; row < codes.length; row++) {
    shares[codes[row]!]! += weights[row]!
    total += weights[row]!
  }
  return shares.map((share) => share / total)
}

function meanBy(weights: Float64Array, value: (row: number) => number): number {
  let sum = 0
  let total = 0
  for (let row = 0; row < weights.length; row++) {
    sum += weights[row]! * value(row)
    total += weights[row]!
  }
  return sum / total
}

/** (raw - y)^2 / 2: gradient raw - y, hessian 1. */
function squaredError(values: Float64Array, weights: Float64Array, initial?: Float64Array): Loss {
  return {
    nOutputs: 1,
    initial: initial ?? Float64Array.of(meanBy(weights, (row) => values[row]!)),
    trained: Uint8Array.of(1),
    beginRound() {},
    gradients(raw, _output, gradients, hessians) {
      for (let row = 0; row < values.length; row++) {
        gradients[row] = weights[row]! * (raw[row]! - values[row]!)
        hessians[row] = weights[row]!
      }
    },
    mean: (raw) => meanBy(weights, (row) => (raw[row]! - values[row]!) ** 2 / 2),
  }
}

/** log(1 + e^raw) - y raw, with p = 1 / (1 + e^-raw): gradient p - y, hessian p (1 - p). */
function logisticLoss(
  codes: Int32Array,
  prior: Float64Array,
  weights: Float64Array,
  initial: Float64Array | undefined,
  memory: KernelMemory | null,
): Loss {
  const kernel = memory && logisticKernel(codes, weights, memory)
  const p = Math.min(Math.max(prior[1]!, EPSILON), 1 - EPSILON)
  return {
    nOutputs: 1,
    initial: initial ?? Float64Array.of(Math.log(p / (1 - p))),
    trained: Uint8Array.of(prior[0]! > 0 && prior[1]! > 0 ? 1 : 0),
    beginRound() {},
    gradients(raw, _output, gradients, hessians) {
      if (kernel) {
        kernel(raw, gradients, hessians)
        return
      }
      for (let row = 0; row < codes.length; row++) {
        const p = 1 / (1 + exp(-raw[row]!))
        gradients[row] = weights[row]! * (p - codes[row]!)
        hessians[row] = weights[row]! * p * (1 - p)
      }
    },
    mean: (raw) =>
      meanBy(weights, (row) => {
        // log(1 + e^m), m the margin of the wrong side, without overflow.
        const m = codes[row] === 1 ? -raw[row]! : raw[row]!
        return Math.max(m, 0) + Math.log1p(Math.exp(-Math.abs(m)))
      }),
  }
}

/** Bytes that a loss takes of a memory. */
export function roomForLoss(nRows: number, nOutputs: number): number {
  const probabilities = nOutputs > 1 ? roomFor(8 * (nOutputs * nRows + 1)) : 0
  return roomFor(nRows + 1) + roomFor(8 * (nRows + 1)) + probabilities
}

/** Classes and weights of the rows where the kernels can reach them; 0 for weights that are all 1. */
function shareRows(codes: Int32Array, weights: Float64Array, memory: KernelMemory): { codes: number; weights: number } {
  const classes = memory.uint8(codes.length + 1)
  classes.set(codes)
  const weighted = weights.some((weight) => weight !== 1) ? memory.float64(codes.length + 1) : null
  weighted?.set(weights)
  return { codes: classes.byteOffset, weights: weighted?.byteOffset ?? 0 }
}

/** The gradients of the logistic loss by a kernel, from arrays in its memory: the same to the last bit. */
function logisticKernel(codes: Int32Array, weights: Float64Array, memory: KernelMemory) {
  const nRows = codes.length
  const shared = shareRows(codes, weights, memory)
  return (raw: Float64Array, gradients: Float64Array, hessians: Float64Array): void => {
    runParts(memory, 'logisticGradients', nRows, nRows >= MIN_TEAM_ROWS, (begin, end) => [
      raw.byteOffset,
      shared.codes,
      shared.weights,
      begin,
      end,
      gradients.byteOffset,
      hessians.byteOffset,
    ])
  }
}

/**
 * -log p_y with p = softmax(raw): gradient p_k - [y = k], hessian K / (K - 1) p_k (1 - p_k). The factor makes K = 2 take
 * the steps of the logistic loss (Friedman's (K - 1) / K on leaf values; as LightGBM).
 */
function softmaxLoss(
  codes: Int32Array,
  prior: Float64Array,
  weights: Float64Array,
  initial: Float64Array | undefined,
  memory: KernelMemory | null,
): Loss {
  const nClasses = prior.length
  const nRows = codes.length
  const factor = nClasses / (nClasses - 1)
  const kernel = memory && nClasses <= MOST_KERNEL_CLASSES && softmaxKernel(codes, nClasses, weights, memory)
  const probabilities = kernel ? new Float64Array(0) : new Float64Array(nClasses * nRows)
  const scores = new Float64Array(nClasses)
  return {
    nOutputs: nClasses,
    initial: initial ?? prior.map((share) => Math.log(Math.max(share, EPSILON))),
    trained: Uint8Array.from(prior, (share) => (share > 0 && share < 1 ? 1 : 0)),
    beginRound(raw) {
      if (kernel) {
        kernel.probabilities(raw)
        return
      }
      for (let row = 0; row < nRows; row++) {
        for (let k = 0; k < nClasses; k++) scores[k] = raw[k * nRows + row]!
        softmax(scores, exp)
        for (let k = 0; k < nClasses; k++) probabilities[k * nRows + row] = scores[k]!
      }
    },
    gradients(_raw, output, gradients, hessians) {
      if (kernel) {
        kernel.gradients(output, gradients, hessians)
        return
      }
      const from = output * nRows
      for (let row = 0; row < nRows; row++) {
        const p = probabilities[from + row]!
        gradients[row] = weights[row]! * (codes[row] === output ? p - 1 : p)
        hessians[row] = weights[row]! * factor * p * (1 - p)
      }
    },
    mean: (raw) =>
      meanBy(weights, (row) => {
        let largest = Number.NEGATIVE_INFINITY
        for (let k = 0; k < nClasses; k++) largest = Math.max(largest, raw[k * nRows + row]!)
        let sum = 0
        for (let k = 0; k < nClasses; k++) sum += Math.exp(raw[k * nRows + row]! - largest)
        return largest + Math.log(sum) - raw[codes[row]! * nRows + row]!
      }),
  }
}

/** Classes that are told by a byte, and whose powers fit into the kernel's room. */
const MOST_KERNEL_CLASSES = 256

/** The gradients of the softmax loss by kernels, from arrays in their memory: the same to the last bit. */
function softmaxKernel(codes: Int32Array, nClasses: number, weights: Float64Array, memory: KernelMemory) {
  const nRows = codes.length
  const factor = nClasses / (nClasses - 1)
  const shared = shareRows(codes, weights, memory)
  const probabilities = memory.float64(nClasses * nRows + 1)
  return {
    probabilities(raw: Float64Array): void {
      runParts(memory, 'softmaxProbabilities', nRows, nRows >= MIN_TEAM_ROWS, (begin, end) => [
        ...[raw.byteOffset, nRows, nClasses, begin, end, probabilities.byteOffset],
      ])
    },
    gradients(output: number, gradients: Float64Array, hessians: Float64Array): void {
      const ofClass = probabilities.byteOffset + 8 * output * nRows
      runParts(memory, 'classGradients', nRows, nRows >= MIN_TEAM_ROWS, (begin, end) => [
        ...[ofClass, shared.codes, shared.weights, output, factor, begin, end],
        ...[gradients.byteOffset, hessians.byteOffset],
      ])
    },
  }
}

/** Scores to probabilities, in place. */
export function softmax(scores: Float64Array, power: (x: number) => number = Math.exp): void {
  let largest = Number.NEGATIVE_INFINITY
  for (let k = 0; k < scores.length; k++) if (scores[k]! > largest) largest = scores[k]!
  let sum = 0
  for (let k = 0; k < scores.length; k++) {
    scores[k] = power(scores[k]! - largest)
    sum += scores[k]!
  }
  for (let k = 0; k < scores.length; k++) scores[k]! /= sum
}
