import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matrixOf } from '../../../test/support/fit-inputs.ts'
import { columnSums, compressColumns, linearScores } from './compressed-columns.ts'
import { gramWithIntercept } from './gram.ts'

/** Rows in which some columns are mostly zeros and others have none. */
const matrices = fc
  .integer({ min: 1, max: 6 })
  .chain((nColumns) =>
    fc.array(
      fc.tuple(
        ...Array.from({ length: nColumns }, (_, j) =>
          j % 2 === 0
            ? fc.integer({ min: 1, max: 9 })
            : fc.integer({ min: 0, max: 60 }).map((n) => (n < 55 ? 0 : n - 57.5)),
        ),
      ),
      { minLength: 1, maxLength: 25 },
    ),
  )

describe('compressed columns', () => {
  test('keep a column whole unless fewer than 30 % of its values are not 0', () => {
    const rows = Array.from({ length: 10 }, (_, i) => [i < 3 ? 1 : 0, i < 2 ? 1 : 0, 0, i + 1])
    const compressed = compressColumns(matrixOf(rows))
    expect([...compressed.dense]).toEqual([0, 3])
    expect([...compressed.sparse]).toEqual([1, 2])
    expect([...compressed.starts]).toEqual([0, 2, 2])
    expect([...compressed.rows]).toEqual([0, 1])
  })

  test('give the scores, sums and products that plain loops give', () => {
    fc.assert(
      fc.property(matrices, (given) => {
        const rows = given as unknown as number[][]
        const nColumns = rows[0]!.length
        const x = compressColumns(matrixOf(rows))
        const withOnes = rows.map((row) => [...row, 1])
        const weights = Float64Array.from({ length: nColumns + 1 }, (_, j) => Math.cos(j))
        const residuals = Float64Array.from(rows, (_, i) => Math.sin(i + 1))
        const rowWeights = Float64Array.from(rows, (_, i) => (i % 3) / 2)

        const scores = new Float64Array(rows.length).fill(99)
        linearScores(x, weights, scores)
        const sums = new Float64Array(nColumns + 1).fill(99)
        columnSums(x, residuals, sums)
        const gram = gramWithIntercept(x, rowWeights)

        for (const [i, row] of withOnes.entries()) {
          expect(scores[i]).toBeCloseTo(
            row.reduce((sum, value, j) => sum + value * weights[j]!, 0),
            10,
          )
        }
        for (let a = 0; a <= nColumns; a++) {
          expect(sums[a]).toBeCloseTo(
            withOnes.reduce((sum, row, i) => sum + row[a]! * residuals[i]!, 0),
            10,
          )
          for (let b = 0; b <= nColumns; b++) {
            expect(gram[a * (nColumns + 1) + b]).toBeCloseTo(
              withOnes.reduce((sum, row, i) => sum + rowWeights[i]! * row[a]! * row[b]!, 0),
              9,
            )
          }
        }
      }),
      { numRuns: 60 },
    )
  })
})
