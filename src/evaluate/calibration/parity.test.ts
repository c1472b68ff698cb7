import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CalibrationInput } from './calibrator.ts'
import { fitIsotonic } from './isotonic.ts'
import { fitPlatt } from './platt.ts'
import { fitTemperature } from './temperature.ts'

interface SigmoidFigures {
  a: number
  b: number
  converged?: [number, number]
}

interface Case {
  name: string
  nClasses: number
  codes: number[]
  probabilities: number[][]
  weights: number[] | null
  fresh: number[][]
  sigmoid: SigmoidFigures[]
  sigmoidLogOdds: SigmoidFigures[]
  isotonic: { x: number[]; y: number[] }[]
  temperature: { beta: number; converged?: number }
  calibrated?: Record<'sigmoid' | 'isotonic' | 'temperature', number[][]>
}

const fixture = JSON.parse(readFileSync(new URL('../fixtures/calibration.json', import.meta.url), 'utf8')) as {
  sklearn: string
  cases: Case[]
}

const inputOf = (of: Case): CalibrationInput => ({
  target: {
    task: 'classification',
    codes: Int32Array.from(of.codes),
    classes: Array.from({ length: of.nClasses }, (_, c) => `class ${c}`),
  },
  probabilities: Float64Array.from(of.probabilities.flat()),
  ...(of.weights ? { sampleWeight: Float64Array.from(of.weights) } : {}),
})

function expectNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(expected[i]!)))
  }
}

describe(`calibration against scikit-learn ${fixture.sklearn}`, () => {
  describe.each(fixture.cases)('$name', (of) => {
    const input = inputOf(of)
    const fresh = Float64Array.from(of.fresh.flat())

    test.each([
      ['probability', of.sigmoid],
      ['log-odds', of.sigmoidLogOdds],
    ] as const)('Platt over the %s: as it stops within 1e-5, the optimum within 1e-9', (scale, expected) => {
      const { sigmoids } = fitPlatt(input, { scale })
      sigmoids.forEach(({ a, b }, i) => {
        // L-BFGS stops at a gradient of 1e-6 of the sum over the rows.
        expectNear([a, b], [expected[i]!.a, expected[i]!.b], 1e-5)
        if (expected[i]!.converged) expectNear([a, b], expected[i]!.converged, 1e-9)
      })
    })

    test('isotonic: the very points, values within 1e-12', () => {
      const { curves } = fitIsotonic(input)
      expect(curves.map(({ x }) => [...x])).toEqual(of.isotonic.map(({ x }) => x))
      for (const [i, { y }] of curves.entries()) expectNear(y, of.isotonic[i]!.y, 1e-12)
    })

    test('temperature: as it stops within 1e-7, the optimum within 1e-9', () => {
      const { inverseTemperature } = fitTemperature(input)
      const { beta, converged } = of.temperature
      if (converged !== undefined) {
        // Near its minimum the loss is flat to 1e-16 over some 1e-8 of ln β.
        expectNear([Math.log(inverseTemperature)], [Math.log(beta)], 1e-7)
        expectNear([inverseTemperature], [converged], 1e-9)
      }
      // Without an optimum: everything right, or worse than chance.
      else expect(Math.sign(Math.log(inverseTemperature))).toBe(Math.sign(Math.log(beta)))
    })

    test('calibrated probabilities of fresh rows, with zeros and ones among them, are its own', () => {
      if (!of.calibrated) return expect(of.name).toMatch(/a class without rows|three rows/)
      expectNear(fitPlatt(input, { scale: 'probability' }).apply(fresh), of.calibrated.sigmoid.flat(), 1e-6)
      expectNear(fitIsotonic(input).apply(fresh), of.calibrated.isotonic.flat(), 1e-12)
      expectNear(fitTemperature(input).apply(fresh), of.calibrated.temperature.flat(), 1e-7)
    })
  })
})
