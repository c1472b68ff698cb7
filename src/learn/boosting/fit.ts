import type { Matrix } from '../../table/matrix.ts'
import { deriveSeed, RandomState } from '../../table/random.ts'
import { selectTarget, type Target } from '../../table/target.ts'
import { fitWeights, throwIfCancelled } from '../check-fit-input.ts'
import { weighClasses } from '../class-weights.ts'
import type { FitInput } from '../estimator.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { threadCount } from '../kernels/kernel-team.ts'
import { applyBins, type BinnedMatrix, learnBins, roomForBins } from '../tree/bin.ts'
import { leafOfRow, type TreeEnsemble, treeCount } from '../tree/ensemble.ts'
import { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { splittableColumns } from '../tree/feature-sampler.ts'
import { chosenLoss } from './choose-loss.ts'
import { drawShare, TreeGrower } from './grow.ts'
import { holdOutRows } from './hold-out.ts'
import { addLeafValues } from './leaves.ts'
import { type Loss, roomForLoss } from './loss.ts'
import { monotoneColumns } from './monotone.ts'
import { type BoostingSettings, type GradientBoostingOptions, settle } from './options.ts'
import { renewLeaves } from './renew-leaves.ts'
import { RowSampler, type SampledRows } from './sample-rows.ts'
import { TreeRoom } from './tree-room.ts'

/** Values of a table from which on helper threads are started. */
const MIN_VALUES_FOR_THREADS = 500_000

/** What boosting learns. */
export interface BoostedTrees {
  /** Raw score before the first tree, shape (nOutputs). */
  readonly initial: Float64Array
  readonly trees: TreeEnsemble
  /** Gain of all splits by column, shape (nColumns). */
  readonly gains: Float64Array
}

/** Rows held out for early stopping, and how well they are answered so far. */
interface Validation {
  readonly rows: Uint32Array
  readonly raw: Float64Array
  readonly loss: Loss
}

/**
 * Boosts trees on the gradients of the loss. Rows of weight 0 are left out from the start, as if they were not there.
 * Everything random comes from streams named after what they are for, so that one use does not disturb another.
 * @param from Trees to go on from: their rounds count as done, and their initial scores stay.
 * @throws CANCELLED, FIT_NO_ROWS, WEIGHTS_INVALID, ESTIMATOR_OPTIONS_INVALID for a column that cannot be monotone
 */
export function fitBoostedTrees(
  input: FitInput,
  given: GradientBoostingOptions,
  from: BoostedTrees | null = null,
): BoostedTrees {
  const { x, seed } = input
  const options = settle(given, x.nRows)
  const ownWeights = fitWeights(input)
  const allWeights = weighClasses(input.target, ownWeights, options.classWeight, 'gradient-boosting')
  const { train, heldOut } = holdOutRows(input.target, ownWeights, options, seed)
  const binSeed = deriveSeed(seed, 'boosting', 'bins')
  const mapper = learnBins(x, train, input.sampleWeight ? ownWeights : null, options.maxBins, binSeed)
  // Threads take longer to start than a small table takes to learn from.
  const threads = train.length * x.nColumns >= MIN_VALUES_FOR_THREADS ? (input.threads ?? null) : null
  const nThreads = threadCount(threads)
  const memory = KernelMemory.take(
    roomForBins(mapper, train.length) +
      Math.max(
        TreeGrower.roomFor(mapper, train.length, options, nThreads),
        TreeRoom.roomFor(mapper, train.length, options),
      ) +
      roomForRows(input.target, train.length),
    threads,
  )
  try {
    const binned = applyBins(mapper, x, train, memory)
    return boost(input, options, { binned, train, heldOut, allWeights, memory }, from)
  } finally {
    memory?.free()
  }
}

/** Bytes of the rows' scores, of a round's rows and of a tree's gradients, hessians and rows. */
function roomForRows(target: Target, nRows: number): number {
  const nOutputs = target.task === 'classification' ? target.classes.length : 1
  const scores = roomFor(8 * (nOutputs * nRows + 1))
  const rows = roomFor(4 * nRows) + 2 * roomFor(4 * (nRows + 1))
  return scores + rows + 2 * roomFor(8 * (nRows + 1)) + roomForLoss(nRows, nOutputs)
}

/** A fit's rows, those of weight 0 left out. */
interface BoostingRows {
  /** The rows learnt from, as bins. */
  readonly binned: BinnedMatrix
  /** Which rows of the input they are, and which are held out; ascending. */
  readonly train: Uint32Array
  readonly heldOut: Uint32Array
  /** Weight of each row of the input. */
  readonly allWeights: Float64Array
  /** Where `binned` lies, for the kernels; null for plain arrays. */
  readonly memory: KernelMemory | null
}

function boost(
  input: FitInput,
  options: BoostingSettings,
  data: BoostingRows,
  from: BoostedTrees | null,
): BoostedTrees {
  const { x, seed, signal } = input
  const { binned, train, heldOut, allWeights, memory } = data
  const weights = Float64Array.from(train, (row) => allWeights[row]!)
  const loss = chosenLoss(options, selectTarget(input.target, train), weights, from?.initial, memory)
  const validation =
    heldOut.length > 0 ? startValidation(options, input.target, heldOut, allWeights, loss.initial) : null

  const { nOutputs } = loss
  const nRows = train.length
  const writer = new EnsembleWriter(x.nColumns, nOutputs, 1)
  const directions = monotoneColumns(options.monotone, x, input.target)
  const usable = splittableColumns(binned)
  const raw = startScores(loss.initial, nRows, memory)
  const firstRound = from ? Math.floor(treeCount(from.trees) / nOutputs) : 0
  const sampled = options.subsample < 1
  const varied = sampled || options.featureFraction < 1 || options.featureFractionByNode < 1 || options.extraTrees
  const nSampled = Math.max(1, Math.round(options.subsample * nRows))
  const sampler = new RowSampler(nRows, nSampled, memory)
  // One more than there are rows: kernels take them by twos.
  const gradients = memory ? memory.float64(nRows + 1) : new Float64Array(nRows)
  const hessians = memory ? memory.float64(nRows + 1) : new Float64Array(nRows)
  // Helper threads share out the work within a tree, where there is much of it; else one kernel grows the tree.
  const whole =
    memory && !memory.team && TreeRoom.fits(binned, options, directions !== null, loss.leafValue !== undefined)
      ? new TreeRoom({ binned, weights, options, usable, gradients, hessians }, memory)
      : null
  const grower = whole ? null : new TreeGrower(binned, weights, options, memory, directions)
  const rowSpace = memory ? memory.uint32(nRows) : new Uint32Array(nRows)
  const gains = whole?.gains ?? grower!.gains
  if (from) {
    writer.adopt(from.trees)
    gains.set(from.gains)
    addEnsemble(from.trees, x, train, raw)
    if (validation) addEnsemble(from.trees, x, validation.rows, validation.raw)
  }
  let bestLoss = validation ? validation.loss.mean(validation.raw) : 0
  let bestTrees = writer.nTrees
  let bestGains = gains.slice()
  let drawn: SampledRows = sampler.all()
  let sinceBest = 0

  for (let round = firstRound; round < options.maxIterations && loss.trained.includes(1); round++) {
    loss.beginRound(raw)
    if (sampled) drawn = sampler.draw(deriveSeed(seed, 'boosting', 'rows', round))
    whole?.learnFrom(drawn)
    const before = writer.nTrees
    let nSplits = 0
    for (let output = 0; output < nOutputs; output++) {
      throwIfCancelled(signal)
      if (!loss.trained[output]) {
        writer.values[writer.leaf(writer.beginTree(1))] = 0
        continue
      }
      loss.gradients(raw, output, gradients, hessians)
      const treeSeed = deriveSeed(seed, 'boosting', 'tree', round, output)
      const ofOutput = raw.subarray(output * nRows)
      if (whole) nSplits += whole.grow(treeSeed, ofOutput, writer)
      else {
        const random = new RandomState(treeSeed)
        const columns =
          options.featureFraction < 1 ? drawShare(usable.slice(), options.featureFraction, random) : usable
        const rows = rowSpace.subarray(0, drawn.sample.length)
        rows.set(drawn.sample)
        const { begins, values, directed } = grower!.grow({ gradients, hessians, rows, columns, random }, writer)
        renewLeaves(loss, raw, rows, begins, options.learningRate, directed, values, writer.latestValues())
        nSplits += values.length - 1
        addLeafValues(ofOutput, rows, begins, values, memory)
        for (const i of drawn.others) ofOutput[i]! += writer.latestValue(x, train[i]!)
      }
      if (!validation) continue
      const ofHeldOut = validation.raw.subarray(output * validation.rows.length)
      for (const [i, row] of validation.rows.entries()) ofHeldOut[i]! += writer.latestValue(x, row)
    }
    if (nSplits === 0) {
      // No leaf of any tree could be split. Without chance in it, the next round would be the same.
      writer.truncate(before)
      if (!varied) break
      continue
    }
    if (!validation) continue
    const now = validation.loss.mean(validation.raw)
    sinceBest++
    if (now < bestLoss) {
      bestLoss = now
      bestTrees = writer.nTrees
      bestGains = gains.slice()
      sinceBest = 0
    } else if (sinceBest >= (options.earlyStoppingRounds ?? Number.POSITIVE_INFINITY)) break
  }
  if (validation) writer.truncate(bestTrees)
  return { initial: loss.initial, trees: writer.finish(), gains: validation ? bestGains : gains.slice() }
}

function startValidation(
  choice: BoostingSettings,
  target: Target,
  rows: Uint32Array,
  weights: Float64Array,
  initial: Float64Array,
): Validation {
  const loss = chosenLoss(
    choice,
    selectTarget(target, rows),
    Float64Array.from(rows, (row) => weights[row]!),
    initial,
  )
  return { rows, raw: startScores(initial, rows.length), loss }
}

/** The initial scores for each row, output by output. */
function startScores(initial: Float64Array, nRows: number, memory: KernelMemory | null = null): Float64Array {
  const size = initial.length * nRows
  const raw = memory ? memory.float64(size + 1) : new Float64Array(size)
  for (let output = 0; output < initial.length; output++) {
    raw.fill(initial[output]!, output * nRows, (output + 1) * nRows)
  }
  return raw
}

/** Adds what each tree says of the given rows of the matrix, in the order of the trees, as when they were grown. */
function addEnsemble(trees: TreeEnsemble, x: Matrix, rows: Uint32Array, raw: Float64Array): void {
  for (let t = 0; t < treeCount(trees); t++) {
    const start = (t % trees.nOutputs) * rows.length
    for (let i = 0; i < rows.length; i++) raw[start + i]! += trees.values[leafOfRow(trees, t, x, rows[i]!)]!
  }
}
