import { describe, expect, test } from 'vitest'
import { type Matrix, selectMatrixRows } from '../../../table/matrix.ts'
import type { State } from '../../../table/state.ts'
import { selectTarget, type Target } from '../../../table/target.ts'
import type { EstimatorDefinition, FitInput, FittedModel } from '../../estimator.ts'
import { classTarget, type Kind, matrixOf, range, syntheticData } from './synthetic.ts'

/** An estimator and the options that the suite fits it with. */
export interface TreeEstimator<Options> {
  readonly definition: EstimatorDefinition<Options>
  /** Options of a small and quick fit with everything random switched on. */
  readonly quick: object
  /** Options with which equal rows are interchangeable: nothing random, leaves of any size. */
  readonly plain: object
}

const KINDS: readonly Kind[] = ['binary', 'multiclass', 'regression']

/** What every estimator made of trees keeps to. */
export function runTreeEstimatorContract<Options>({ definition, quick, plain }: TreeEstimator<Options>): void {
  const train = (input: FitInput, options: object = quick): FittedModel =>
    definition.fit(input, definition.options.parse(options))
  const nOutputs = (target: Target) => (target.task === 'classification' ? target.classes.length : 1)

  describe.each(KINDS)(`${definition.name} for %s`, (kind) => {
    const { x, target } = syntheticData(kind, 31, 240)
    const model = train({ x, target, seed: 7 })

    test('answers with probabilities that sum to 1, or with finite values', () => {
      const answers = model.predict(x)
      expect(answers).toHaveLength(240 * nOutputs(target))
      if (kind === 'regression') {
        expect(answers.every(Number.isFinite)).toBe(true)
        return
      }
      for (let row = 0; row < 240; row++) {
        const slice = answers.subarray(row * nOutputs(target), (row + 1) * nOutputs(target))
        expect(slice.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
        expect(slice.every((p) => p >= 0 && p <= 1)).toBe(true)
      }
    })

    test('answers a row alone as in a batch, to the last bit', () => {
      const answers = model.predict(x)
      const width = nOutputs(target)
      for (let row = 0; row < 240; row += 13) {
        const alone = model.predict(selectMatrixRows(x, Uint32Array.of(row)))
        expect(Array.from(alone)).toEqual(Array.from(answers.subarray(row * width, (row + 1) * width)))
      }
    })

    test('gives the same bytes for the same seed, and others for another', () => {
      expect(train({ x, target, seed: 7 }).state()).toEqual(model.state())
      expect(train({ x, target, seed: 8 }).state()).not.toEqual(model.state())
    })

    test('leaves its inputs as they were', () => {
      const weights = new Float64Array(240).fill(2)
      const before = structuredClone({ x, target, weights })
      train({ x, target, sampleWeight: weights, seed: 1 })
      expect({ x, target, weights }).toEqual(before)
    })

    test('comes back from its state with the same answers, importances and reasons', () => {
      const restored = definition.restore(model.state())
      expect(restored.estimator).toBe(definition.name)
      expect(restored.task).toBe(model.task)
      expect(restored.nClasses).toBe(model.nClasses)
      expect(restored.predict(x)).toEqual(model.predict(x))
      expect(restored.importances()).toEqual(model.importances())
      expect(restored.explain(x, 3, 0)).toEqual(model.explain(x, 3, 0))
    })

    test('explains each output by contributions that add up to a score that the answer follows from', () => {
      const answers = model.predict(x)
      for (const row of [0, 1, 2, 100, 239]) {
        const scores: number[] = []
        for (let output = 0; output < nOutputs(target); output++) {
          const { base, score, contributions, space } = model.explain(x, row, output)
          expect(contributions).toHaveLength(x.nColumns)
          expect(Math.abs(contributions.reduce((a, b) => a + b, base) - score)).toBeLessThan(1e-9)
          scores.push(score)
          if (kind === 'regression') expect(space).toBe('value')
        }
        const slice = Array.from(answers.subarray(row * scores.length, (row + 1) * scores.length))
        const { space } = model.explain(x, row, 0)
        if (space !== 'log-odds') expect(scores).toEqual(slice)
        else {
          // Of two classes each score is the log-odds of that class; of more they go through softmax.
          const odds = scores.length === 2 ? scores.map((s) => s / 2) : scores
          const sum = odds.reduce((a, s) => a + Math.exp(s), 0)
          for (const [k, s] of odds.entries()) expect(Math.exp(s) / sum).toBeCloseTo(slice[k]!, 12)
        }
      }
    })

    test('finds the columns that matter: importances sum to 1, the first column counts more than a noise one', () => {
      const importances = model.importances()
      expect(importances.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12)
      expect(importances.every((share) => share >= 0)).toBe(true)
      expect(importances[0]!).toBeGreaterThan(importances[7]!)
    })

    test('takes a row of weight 0 as no row at all', () => {
      const kept = range(240).filter((row) => row % 3 !== 0)
      const weights = Float64Array.from({ length: 240 }, (_, row) => (row % 3 === 0 ? 0 : 1.5))
      const without = train({
        x: selectMatrixRows(x, kept),
        target: selectTarget(target, kept),
        sampleWeight: new Float64Array(kept.length).fill(1.5),
        seed: 7,
      })
      expect(train({ x, target, sampleWeight: weights, seed: 7 }).state()).toEqual(without.state())
    })

    test('takes a whole weight as so many equal rows', () => {
      const weights = Float64Array.from({ length: 240 }, (_, row) => 1 + (row % 3))
      const repeated = Uint32Array.from(
        Array.from(weights).flatMap((weight, row) => new Array<number>(weight).fill(row)),
      )
      const weighted = train({ x, target, sampleWeight: weights, seed: 1 }, plain).predict(x)
      const longer = train(
        { x: selectMatrixRows(x, repeated), target: selectTarget(target, repeated), seed: 1 },
        plain,
      ).predict(x)
      for (const [i, answer] of weighted.entries()) expect(answer).toBeCloseTo(longer[i]!, 6)
    })

    test('does not depend on the order of the rows where nothing is random', () => {
      const order = range(240).map((row) => (row * 101 + 17) % 240)
      const there = train({ x, target, seed: 1 }, plain).predict(x)
      const other = train(
        { x: selectMatrixRows(x, order), target: selectTarget(target, order), seed: 1 },
        plain,
      ).predict(x)
      for (const [i, answer] of there.entries()) expect(answer).toBeCloseTo(other[i]!, 9)
    })

    test('stops with CANCELLED when the signal is aborted', () => {
      expect(() => train({ x, target, seed: 1, signal: AbortSignal.abort() })).toThrowError(
        expect.objectContaining({ code: 'CANCELLED' }),
      )
    })
  })

  describe(`${definition.name} on bad input`, () => {
    const columns = (...values: readonly (readonly number[])[]): Matrix =>
      matrixOf(values[0]!.length, values.length, (row, column) => values[column]![row]!)
    const nan = Number.NaN
    const twoClasses = classTarget([0, 0, 0, 0, 1, 1, 1, 1], 2)

    test('empty and constant columns are no use and do no harm', () => {
      const useful = [1, 2, 3, 4, 5, 6, 7, 8]
      const x = columns(new Array(8).fill(nan), useful, new Array(8).fill(3))
      const model = train({ x, target: twoClasses, seed: 0 }, plain)
      expect(Array.from(model.importances())).toEqual([0, 1, 0])
      const p = model.predict(x)
      expect(p[0]! > 0.5 && p[15]! > 0.5).toBe(true)
    })

    test('without a useful column the answer is the share of each class, or the mean', () => {
      for (const x of [columns(new Array(8).fill(1)), matrixOf(8, 0, () => 0)]) {
        const target = classTarget([0, 0, 0, 0, 0, 0, 1, 1], 2)
        expect(train({ x, target, seed: 0 }, plain).predict(x)[1]).toBeCloseTo(0.25, 9)
        const values = Float64Array.of(1, 2, 3, 4, 5, 6, 7, 8)
        const mean = train({ x, target: { task: 'regression', values }, seed: 0 }, plain)
        expect(mean.predict(x)[0]).toBeCloseTo(4.5, 12)
        expect(Array.from(mean.importances())).toEqual(new Array(x.nColumns).fill(0))
        expect(mean.explain(x, 0, 0).score).toBeCloseTo(4.5, 12)
      }
    })

    test('one column is enough, and more bins than values are as many as there are values', () => {
      const one = matrixOf(60, 1, (row) => row % 3)
      const step = classTarget(
        Array.from({ length: 60 }, (_, row) => (row % 3 === 1 ? 1 : 0)),
        2,
      )
      const many = train({ x: one, target: step, seed: 1 }, plain)
      expect(train({ x: one, target: step, seed: 1 }, { ...plain, maxBins: 3 }).state()).toEqual(many.state())
      const p = many.predict(one)
      for (let row = 0; row < 60; row++) expect(p[2 * row + 1]! > 0.5).toBe(row % 3 === 1)
    })

    test('one row is enough', () => {
      const x = columns([5])
      const value = train({ x, target: { task: 'regression', values: Float64Array.of(3) }, seed: 0 })
      expect(Array.from(value.predict(columns([5, -1, nan])))).toEqual([3, 3, 3])
      const one = train({ x, target: classTarget([2], 3), seed: 0 })
      expect(one.predict(x)[2]).toBeCloseTo(1, 12)
    })

    test('a single class is always answered, with all of the probability', () => {
      const x = columns([1, 2, 3, 4, 5, 6, 7, 8])
      for (const nClasses of [2, 3]) {
        const p = train({ x, target: classTarget(new Array(8).fill(1), nClasses), seed: 0 }).predict(x)
        for (let row = 0; row < 8; row++) expect(p[row * nClasses + 1]).toBeCloseTo(1, 12)
      }
    })

    test('a class without rows gets next to no probability', () => {
      const x = columns([1, 2, 3, 4, 5, 6, 7, 8])
      const p = train({ x, target: classTarget([0, 0, 0, 0, 2, 2, 2, 2], 3), seed: 0 }, plain).predict(x)
      for (let row = 0; row < 8; row++) expect(p[3 * row + 1]).toBeLessThan(1e-12)
    })

    test('infinities are very large numbers', () => {
      const x = columns([Number.NEGATIVE_INFINITY, -5, -3, -1, 1, 3, 5, Number.POSITIVE_INFINITY])
      const model = train({ x, target: twoClasses, seed: 0 }, plain)
      const p = model.predict(columns([Number.NEGATIVE_INFINITY, -1e300, 1e300, Number.POSITIVE_INFINITY]))
      expect([p[0], p[2], p[5], p[7]].every((share) => share! > 0.5)).toBe(true)
      expect(p[0]).toBe(p[2])
      expect(p[5]).toBe(p[7])
    })

    test('missing values tell something where they do: the direction is learnt', () => {
      const x = columns([1, 2, nan, nan, nan, nan, 1, 2])
      const target = classTarget([0, 0, 1, 1, 1, 1, 0, 0], 2)
      const p = train({ x, target, seed: 0 }, plain).predict(columns([1, 2, nan]))
      expect(p[0]).toBe(p[2])
      expect(p[0]!).toBeGreaterThan(0.5)
      expect(p[5]!).toBeGreaterThan(0.5)
    })

    test('a missing value where training had none goes with the larger part', () => {
      const x = columns([1, 1, 1, 1, 1, 1, 2, 2])
      const target = classTarget([0, 0, 0, 0, 0, 0, 1, 1], 2)
      const p = train({ x, target, seed: 0 }, plain).predict(columns([1, nan, 2]))
      expect(p[2]).toBe(p[0])
      expect(p[4]).not.toBe(p[0])
    })

    test('weights that are all 0, negative or of another length are refused', () => {
      const x = columns([1, 2, 3, 4, 5, 6, 7, 8])
      for (const sampleWeight of [new Float64Array(8), new Float64Array(8).fill(-1), new Float64Array(3).fill(1)]) {
        expect(() => train({ x, target: twoClasses, sampleWeight, seed: 0 })).toThrowError(
          expect.objectContaining({ code: 'WEIGHTS_INVALID' }),
        )
      }
    })

    test('a matrix of another width, a row or an output that is not there are refused', () => {
      const x = columns([1, 2, 3, 4, 5, 6, 7, 8])
      const model = train({ x, target: twoClasses, seed: 0 })
      const internal = expect.objectContaining({ code: 'INTERNAL' })
      expect(() => model.predict(columns([1], [2]))).toThrowError(internal)
      expect(() => model.explain(x, 8, 0)).toThrowError(internal)
      expect(() => model.explain(x, 0, 2)).toThrowError(internal)
    })

    test('balanced class weights give a rare class as much say as the others', () => {
      const x = columns(new Array(8).fill(1))
      const target = classTarget([0, 0, 0, 0, 0, 0, 1, 1], 2)
      const options = { ...plain, classWeight: 'balanced' }
      expect(train({ x, target, seed: 0 }, options).predict(x)[1]).toBeCloseTo(0.5, 9)
    })

    test('a damaged state is refused', () => {
      const { x, target } = syntheticData('multiclass', 31, 100)
      const state = train({ x, target, seed: 7 }).state() as { readonly [key: string]: State }
      const trees = state['trees'] as { readonly [key: string]: State }
      const child = (trees['child'] as Int32Array).slice()
      child[0] = 0
      const damaged: State[] = [
        null,
        { ...state, task: 'ranking' },
        { ...state, nClasses: 2 },
        { ...state, trees: { ...trees, child } },
        { ...state, trees: { ...trees, threshold: new Float64Array(1) } },
        { ...state, trees: { ...trees, nColumns: 1 } },
        { ...state, gains: new Float64Array(1) },
      ]
      for (const bad of damaged) {
        expect(() => definition.restore(bad)).toThrowError(expect.objectContaining({ code: 'MODEL_STATE_INVALID' }))
      }
    })

    test('options out of range and unknown ones are refused', () => {
      for (const bad of [
        { maxBins: 256 },
        { maxBins: 1 },
        { minSamplesLeaf: 0 },
        { maxDepht: 3 },
        { classWeight: 'x' },
      ]) {
        expect(definition.options.safeParse(bad).success).toBe(false)
      }
    })

    test('whatever the search draws is a valid option, for any size of table', () => {
      for (const nRows of [2, 50, 3539, 1_000_000]) {
        for (const task of definition.tasks) {
          const space = definition.searchSpace({ nRows, nColumns: 10, task })
          for (const end of ['low', 'high'] as const) {
            const drawn = Object.entries(space).map(([name, of]) => {
              if (of.type === 'choice') return [name, end === 'low' ? of.values[0] : of.values.at(-1)]
              expect(of.low).toBeLessThanOrEqual(of.high)
              return [name, of[end]]
            })
            expect(definition.options.safeParse(Object.fromEntries(drawn)).success).toBe(true)
          }
        }
      }
    })
  })
}
