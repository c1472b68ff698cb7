import { describe, expect, test } from 'vitest'
import { RandomState } from '../../table/random.ts'
import { normality, normalQuantile } from './normality.ts'

const sample = (n: number, draw: (random: RandomState) => number, seed = 5) => {
  const random = new RandomState(seed)
  return Float64Array.from({ length: n }, () => draw(random))
}

describe('the quantile of the normal distribution', () => {
  // scipy 1.16, scipy.stats.norm.ppf
  test.each([
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.001, -3.090232306167813],
    [0.3, -0.5244005127080409],
    [1e-10, -6.361340902404056],
  ])('at %d is %d', (p, expected) => {
    expect(normalQuantile(p)).toBeCloseTo(expected, 7)
  })
})

describe('normality', () => {
  test('is near 1 for a normal sample, whatever its mean and scale', () => {
    const normal = sample(128, (random) => random.normal())
    expect(normality(normal)).toBeGreaterThan(0.97)
    expect(normality(normal.map((x) => 40 + 7 * x))).toBeCloseTo(normality(normal), 10)
  })

  test('is low for two clusters and for a mass with a tail', () => {
    expect(normality(sample(128, (random) => (random.random() < 0.5 ? 0 : 1) + random.normal() / 100))).toBeLessThan(
      0.7,
    )
    expect(normality(sample(128, (random) => (random.random() < 0.85 ? 0.1 : 0.1 + random.random())))).toBeLessThan(
      0.65,
    )
  })

  test('leaves out single numbers that are far off, and says nothing of constant ones', () => {
    const normal = sample(128, (random) => random.normal())
    normal[7] = 1e6
    expect(normality(normal)).toBeGreaterThan(0.97)
    expect(normality(new Float64Array(128).fill(0.3))).toBe(1)
  })
})
