import { BellwetherError } from '../../errors.ts'
import { balancedWeights } from '../../table/balanced-weights.ts'
import { deriveSeed, RandomState } from '../../table/random.ts'
import { selectTarget, type Target, targetLength } from '../../table/target.ts'
import { fitWeights, throwIfCancelled } from '../check-fit-input.ts'
import { weighClasses } from '../class-weights.ts'
import type { FitInput } from '../estimator.ts'
import { KernelMemory, roomFor } from '../kernels/kernel-memory.ts'
import { threadCount } from '../kernels/kernel-team.ts'
import { applyBins, type BinMapper, type BinnedMatrix, learnBins, roomForBins } from '../tree/bin.ts'
import { leafOfRow, type TreeEnsemble, treeCount } from '../tree/ensemble.ts'
import { EnsembleWriter } from '../tree/ensemble-writer.ts'
import { splittableColumns } from '../tree/feature-sampler.ts'
import { shares } from '../tree/importance.ts'
import { ClassCriterion } from './class-criterion.ts'
import { classTreesFit, growClassTrees, roomForClassTrees } from './class-trees.ts'
import { growForestTree } from './grow.ts'
import { featuresPerSplit, type RandomForestOptions } from './options.ts'
import { type OutOfBag, OutOfBagSums } from './out-of-bag.ts'
import { ValueCriterion } from './value-criterion.ts'

/** Rows times trees from which on helper threads are started. */
const MIN_ROWS_FOR_THREADS = 300_000

/** What a forest learns. */
export interface GrownForest {
  readonly trees: TreeEnsemble
  /** Sum over the trees of each one's shares of gain by column; shape (nColumns). Not divided by their number, so that more can be added. */
  readonly gains: Float64Array
  /** How it answers rows left out; null where that was not asked for. */
  readonly outOfBag: OutOfBag | null
}

/**
 * Grows the trees, each from a stream of its own, so that they could be grown in any order. Rows of weight 0 are left
 * out from the start, as if they were not there.
 * @param from Trees to go on from: they count as grown. With `oobScore` they must have come from these rows and this seed, for which rows they
 *   left out is drawn anew.
 * @throws CANCELLED, FIT_NO_ROWS, WEIGHTS_INVALID
 */
export function fitForest(input: FitInput, options: RandomForestOptions, from: GrownForest | null = null): GrownForest {
  const { x, seed } = input
  if (options.oobScore && !options.bootstrap) {
    const message = 'oobScore needs bootstrap: true; without it every tree learns from every row.'
    throw new BellwetherError('ESTIMATOR_OPTIONS_INVALID', `Options of "random-forest": ${message}`, {
      details: [{ path: 'oobScore', message }],
    })
  }
  const given = fitWeights(input)
  const all = positiveRows(given)
  const target = selectTarget(input.target, all)
  const kept = Float64Array.from(all, (row) => given[row]!)
  const { classWeight } = options
  const weights = weighClasses(target, kept, classWeight === 'balanced_subsample' ? null : classWeight, 'random-forest')
  const binSeed = deriveSeed(seed, 'forest', 'bins')
  const mapper = learnBins(x, all, input.sampleWeight ? given : null, options.maxBins, binSeed)
  // Threads take longer to start than few rows take to learn from; and they grow whole trees, which numbers have no kernel for.
  const nToGrow = options.nEstimators - (from ? treeCount(from.trees) : 0)
  const worthwhile = byKernel(target, options) && all.length * nToGrow >= MIN_ROWS_FOR_THREADS
  const threads = worthwhile ? (input.threads ?? null) : null
  const memory = KernelMemory.take(roomForForest(mapper, target, options, threadCount(threads)), threads)
  try {
    return growForest(input, options, { binned: applyBins(mapper, x, all, memory), all, target, weights, memory }, from)
  } finally {
    memory?.free()
  }
}

/** The rows of weight above 0. */
interface ForestRows {
  readonly binned: BinnedMatrix
  /** Which rows of the input they are. */
  readonly all: Uint32Array
  readonly target: Target
  /** shape (nRows of `binned`) */
  readonly weights: Float64Array
  /** Where `binned` lies, for the kernels; null for plain arrays. */
  readonly memory: KernelMemory | null
}

function roomForForest(mapper: BinMapper, target: Target, options: RandomForestOptions, nThreads: number): number {
  const nRows = targetLength(target)
  const { nColumns } = mapper
  const bins = roomForBins(mapper, nRows)
  if (target.task === 'regression') return bins + ValueCriterion.roomFor(nRows, nColumns) + 2 * roomFor(4 * nRows)
  const nClasses = target.classes.length
  if (byKernel(target, options)) {
    const size = { nRows, nColumns, nClasses, minSamplesLeaf: options.minSamplesLeaf }
    return bins + roomForClassTrees(mapper, size, nThreads)
  }
  return bins + ClassCriterion.roomFor(nRows, nColumns, nClasses) + 2 * roomFor(4 * nRows)
}

/** Whether, given a memory, one kernel grows whole trees. Weights drawn anew for each tree are not its own. */
function byKernel(target: Target, { classWeight }: RandomForestOptions): boolean {
  return (
    target.task === 'classification' &&
    classWeight !== 'balanced_subsample' &&
    classTreesFit(targetLength(target), target.classes.length)
  )
}

function growForest(
  input: FitInput,
  options: RandomForestOptions,
  data: ForestRows,
  from: GrownForest | null,
): GrownForest {
  const { x, seed, signal } = input
  const { binned, all, target, weights, memory } = data
  const mark = memory?.mark() ?? 0
  const rules = { ...options, nFeatures: featuresPerSplit(options.maxFeatures, x.nColumns, target.task) }
  const usable = splittableColumns(binned)
  const nOutputs = target.task === 'classification' ? target.classes.length : 1
  const writer = new EnsembleWriter(x.nColumns, nOutputs, nOutputs)
  const gains = from ? from.gains.slice() : new Float64Array(x.nColumns)
  const firstTree = from ? treeCount(from.trees) : 0
  const left = options.oobScore ? new OutOfBagSums(all, nOutputs) : null
  const perTree = target.task === 'classification' && options.classWeight === 'balanced_subsample' ? target.codes : null
  const onTree = (tree: { readonly gains: Float64Array; readonly times: ArrayLike<number> }) => {
    const treeGains = shares(tree.gains)
    for (let column = 0; column < gains.length; column++) gains[column]! += treeGains[column]!
    left?.add((row) => writer.latestLeaf(x, row), writer.values, tree.times)
  }
  if (from) {
    writer.adopt(from.trees)
    for (let t = 0; left && t < firstTree; t++) {
      const times = drawTimes(weights.length, treeStream(seed, t))
      left.add((row) => leafOfRow(from.trees, t, x, row), from.trees.values, times)
    }
  }
  if (memory && target.task === 'classification' && byKernel(target, options)) {
    const { codes } = target
    growClassTrees(
      { binned, codes, nClasses: nOutputs, weights, usable, rules, firstTree, seed, signal },
      memory,
      writer,
      onTree,
    )
    return { trees: writer.finish(), gains, outOfBag: left ? left.finish(target) : null }
  }
  for (let t = firstTree; t < options.nEstimators; t++) {
    throwIfCancelled(signal)
    const random = treeStream(seed, t)
    const times = options.bootstrap ? drawTimes(weights.length, random) : new Float64Array(weights.length).fill(1)
    const drawn = weights.map((weight, row) => weight * times[row]!)
    const bag = perTree ? balancedWeights(perTree, nOutputs, drawn) : drawn
    memory?.reset(mark)
    const positive = positiveRows(bag)
    const rows = memory ? memory.uint32(positive.length) : positive
    if (memory) rows.set(positive)
    const criterion =
      target.task === 'classification'
        ? new ClassCriterion(
            binned,
            target.codes,
            nOutputs,
            perTree ? { weights: bag } : { weights, times },
            options.minSamplesLeaf,
            memory,
          )
        : new ValueCriterion(binned, target.values, bag, options.minSamplesLeaf, memory)
    const columns = usable.slice()
    onTree({ gains: growForestTree({ binned, criterion, rows, columns, rules, random, memory }, writer), times })
  }
  return { trees: writer.finish(), gains, outOfBag: left ? left.finish(target) : null }
}

/** What a tree draws its rows and columns from. */
function treeStream(seed: number, tree: number): RandomState {
  return new RandomState(deriveSeed(seed, 'forest', 'tree', tree))
}

/** Rows of weight above 0, ascending. */
function positiveRows(weights: Float64Array): Uint32Array {
  const rows = new Uint32Array(weights.length)
  let n = 0
  for (let row = 0; row < weights.length; row++) if (weights[row]! > 0) rows[n++] = row
  return rows.subarray(0, n)
}

/** How often each row comes in as many draws with replacement as there are rows. */
function drawTimes(n: number, random: RandomState): Float64Array {
  const times = new Float64Array(n)
  for (let i = 0; i < n; i++) times[random.randint(n)]!++
  return times
}
