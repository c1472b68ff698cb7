import { readFileSync } from 'node:fs'
import type { Matrix } from '../../../table/matrix.ts'
import { RandomState } from '../../../table/random.ts'
import { matrixOf } from '../../tree/testing/synthetic.ts'

/** What LightGBM says after some rounds; see tools/parity/boosting.py. */
interface LightgbmCase {
  readonly name: string
  readonly seed: number
  readonly rounds: number
  readonly objective: 'regression' | 'binary'
  readonly n: number
  readonly rootFeature: number
  readonly rootCategories: readonly number[] | null
  readonly raw: readonly number[]
  readonly rawMean: number
}

/** Figures of LightGBM and scikit-learn; see tools/parity/boosting.py. */
export interface BoostingFixture {
  readonly categories: readonly LightgbmCase[]
  readonly monotone: readonly LightgbmCase[]
  readonly losses: readonly {
    readonly loss: 'absolute_error' | 'quantile' | 'poisson'
    readonly quantile?: number
    readonly seed: number
    readonly rounds: number
    readonly n: number
    readonly predictions: readonly number[]
    readonly mean: number
  }[]
}

export const boostingFixture = JSON.parse(
  readFileSync(new URL('../fixtures/boosting.json', import.meta.url), 'utf8'),
) as BoostingFixture

const EFFECTS = [0.5, -2, 3, 0, 1.5, -1, 2.5, -3, 0.2, 1, -0.5, 4]

/** As `data` in boosting.py: whole numbers below 12, of which those of the first column mean nothing by their order. */
export function boostingData(seed: number, n: number): { x: Matrix; signal: Float64Array } {
  const random = new RandomState(seed)
  const x = matrixOf(n, 3, () => random.randint(12))
  const at = (row: number, column: number) => x.data[column * n + row]!
  const signal = Float64Array.from({ length: n }, (_, row) => {
    return EFFECTS[at(row, 0)]! + 0.3 * at(row, 1) - 0.2 * at(row, 2) + random.normal()
  })
  return { x, signal }
}

/** The first column as categories. */
export function withCategories(x: Matrix): Matrix {
  return { ...x, categories: Int32Array.of(12, 0, 0) }
}

/** What all cases of the fixture are fitted with. */
export const PARITY_OPTIONS = { preset: 'lightgbm-compatible', maxLeaves: 8, minSamplesLeaf: 5, l2Regularization: 1 }
