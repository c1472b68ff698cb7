import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../test/support/code-of.ts'
import { gradientBoosting } from '../learn/boosting/gradient-boosting.ts'
import type { FitInput } from '../learn/estimator.ts'
import { randomForest } from '../learn/forest/random-forest.ts'
import { reportLost } from '../learn/kernels/helper.ts'
import type { FitThreads } from '../learn/kernels/kernel-team.ts'
import { withoutKernels } from '../learn/kernels/load-kernels.ts'
import { answersRows } from '../learn/row-model.ts'
import { RandomState } from '../table/random.ts'
import type { Target } from '../table/target.ts'
import { fitThreads } from './fit-threads.ts'

const N_ROWS = 70_000
const N_COLUMNS = 9

/** Large enough for threads to share out every step. */
function problem(kind: 'binary' | 'classes' | 'values', weighted: boolean): FitInput {
  const random = new RandomState(7)
  const data = Float64Array.from({ length: N_ROWS * N_COLUMNS }, () =>
    random.randint(50) === 0 ? Number.NaN : random.normal(),
  )
  const signal = Float64Array.from({ length: N_ROWS }, (_, row) => {
    const value = data[row]! * data[N_ROWS + row]! + random.normal()
    return Number.isNaN(value) ? 0 : value
  })
  const codes = Int32Array.from(signal, (value) => (value > 0.5 ? 1 : kind === 'classes' && value < -0.5 ? 2 : 0))
  const target: Target =
    kind === 'values'
      ? { task: 'regression', values: signal }
      : { task: 'classification', codes, classes: kind === 'classes' ? ['a', 'b', 'c'] : ['a', 'b'] }
  const names = Array.from({ length: N_COLUMNS }, (_, i) => `c${i}`)
  return {
    x: { nRows: N_ROWS, nColumns: N_COLUMNS, data, names },
    target,
    ...(weighted && { sampleWeight: Float64Array.from(signal, () => 0.5 + random.random()) }),
    seed: 3,
  }
}

/** Helpers that have started when the fit begins to need them, so that the test is of them. */
function started(count: number): FitThreads & { readonly workers: Worker[] } {
  const workers: Worker[] = []
  return {
    count,
    workers,
    start(job) {
      workers.push(new Worker(new URL('./fit-thread.ts', import.meta.url), { workerData: job }))
      const state = new Int32Array(job.memory.buffer, job.slot, 1)
      for (let wait = 0; wait < 600 && Atomics.load(state, 0) === 0; wait++) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
      }
      expect(Atomics.load(state, 0)).toBe(1)
    },
  }
}

const options = gradientBoosting.options.parse({ maxIterations: 3, minSamplesLeaf: 50 })

describe('work by several threads', () => {
  test.each([
    ['binary', false],
    ['binary', true],
    ['classes', false],
    ['values', true],
  ] as const)(
    'gives the same bytes at 1, 2 and 4 threads, and without kernels: %s, weights: %s',
    async (kind, weighted) => {
      const input = problem(kind, weighted)
      const alone = gradientBoosting.fit(input, options).state()
      expect(withoutKernels(() => gradientBoosting.fit(input, options).state())).toEqual(alone)
      for (const count of [2, 4]) {
        const threads = started(count)
        expect(gradientBoosting.fit({ ...input, threads }, options).state()).toEqual(alone)
        expect(threads.workers).toHaveLength(count - 1)
        await Promise.all(threads.workers.map((worker) => new Promise((ended) => worker.once('exit', ended))))
      }
    },
    120_000,
  )

  test('is, by a forest, the same at 1, 2 and 4 threads', async () => {
    for (const kind of ['binary', 'classes'] as const) {
      const input = problem(kind, true)
      const rules = randomForest.options.parse({ nEstimators: 5, maxDepth: 6, oobScore: true })
      const alone = randomForest.fit(input, rules).state()
      for (const count of [2, 4]) {
        const threads = started(count)
        expect(randomForest.fit({ ...input, threads }, rules).state()).toEqual(alone)
        await Promise.all(threads.workers.map((worker) => new Promise((ended) => worker.once('exit', ended))))
      }
    }
  }, 120_000)

  test('answers the same with them', async () => {
    for (const kind of ['binary', 'classes', 'values'] as const) {
      const { x, ...input } = problem(kind, false)
      const few = { ...options, maxIterations: 80, maxLeaves: 4, maxBins: 8 }
      const model = gradientBoosting.fit({ x, ...input }, few)
      if (!answersRows(model)) throw new Error('The model takes no threads.')
      const threads = started(3)
      expect(model.predict(x, threads)).toEqual(model.predict(x))
      expect(threads.workers).toHaveLength(2)
      await Promise.all(threads.workers.map((worker) => new Promise((ended) => worker.once('exit', ended))))
    }
  }, 120_000)

  test('of a small table starts none', () => {
    const threads = {
      count: 4,
      start: () => {
        throw new Error('started a thread')
      },
    }
    const input = problem('binary', false)
    const x = { ...input.x, nColumns: 1, names: ['c0'], data: input.x.data.subarray(0, N_ROWS) }
    expect(gradientBoosting.fit({ ...input, x, threads }, options).nClasses).toBe(2)
  })

  test('goes on alone where no helper ever starts', () => {
    const input = problem('binary', false)
    const never: FitThreads = { count: 3, start: () => {} }
    expect(gradientBoosting.fit({ ...input, threads: never }, options).state()).toEqual(
      gradientBoosting.fit(input, options).state(),
    )
  })

  test('whose helper dies at work ends in an error that says so, at once', () => {
    const dying: FitThreads = {
      count: 2,
      start({ memory, slot }) {
        // Takes the first part of the work and dies of it.
        const code = `
          const { workerData: { memory, slot } } = require('node:worker_threads')
          const state = new Int32Array(memory.buffer, slot, 1)
          Atomics.store(state, 0, 1)
          Atomics.wait(state, 0, 1)
          Atomics.store(state, 0, 4)
          Atomics.notify(state, 0)`
        new Worker(code, { eval: true, workerData: { memory, slot } })
        const state = new Int32Array(memory.buffer, slot, 1)
        while (Atomics.load(state, 0) === 0) Atomics.wait(state, 0, 0, 50)
      },
    }
    expect(codeOf(() => gradientBoosting.fit({ ...problem('binary', false), threads: dying }, options))).toBe(
      'FIT_THREAD_LOST',
    )
  })

  test('goes on without a helper that dies while it has nothing to do', async () => {
    const input = problem('binary', false)
    const idle: FitThreads = { count: 2, start: ({ memory, slot }) => reportLost(memory, slot) }
    expect(gradientBoosting.fit({ ...input, threads: idle }, options).state()).toEqual(
      gradientBoosting.fit(input, options).state(),
    )
  })

  test('leaves no thread behind', async () => {
    const input = problem('binary', false)
    const exits: Promise<unknown>[] = []
    const watched: FitThreads = {
      count: 2,
      start(job) {
        const worker = new Worker(new URL('./fit-thread.ts', import.meta.url), { workerData: job })
        exits.push(new Promise((ended) => worker.once('exit', ended)))
      },
    }
    for (let i = 0; i < 5; i++) gradientBoosting.fit({ ...input, threads: watched }, { ...options, maxIterations: 1 })
    expect(await Promise.all(exits)).toEqual([0, 0, 0, 0, 0])
  }, 60_000)

  test('is what the ready-made threads of Node bring', () => {
    const input = problem('binary', false)
    expect(gradientBoosting.fit({ ...input, threads: fitThreads(2) }, options).state()).toEqual(
      gradientBoosting.fit(input, options).state(),
    )
    expect(fitThreads().count).toBeGreaterThan(0)
  })
})
