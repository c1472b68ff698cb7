import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { compressColumns } from './compressed-columns.ts'
import { hessianCoordinates } from './hessian-coordinates.ts'
import { LogisticObjective } from './logistic-objective.ts'

const problem = (nClasses: number) =>
  fc.record({
    rows: fc.array(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 3, maxLength: 3 }), {
      minLength: 9,
      maxLength: 9,
    }),
    weights: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 9, maxLength: 9 }),
    move: fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 12, maxLength: 12 }),
    penalty: fc.double({ min: 0.01, max: 3, noNaN: true }),
    nClasses: fc.constant(nClasses),
  })

function objectiveOf(of: { rows: number[][]; weights: number[]; penalty: number; nClasses: number }) {
  const total = of.weights.reduce((a, b) => a + b)
  return new LogisticObjective({
    x: compressColumns(matrixOf(of.rows)),
    codes: Int32Array.from(of.rows, (_, i) => i % of.nClasses),
    rowWeights: Float64Array.from(of.weights, (weight) => weight / total),
    nClasses: of.nClasses,
    penalty: of.penalty,
  })
}

describe.each([2, 3])('the logistic objective of %i classes', (nClasses) => {
  test('has the slope along a ray that differences of its values give', () => {
    fc.assert(
      fc.property(problem(nClasses), (of) => {
        const objective = objectiveOf(of)
        objective.aim(Float64Array.from(of.move).subarray(0, objective.size))
        const h = 1e-5
        for (const step of [0, 0.5, 1]) {
          const numeric = (objective.probe(step + h).value - objective.probe(step - h).value) / (2 * h)
          expect(objective.probe(step).slope).toBeCloseTo(numeric, 5)
        }
      }),
      { numRuns: 40 },
    )
  })

  test('has a gradient whose product with a direction is the slope along it, wherever it has moved to', () => {
    fc.assert(
      fc.property(problem(nClasses), (of) => {
        const objective = objectiveOf(of)
        const move = Float64Array.from(of.move).subarray(0, objective.size)
        objective.aim(move)
        const { value } = objective.probe(0.7)
        objective.accept()
        expect(objective.value).toBe(value)
        const gradient = new Float64Array(objective.size)
        objective.gradient(gradient)
        const direction = move.map((entry, i) => Math.cos(i) - entry)
        objective.aim(direction)
        const product = gradient.reduce((sum, entry, i) => sum + entry * direction[i]!, 0)
        expect(objective.probe(0).slope).toBeCloseTo(product, 8)
        expect(objective.probe(0).value).toBeCloseTo(value, 10)
      }),
      { numRuns: 40 },
    )
  })
})

describe('coordinates from the Hessian', () => {
  const rows = [
    [1, 0, 4],
    [2, 1, 9],
    [3, 0, 1],
    [4, 1, 7],
  ]
  const x = compressColumns(matrixOf(rows))
  const weights = Float64Array.of(0.1, 0.2, 0.3, 0.4)

  test('make it the identity', () => {
    const coordinates = hessianCoordinates(x, weights, 0.25, 0.5)
    for (let j = 0; j < 4; j++) {
      const direction = Float64Array.from({ length: 4 }, (_, i) => (i === j ? 1 : 0))
      coordinates.directionOutOf(direction)
      // H * direction, with H written out, and back.
      const image = Float64Array.from({ length: 4 }, (_, a) => {
        const at = (row: number, column: number) => (column === 3 ? 1 : rows[row]![column]!)
        let sum = a < 3 ? 0.5 * direction[a]! : 0
        for (let row = 0; row < 4; row++) {
          for (let b = 0; b < 4; b++) sum += 0.25 * weights[row]! * at(row, a) * at(row, b) * direction[b]!
        }
        return sum
      })
      coordinates.gradientInto(image)
      for (let i = 0; i < 4; i++) expect(image[i]).toBeCloseTo(i === j ? 1 : 0, 10)
    }
  })

  test('fall back to scales of single columns where the Hessian is singular', () => {
    const twice = compressColumns(matrixOf(rows.map(([a]) => [a!, a!])))
    const coordinates = hessianCoordinates(twice, weights, 1, 0)
    const gradient = Float64Array.of(1, 2, 3)
    coordinates.gradientInto(gradient)
    const scale = Math.sqrt(0.1 * 1 + 0.2 * 4 + 0.3 * 9 + 0.4 * 16)
    expect([...gradient]).toEqual([1 / scale, 2 / scale, 3].map((value) => expect.closeTo(value, 12)))
  })
})
