import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import type { ClassificationTarget } from '../metrics/classification-view.ts'
import { metricNamed } from '../metrics/registry.ts'
import { scoreAll } from '../metrics/score-all.ts'
import { foldsFor } from '../splits/folds-for.ts'
import { blendWeights } from './blend-weights.ts'
import { type ChooseAnswerInput, chooseAnswer } from './choose-answer.ts'
import { tuneDecision } from './tune-decision.ts'

const N = 1200
const random = new RandomState(5)
const gauss = () => Math.sqrt(-2 * Math.log(1 - random.random())) * Math.cos(2 * Math.PI * random.random())

/** Three classes, the last one rare, from scores that models see with noise of their own. */
const truth = Array.from({ length: N }, () => [gauss(), gauss(), gauss() - 1.4])
const target: ClassificationTarget = {
  task: 'classification',
  classes: ['a', 'b', 'c'],
  codes: Int32Array.from(truth, (scores) => draw(softmax(scores.map((s) => 1.5 * s)))),
}
const folds = foldsFor(target, 5, 1)

function softmax(scores: readonly number[]): number[] {
  const e = scores.map(Math.exp)
  const sum = e.reduce((total, value) => total + value, 0)
  return e.map((value) => value / sum)
}
function draw(shares: readonly number[]): number {
  const at = random.random()
  return at < shares[0]! ? 0 : at < shares[0]! + shares[1]! ? 1 : 2
}
/** A model whose scores are off by noise, and too sure by a factor. */
const model = (name: string, noise: number, factor = 1.5) => ({
  name,
  predictions: Float64Array.from(truth.flatMap((scores) => softmax(scores.map((s) => factor * (s + noise * gauss()))))),
})
const noisy = [model('first', 0.7), model('second', 0.7), model('third', 0.8), model('bad', 4)]

const input = (more: Partial<ChooseAnswerInput> = {}): ChooseAnswerInput => ({
  target,
  folds,
  candidates: noisy,
  single: 0,
  scoring: metricNamed('f1_macro'),
  ensemble: { method: 'auto', maxMembers: 8 },
  calibration: { method: 'auto' },
  decision: { method: 'auto' },
  ...more,
})

describe('choosing what answers', () => {
  test('takes a blend of models whose errors differ, and leaves out the bad one', () => {
    const { members, comparison, outOfFold } = chooseAnswer(input())
    expect(members.map(({ candidate }) => candidate).sort()).toEqual([0, 1, 2])
    expect(members.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12)
    expect(comparison!.metric).toBe('log_loss')
    expect(comparison!.gain).toBeGreaterThan(comparison!.standardError)
    expect(comparison!.blend).toBeLessThan(comparison!.single)
    const alone = scoreAll(target, noisy[0]!.predictions)['log_loss']!
    expect(scoreAll(target, outOfFold)['log_loss']).toBeLessThan(alone - 0.02)
  })

  test('where blend and single model cannot be told apart, a simple model answers alone, and of others the blend', () => {
    // Together they are better in four folds; in the fifth the one is nearly right and the other far off.
    const values = Float64Array.from(truth, ([a]) => a! * 10)
    const fifth = new Set(folds[4]!.validation)
    const tied = [
      [0.1, 1],
      [2.5, 1.05],
    ].map(([inFifth, elsewhere], i) => ({
      name: `model ${i}`,
      predictions: values.map((value, row) => value + (fifth.has(row) ? inFifth! : elsewhere!) * gauss()),
    }))
    const answer = (isSimple: boolean) =>
      chooseAnswer(
        input({
          target: { task: 'regression', values },
          candidates: tied.map((each, i) => ({ ...each, isSimple: i === 0 && isSimple })),
          single: 0,
          scoring: metricNamed('rmse'),
        }),
      )
    const { comparison, members } = answer(false)
    expect(Math.abs(comparison!.gain)).toBeLessThan(comparison!.standardError)
    expect(members).toHaveLength(2)
    expect(answer(true).members).toEqual([{ candidate: 0, weight: 1 }])
  })

  test('a simple model gives way to a blend that is surely better', () => {
    const simple = noisy.map((each) => ({ ...each, isSimple: true }))
    expect(chooseAnswer(input({ candidates: simple })).members.length).toBeGreaterThan(1)
  })

  test('a single model that is surely better answers alone', () => {
    // Each of the others is surer of the right class in four folds, and of a wrong one in the fifth: what blends fall for.
    const { predictions } = noisy[0]!
    const lures = folds.map(({ validation }, fold) => {
      const wrong = new Set(validation)
      const rows = truth.map((_, row) => {
        const own = [...predictions.subarray(3 * row, 3 * row + 3)]
        const code = target.codes[row]!
        if (wrong.has(row)) return own.map((_, c) => (c === (code + 1) % 3 ? 0.98 : 0.01))
        const isRight = own.every((p) => p <= own[code]!)
        return isRight ? own.map((p, c) => (c === code ? p + 0.8 * (1 - p) : 0.2 * p)) : own
      })
      return { name: `lure ${fold}`, predictions: Float64Array.from(rows.flat()) }
    })
    const { members, comparison } = chooseAnswer(input({ candidates: [noisy[0]!, ...lures] }))
    expect(comparison!.gain).toBeLessThan(-comparison!.standardError)
    expect(members).toEqual([{ candidate: 0, weight: 1 }])
  })

  test('keeps the single model where a blend gains nothing, and where it is told to', () => {
    const twice = [noisy[0]!, { ...noisy[0]!, name: 'again' }, noisy[3]!]
    expect(chooseAnswer(input({ candidates: twice })).members).toEqual([{ candidate: 0, weight: 1 }])
    const none = chooseAnswer(input({ single: 1, ensemble: { method: 'none', maxMembers: 8 } }))
    expect(none.members).toEqual([{ candidate: 1, weight: 1 }])
    expect(none.comparison).toBeNull()
  })

  test('judges a blend and the best single model alike: both are chosen on other rows than those that they are judged on', () => {
    // One fault that all share and a little of their own: which of them looks best on all rows is luck.
    const shared = truth.map(() => gauss())
    const values = Float64Array.from(truth, ([a]) => a! * 10)
    const alike = Array.from({ length: 40 }, (_, i) => ({
      name: `model ${i}`,
      predictions: values.map((value, row) => value + 3 * shared[row]! + 0.3 * gauss()),
    }))
    const numbers = { task: 'regression' as const, values }
    const rmse = alike.map(({ predictions }) => scoreAll(numbers, predictions)['rmse']!)
    const single = rmse.indexOf(Math.min(...rmse))
    const mean = (scores: readonly number[]) => scores.reduce((sum, score) => sum + score, 0) / scores.length
    const lucky = mean(
      folds.map(({ validation }) => {
        const part = { task: 'regression' as const, values: Float64Array.from(validation, (row) => values[row]!) }
        const said = Float64Array.from(validation, (row) => alike[single]!.predictions[row]!)
        return scoreAll(part, said)['rmse']!
      }),
    )
    const { comparison } = chooseAnswer(
      input({ target: numbers, candidates: alike, single, scoring: metricNamed('rmse') }),
    )
    expect(comparison!.single).toBeGreaterThan(lucky)
  })

  test('a blend is judged with the best of each kind of model in it, as it is made in the end', () => {
    const copies = Array.from({ length: 20 }, (_, i) => ({ ...noisy[0]!, name: `copy ${i}`, kind: 'one' }))
    const other = { ...noisy[1]!, name: 'other', kind: 'another' }
    const { members } = chooseAnswer(input({ candidates: [...copies, other] }))
    expect(members.map(({ candidate }) => candidate)).toContain(20)
  })

  test('blends whatever the gain where greedy or stacking is asked for, with no more members than allowed', () => {
    for (const method of ['greedy', 'stacking'] as const) {
      const { members } = chooseAnswer(input({ ensemble: { method, maxMembers: 2 } }))
      expect(members).toHaveLength(2)
    }
    expect(blendWeights(target, noisy, { method: 'greedy', maxMembers: 1, objective: 'log_loss' })).toContain(1)
  })

  test('looks at the best of each kind, though twenty of another kind are better by themselves', () => {
    const copies = Array.from({ length: 20 }, (_, i) => ({ ...noisy[0]!, name: `copy ${i}`, kind: 'one' }))
    const other = { ...noisy[1]!, name: 'other', kind: 'another' }
    const weights = blendWeights(target, [...copies, other], { method: 'greedy', maxMembers: 6, objective: 'log_loss' })
    expect(weights[20]).toBeGreaterThan(0.2)
    const blind = [...copies, other].map(({ kind: _, ...each }) => each)
    expect(blendWeights(target, blind, { method: 'greedy', maxMembers: 6, objective: 'log_loss' })[20]).toBe(0)
  })

  test('calibrates out of fold by the best of the methods allowed', () => {
    const sure = [model('sure', 0.7, 4)]
    const auto = chooseAnswer(input({ candidates: sure }))
    expect(auto.calibrator).not.toBeNull()
    expect(auto.calibration!.temperature).toBeLessThan(auto.calibration!.none - 0.1)
    expect(scoreAll(target, auto.outOfFold)['log_loss']).toBeLessThan(auto.calibration!.none - 0.1)
    expect(chooseAnswer(input({ candidates: sure, calibration: { method: 'none' } })).calibrator).toBeNull()
    expect(chooseAnswer(input({ candidates: sure, calibration: { method: 'platt' } })).calibrator!.method).toBe('platt')
  })

  test('weighs the classes for macro F1, and leaves probabilities and other metrics alone', () => {
    const { decision, labels, outOfFold } = chooseAnswer(input())
    expect(decision![2]).toBeGreaterThan(1)
    expect(labels!.decided).toBeGreaterThan(labels!.mostProbable)
    const before = scoreAll(target, outOfFold)
    const after = scoreAll(target, outOfFold, { decision })
    expect(after['f1_macro']).toBeGreaterThan(before['f1_macro']!)
    expect(after['log_loss']).toBe(before['log_loss'])
    for (const scoring of ['accuracy', 'log_loss', 'roc_auc_ovr'])
      expect(chooseAnswer(input({ scoring: metricNamed(scoring) })).decision).toBeNull()
    expect(chooseAnswer(input({ decision: { method: 'most-probable' } })).decision).toBeNull()
  })

  test('does with rows that no fold validates, as in folds by time', () => {
    const late = noisy.map(({ name, predictions }) => ({
      name,
      predictions: predictions.map((p, i) => (i < 3 * 300 ? Number.NaN : p)),
    }))
    const range = (from: number, to: number) => Uint32Array.from({ length: to - from }, (_, i) => from + i)
    const inTime = [
      { train: range(0, 300), validation: range(300, 600) },
      { train: range(0, 600), validation: range(600, 900) },
      { train: range(0, 900), validation: range(900, 1200) },
    ]
    const { members, outOfFold } = chooseAnswer(input({ candidates: late, folds: inTime }))
    expect(members.length).toBeGreaterThan(0)
    expect(outOfFold).toHaveLength(3 * N)
  })

  test('blends numbers by the scoring of the project, without calibration', () => {
    const values = Float64Array.from(truth, ([a]) => a! * 10)
    const numbers = [0, 1, 2].map((i) => ({
      name: `model ${i}`,
      predictions: values.map((value) => value + 3 * gauss()),
    }))
    const { members, calibrator, comparison } = chooseAnswer(
      input({ target: { task: 'regression', values }, candidates: numbers, scoring: metricNamed('rmse') }),
    )
    expect(members).toHaveLength(3)
    expect(comparison!.metric).toBe('rmse')
    expect(calibrator).toBeNull()
  })
})

test('tuned weights have a geometric mean of 1, and stay 1 where the most probable class is best', () => {
  const weights = tuneDecision(target, noisy[0]!.predictions, metricNamed('f1_macro') as never)
  expect(weights.reduce((product, weight) => product * weight, 1)).toBeCloseTo(1, 12)
  const sure = Float64Array.from(target.codes, (code) => code).reduce<number[]>(
    (all, code) => all.concat([0, 1, 2].map((c) => (c === code ? 1 : 0))),
    [],
  )
  expect([...tuneDecision(target, Float64Array.from(sure), metricNamed('f1_macro') as never)]).toEqual([1, 1, 1])
})
