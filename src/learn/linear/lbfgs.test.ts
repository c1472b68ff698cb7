import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { minimise, type RayObjective } from './lbfgs.ts'

/** Any smooth convex function as a ray objective, for tests: slow and plain. */
class PlainObjective implements RayObjective {
  readonly size: number
  readonly point: Float64Array
  value: number
  readonly #f: (x: Float64Array) => number
  readonly #df: (x: Float64Array) => Float64Array
  #direction: Float64Array
  #step = 0

  constructor(start: readonly number[], f: (x: Float64Array) => number, df: (x: Float64Array) => Float64Array) {
    this.size = start.length
    this.point = Float64Array.from(start)
    this.#f = f
    this.#df = df
    this.value = f(this.point)
    this.#direction = new Float64Array(this.size)
  }

  gradient(out: Float64Array): number {
    out.set(this.#df(this.point))
    return Math.max(...out.map(Math.abs))
  }

  aim(direction: Float64Array): void {
    this.#direction = direction.slice()
  }

  probe(step: number) {
    this.#step = step
    const at = this.point.map((entry, i) => entry + step * this.#direction[i]!)
    const slope = this.#df(at).reduce((sum, entry, i) => sum + entry * this.#direction[i]!, 0)
    return { value: this.#f(at), slope }
  }

  accept(): void {
    for (let i = 0; i < this.size; i++) this.point[i]! += this.#step * this.#direction[i]!
    this.value = this.#f(this.point)
  }
}

const options = { tolerance: 1e-10, maxIterations: 500 }

describe('minimising by L-BFGS', () => {
  test('finds the minimum of a stretched quadratic form in more dimensions than it remembers steps', () => {
    const scales = Float64Array.from({ length: 30 }, (_, i) => 1.2 ** i)
    const objective = new PlainObjective(
      Array.from(scales, () => 1),
      (x) => x.reduce((sum, entry, i) => sum + 0.5 * scales[i]! * (entry - i) ** 2, 0),
      (x) => x.map((entry, i) => scales[i]! * (entry - i)),
    )
    expect(minimise(objective, { ...options, tolerance: 1e-7 }).stoppedBy).toBe('tolerance')
    for (const [i, entry] of objective.point.entries()) expect(entry).toBeCloseTo(i, 5)
  })

  test('lengthens a first step that is far too short and shortens one that is far too long', () => {
    for (const scale of [1e-6, 1, 1e6]) {
      const objective = new PlainObjective(
        [3],
        (x) => scale * Math.log(Math.cosh(x[0]!)),
        (x) => Float64Array.of(scale * Math.tanh(x[0]!)),
      )
      const { stoppedBy } = minimise(objective, { ...options, tolerance: 1e-10 * scale })
      expect(stoppedBy).not.toBe('iterations')
      expect(objective.point[0]).toBeCloseTo(0, 6)
    }
  })

  test('takes no step where it starts at the minimum', () => {
    const objective = new PlainObjective(
      [0],
      (x) => x[0]! ** 2,
      (x) => Float64Array.of(2 * x[0]!),
    )
    expect(minimise(objective, options)).toEqual({ iterations: 0, gradientMax: 0, stoppedBy: 'tolerance' })
  })

  test('says where it was out of iterations', () => {
    const objective = new PlainObjective(
      [5, 5],
      (x) => x[0]! ** 4 + 100 * x[1]! ** 2,
      (x) => Float64Array.of(4 * x[0]! ** 3, 200 * x[1]!),
    )
    expect(minimise(objective, { ...options, maxIterations: 3 })).toMatchObject({
      iterations: 3,
      stoppedBy: 'iterations',
    })
  })

  test('ends with "precision" on a function without a finite value, rather than going on for ever', () => {
    const objective = new PlainObjective(
      [1],
      () => Number.NaN,
      () => Float64Array.of(1),
    )
    expect(minimise(objective, options).stoppedBy).toBe('precision')
  })

  test('stops between iterations once its signal is aborted', () => {
    const controller = new AbortController()
    let gradients = 0
    const objective = new PlainObjective(
      [4, 4],
      (x) => x[0]! ** 4 + x[1]! ** 2,
      (x) => {
        if (++gradients === 6) controller.abort()
        return Float64Array.of(4 * x[0]! ** 3, 2 * x[1]!)
      },
    )
    expect(codeOf(() => minimise(objective, { ...options, signal: controller.signal }))).toBe('CANCELLED')
  })
})
