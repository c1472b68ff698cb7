import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { RandomState } from '../../table/random.ts'
import type { Target } from '../../table/target.ts'
import { scoreAll } from '../metrics/score-all.ts'
import { type BlendCandidate, blendPredictions } from './blend.ts'
import { selectGreedily } from './greedy-selection.ts'
import { fitStacking } from './stacking.ts'

const classes = ['a', 'b', 'c']

/** Models that see the truth through noise of their own; `skill` of each. */
function classTask(nRows: number, skills: readonly number[], seed: number) {
  const random = new RandomState(seed)
  const codes = Int32Array.from({ length: nRows }, () => random.randint(3))
  const candidates = skills.map((skill, model): BlendCandidate => {
    const predictions = new Float64Array(3 * nRows)
    for (let row = 0; row < nRows; row++) {
      const e = classes.map((_, c) => Math.exp(random.normal() + (c === codes[row] ? skill : 0)))
      const sum = e.reduce((a, b) => a + b)
      for (let c = 0; c < 3; c++) predictions[3 * row + c] = e[c]! / sum
    }
    return { name: `model ${model}`, predictions }
  })
  return { target: { task: 'classification', codes, classes } satisfies Target, candidates }
}

function numberTask(nRows: number, noises: readonly number[], seed: number) {
  const random = new RandomState(seed)
  const values = Float64Array.from({ length: nRows }, () => 10 + 3 * random.normal())
  const candidates = noises.map((noise, model): BlendCandidate => {
    return { name: `model ${model}`, predictions: values.map((value) => value + noise * random.normal()) }
  })
  return { target: { task: 'regression', values } satisfies Target, candidates }
}

const predictionsOf = (candidates: readonly BlendCandidate[]) => candidates.map(({ predictions }) => predictions)

const tasks = fc.record({
  skills: fc.array(fc.double({ min: -1, max: 2, noNaN: true }), { minLength: 1, maxLength: 5 }),
  nRows: fc.integer({ min: 3, max: 30 }),
  seed: fc.nat(1000),
})

describe('greedy selection', () => {
  test('is never worse than the best candidate, and its score is that of its blend, by any metric', () => {
    fc.assert(
      fc.property(tasks, fc.constantFrom('log_loss', 'f1_macro', 'brier_score', 'accuracy'), (of, metric) => {
        const { target, candidates } = classTask(of.nRows, of.skills, of.seed)
        const chosen = selectGreedily(target, candidates, { metric })
        expect(chosen.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
        const blend = scoreAll(target, blendPredictions(predictionsOf(candidates), chosen.weights))
        expect(chosen.score).toBe(blend[metric])
        const isLoss = metric === 'log_loss' || metric === 'brier_score'
        const best = isLoss ? Math.min(...chosen.candidateScores) : Math.max(...chosen.candidateScores)
        // The mean of a bag and the weighted mean differ by rounding, which may turn a tie between labels.
        if (isLoss) expect(chosen.score).toBeLessThanOrEqual(best + 1e-12)
        else expect(chosen.score).toBeGreaterThanOrEqual(best - 1e-12)
        expect(chosen.steps[0]!.score).toBe(best)
      }),
      { numRuns: 50 },
    )
  })

  test('blends models that err apart into one that is better than each, on new rows too', () => {
    const known = classTask(400, [1, 1, 1, 0.2], 3)
    const chosen = selectGreedily(known.target, known.candidates)
    const fresh = classTask(2000, [1, 1, 1, 0.2], 4)
    const of = (predictions: Float64Array) => scoreAll(fresh.target, predictions)['log_loss']!
    const blended = of(blendPredictions(predictionsOf(fresh.candidates), chosen.weights))
    expect(blended).toBeLessThan(Math.min(...predictionsOf(fresh.candidates).map(of)) - 0.07)
    expect(chosen.weights[3]).toBeLessThan(0.15)
  })

  test('does numbers by rmse, and finds the shares that the noises ask for', () => {
    const { target, candidates } = numberTask(2000, [1, 2], 5)
    const chosen = selectGreedily(target, candidates)
    expect(chosen.metric).toBe('rmse')
    // Inverse variances: 1 against 1/4.
    expect(chosen.weights[0]).toBeCloseTo(0.8, 1)
    expect(chosen.score).toBeCloseTo(Math.sqrt(0.8), 1)
  })

  test('among equals takes the first, and no more than it needs', () => {
    const { target, candidates } = classTask(50, [1], 6)
    const twins = ['x', 'y', 'z'].map((name) => ({ name, predictions: candidates[0]!.predictions }))
    expect(selectGreedily(target, twins, { metric: 'f1_macro' })).toMatchObject({
      weights: Float64Array.of(1, 0, 0),
      size: 1,
    })
  })

  test('stops when patience or the bag’s size is at an end', () => {
    const { target, candidates } = classTask(60, [2, -1], 7)
    expect(selectGreedily(target, candidates, { patience: 3 }).steps.length).toBeLessThanOrEqual(6)
    expect(selectGreedily(target, candidates, { maxSize: 1 })).toMatchObject({
      size: 1,
      weights: Float64Array.of(1, 0),
    })
    const better = classTask(60, [1, 1, 1], 8)
    expect(selectGreedily(better.target, better.candidates, { maxSize: 7 }).steps).toHaveLength(7)
  })

  test('is what one that tries every addition by hand gets', () => {
    const { target, candidates } = classTask(40, [0.8, 1, 0.5], 9)
    const bag: number[] = []
    const lossOf = (members: readonly number[]) => {
      const mean = new Float64Array(120)
      for (const m of members) {
        for (const [i, p] of candidates[m]!.predictions.entries()) mean[i]! += p / members.length
      }
      return scoreAll(target, mean)['log_loss']!
    }
    const { steps } = selectGreedily(target, candidates, { maxSize: 12, patience: 12 })
    for (const { added, score } of steps) {
      const losses = candidates.map((_, i) => lossOf([...bag, i]))
      expect(score).toBeCloseTo(Math.min(...losses), 12)
      expect(losses[added]).toBeCloseTo(Math.min(...losses), 12)
      bag.push(added)
    }
  })

  test('weighs rows, and looks only at those that all candidates predicted', () => {
    const { target, candidates } = classTask(60, [1, 1], 10)
    const part = candidates.map(({ name, predictions }, model) => ({
      name,
      predictions: predictions.map((p, i) => (Math.floor(i / 3) % 10 === model ? Number.NaN : p)),
    }))
    const sampleWeight = Float64Array.from({ length: 60 }, (_, row) => (row % 10 < 2 ? 0 : 1))
    const weighed = selectGreedily(target, candidates, { sampleWeight })
    const chosen = selectGreedily(target, part)
    expect(chosen.steps.map(({ added }) => added)).toEqual(weighed.steps.map(({ added }) => added))
    expect(chosen.score).toBeCloseTo(weighed.score, 12)
  })

  test('is refused without candidates, rows or scores, and for options out of range', () => {
    const { target, candidates } = classTask(10, [1], 11)
    const nothing = [{ name: 'x', predictions: new Float64Array(30).fill(Number.NaN) }]
    expect(codeOf(() => selectGreedily(target, []))).toBe('INTERNAL')
    expect(codeOf(() => selectGreedily(target, nothing))).toBe('OUT_OF_FOLD_MISSING')
    expect(codeOf(() => selectGreedily(target, candidates, { maxSize: 0 }))).toBe('USAGE')
    expect(codeOf(() => selectGreedily(target, candidates, { patience: 1.5 }))).toBe('USAGE')
    expect(codeOf(() => selectGreedily(target, candidates, { metric: 'rmse' }))).toBe('METRIC_UNKNOWN')
    expect(codeOf(() => selectGreedily(target, candidates, { sampleWeight: new Float64Array(10) }))).toBe('INTERNAL')
  })
})

describe('stacking', () => {
  test('of classes gives weights that sum to 1 and a blend with less squared error than any candidate', () => {
    fc.assert(
      fc.property(tasks, (of) => {
        const { target, candidates } = classTask(of.nRows, of.skills, of.seed)
        const { weights, solution, residualNorm } = fitStacking(target, candidates)
        expect(weights.every((weight) => weight >= 0)).toBe(true)
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12)
        const brier = (predictions: Float64Array) => scoreAll(target, predictions)['brier_score']!
        const best = Math.min(...predictionsOf(candidates).map(brier))
        expect(residualNorm ** 2 / of.nRows).toBeLessThanOrEqual(best + 1e-12)
        expect(solution.some((weight) => weight > 0)).toBe(true)
      }),
      { numRuns: 50 },
    )
  })

  test('of numbers finds the weights that made them, and nothing for noise', () => {
    const { target, candidates } = numberTask(500, [2, 3], 12)
    const [a, b] = predictionsOf(candidates)
    const made: Target = { task: 'regression', values: a!.map((value, i) => 0.25 * value + 0.5 * b![i]!) }
    expect([...fitStacking(made, candidates).weights]).toEqual([expect.closeTo(0.25, 12), expect.closeTo(0.5, 12)])
    const against = [...candidates, { name: 'against', predictions: target.values.map((value) => -value) }]
    expect(fitStacking(target, against).weights[2]).toBe(0)
  })

  test('where no model helps takes the one that does least harm', () => {
    const target: Target = { task: 'regression', values: Float64Array.of(1, 2, 3) }
    const candidates = [-5, -1, -1].map((factor, i) => {
      return { name: `${i}`, predictions: target.values.map((value) => factor * value) }
    })
    expect(fitStacking(target, candidates)).toMatchObject({
      weights: Float64Array.of(0, 1, 0),
      solution: new Float64Array(3),
      residualNorm: expect.closeTo(Math.sqrt(14), 12),
    })
  })

  test('weighs a row of weight 2 as two rows, and leaves out those that a candidate did not predict', () => {
    const { target, candidates } = numberTask(40, [1, 2, 3], 13)
    const twice = Uint32Array.from({ length: 60 }, (_, i) => (i < 20 ? i : 20 + ((i - 20) >> 1)))
    const repeated = fitStacking(
      { task: 'regression', values: Float64Array.from(twice, (row) => target.values[row]!) },
      candidates.map(({ name, predictions }) => ({
        name,
        predictions: Float64Array.from(twice, (r) => predictions[r]!),
      })),
    )
    const sampleWeight = Float64Array.from({ length: 40 }, (_, row) => (row < 20 ? 1 : 2))
    const weighted = fitStacking(target, candidates, sampleWeight)
    expect([...weighted.weights]).toEqual([...repeated.weights].map((weight) => expect.closeTo(weight, 12)))
    const gap = candidates.map(({ name, predictions }) => {
      return { name, predictions: predictions.map((value, row) => (row === 3 ? Number.NaN : value)) }
    })
    const without = Float64Array.from({ length: 40 }, (_, row) => (row === 3 ? 0 : 1))
    const expected = fitStacking(target, candidates, without).weights
    expect([...fitStacking(target, gap).weights]).toEqual([...expected].map((weight) => expect.closeTo(weight, 12)))
    expect(codeOf(() => fitStacking(target, []))).toBe('INTERNAL')
  })
})

describe('bad input', () => {
  const { target, candidates } = classTask(8, [1, 0.5], 15)
  const methods = [
    ['greedy selection', (of: Target, from: readonly BlendCandidate[]) => selectGreedily(of, from).weights],
    ['stacking', (of: Target, from: readonly BlendCandidate[]) => fitStacking(of, from).weights],
  ] as const

  test.each(methods)(
    '%s of one row, of one class, or of one value alone takes the candidate that is right',
    (_, weigh) => {
      const sure = (name: string, p: number) => ({ name, predictions: Float64Array.of(1 - p, p, 0, 1 - p, p, 0) })
      const one: Target = { task: 'classification', codes: Int32Array.of(1, 1), classes }
      expect([...weigh(one, [sure('wrong', 0.1), sure('right', 1)])]).toEqual([0, expect.closeTo(1, 12)])
      const single: Target = { task: 'classification', codes: Int32Array.of(1), classes }
      const ofOneRow = [sure('wrong', 0.1), sure('right', 1)].map(({ name, predictions }) => {
        return { name, predictions: predictions.slice(0, 3) }
      })
      expect([...weigh(single, ofOneRow)]).toEqual([0, expect.closeTo(1, 12)])
      const constant: Target = { task: 'regression', values: Float64Array.of(2, 2) }
      const numbers = [0, 2].map((value) => ({ name: `${value}`, predictions: new Float64Array(2).fill(value) }))
      expect([...weigh(constant, numbers)]).toEqual([0, expect.closeTo(1, 12)])
    },
  )

  test('an infinite prediction is never taken by greedy selection, and refused by name by stacking', () => {
    const values = Float64Array.of(1, 2, 3)
    const numbers: Target = { task: 'regression', values }
    const wild = { name: 'wild', predictions: Float64Array.of(1, Number.POSITIVE_INFINITY, 3) }
    expect([...selectGreedily(numbers, [wild, { name: 'calm', predictions: values }]).weights]).toEqual([0, 1])
    expect(() => fitStacking(numbers, [wild])).toThrow('"wild" has infinite ones')
  })

  test('weights that are all 0 are refused', () => {
    const sampleWeight = new Float64Array(8)
    expect(codeOf(() => selectGreedily(target, candidates, { sampleWeight }))).toBe('INTERNAL')
    expect(codeOf(() => fitStacking(target, candidates, sampleWeight))).toBe('OUT_OF_FOLD_MISSING')
  })
})

describe('a blend', () => {
  test('answers a row by itself as among others, to the last bit', () => {
    const { candidates } = classTask(20, [1, 0, 2], 14)
    const weights = [0.3, 0, 0.7]
    const all = blendPredictions(predictionsOf(candidates), weights)
    for (let row = 0; row < 20; row++) {
      const alone = predictionsOf(candidates).map((own) => own.slice(3 * row, 3 * row + 3))
      expect(blendPredictions(alone, weights)).toEqual(all.slice(3 * row, 3 * row + 3))
    }
  })

  test('does not look at models of weight 0, and is refused where nothing is left', () => {
    expect([...blendPredictions([Float64Array.of(Number.NaN), Float64Array.of(2)], [0, 1])]).toEqual([2])
    expect(codeOf(() => blendPredictions([Float64Array.of(1)], [0]))).toBe('INTERNAL')
    expect(codeOf(() => blendPredictions([Float64Array.of(1)], [1, 1]))).toBe('INTERNAL')
    expect(codeOf(() => blendPredictions([Float64Array.of(1), new Float64Array(2)], [1, 1]))).toBe('INTERNAL')
  })
})
