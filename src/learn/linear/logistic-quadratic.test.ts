import { expect, test } from 'vitest'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { RandomState } from '../../table/random.ts'
import { ColumnAccess } from './column-access.ts'
import { compressColumns } from './compressed-columns.ts'
import { logisticHessian, logisticQuadratic } from './logistic-quadratic.ts'

const random = new RandomState(3)
// Two dense columns and one that is mostly zeros.
const rows = Array.from({ length: 30 }, (_, i) => [random.normal(), random.normal(), i % 5 === 0 ? 2 : 0])
const access = new ColumnAccess(compressColumns(matrixOf(rows)))
const rowWeights = Float64Array.from(rows, (_, i) => (1 + (i % 3)) / 60)

/** The model as its definition has it. `p` holds the probabilities of all classes, `d` the steps of the outputs' coefficients. */
function naive(p: number[][], gradient: Float64Array, d: number[], damping: number): number {
  const nColumns = 3
  let value = d.reduce((sum, step, i) => sum + step * gradient[i]!, 0)
  rows.forEach((row, i) => {
    const own = Array.from({ length: d.length / nColumns }, (_, k) =>
      row.reduce((sum, x, j) => sum + x * d[k * nColumns + j]!, 0),
    )
    // One output is of the second class, the first one's score being 0.
    const scores = own.length === 1 ? [0, own[0]!] : own
    const mean = scores.reduce((sum, score, k) => sum + p[k]![i]! * score, 0)
    const square = scores.reduce((sum, score, k) => sum + p[k]![i]! * score * score, 0)
    value += 0.5 * rowWeights[i]! * (square - mean * mean)
    for (const [at, step] of d.entries()) value += 0.5 * damping * rowWeights[i]! * (row[at % nColumns]! * step) ** 2
  })
  return value
}

test.each([
  [2, 0],
  [3, 0],
  [2, 0.1],
  [3, 0.1],
])('slopes and second derivatives of %i classes with damping %f are those of the model', (nClasses, damping) => {
  const raw = rows.map(() => Array.from({ length: nClasses }, () => 0.1 + random.random()))
  const p = Array.from({ length: nClasses }, (_, k) => raw.map((own) => own[k]! / own.reduce((a, b) => a + b)))
  const probabilities = (nClasses === 2 ? [p[1]!] : p).map((own) => Float64Array.from(own))
  const gradient = Float64Array.from({ length: probabilities.length * 3 }, () => random.normal())
  const model = logisticQuadratic({ access, rowWeights, probabilities, gradient, damping })
  const point = Array.from(gradient, () => 0)
  for (const i of [0, 2, gradient.length - 1, 1, 0]) {
    const step = random.normal()
    point[i]! += step
    model.move(i, step)
  }
  for (const i of gradient.keys()) {
    const at = (by: number) => naive(p, gradient, point.with(i, point[i]! + by), damping)
    // Differences of a quadratic function are exact but for rounding.
    expect(model.slope(i)).toBeCloseTo((at(1) - at(-1)) / 2, 10)
    expect(model.curvatures[i]).toBeCloseTo(at(1) - 2 * at(0) + at(-1), 10)
  }
})

test.each([
  [2, 0],
  [3, 0.1],
])(
  'the Hessian of %i classes with damping %f says how a move changes the slopes, intercepts too',
  (nClasses, damping) => {
    const columns = compressColumns(matrixOf(rows))
    const withOnes = ColumnAccess.withOnes(columns)
    const raw = rows.map(() => Array.from({ length: nClasses }, () => 0.1 + random.random()))
    const nOutputs = nClasses === 2 ? 1 : nClasses
    const probabilities = Array.from({ length: nOutputs }, (_, k) =>
      Float64Array.from(raw, (own) => own[k]! / own.reduce((a, b) => a + b)),
    )
    const size = nOutputs * 4
    const expansion = { access: withOnes, rowWeights, probabilities, gradient: new Float64Array(size), damping }
    const hessian = logisticHessian(columns, expansion)
    for (let i = 0; i < size; i++) {
      const model = logisticQuadratic(expansion)
      model.move(i, 1)
      for (let j = 0; j < size; j++) expect(model.slope(j)).toBeCloseTo(hessian[i * size + j]!, 12)
    }
  },
)
