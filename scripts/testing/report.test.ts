import { describe, expect, test } from 'vitest'
import { type StepReport, summarise } from './report.ts'

const clean: StepReport = { step: 'unit', passed: 3, failed: 0, seconds: 1.25, notRun: [], failures: [] }
const wanting: StepReport = { ...clean, notRun: [{ name: 'on real rows', reason: 'needs data', forWantOfData: true }] }
const skipping: StepReport = {
  ...clean,
  notRun: [{ name: 'in a browser', reason: 'no browser', forWantOfData: false }],
}

describe('the summary of npm test', () => {
  test('ends with the counts of all steps', () => {
    const { lines, exitCode } = summarise([clean, { ...clean, step: 'browser', passed: 2 }], { ci: false })
    expect(lines.at(-1)).toBe('5 passed, 0 failed')
    expect(exitCode).toBe(0)
  })

  test('a failure anywhere gives status 1 and is named', () => {
    const { lines, exitCode } = summarise([{ ...clean, failed: 1, failures: ['a.test.ts > adds'] }, clean], {
      ci: false,
    })
    expect(lines.at(-1)).toBe('6 passed, 1 failed')
    expect(lines).toContain('  unit: a.test.ts > adds')
    expect(exitCode).toBe(1)
  })

  test('a test that could not run is named, and fails in CI alone', () => {
    const here = summarise([skipping], { ci: false })
    expect(here.lines.join('\n')).toContain('  no browser\n    in a browser')
    expect(here.lines.at(-1)).toBe('3 passed, 0 failed, 1 skipped')
    expect(here.exitCode).toBe(0)
    const inCi = summarise([skipping], { ci: true })
    expect(inCi.lines.join('\n')).toContain('  no browser\n    in a browser')
    expect(inCi.lines.at(-1)).toBe('3 passed, 1 failed')
    expect(inCi.exitCode).toBe(1)
  })

  test('tests that want the real data are named and fail nowhere', () => {
    const { lines, exitCode } = summarise([wanting], { ci: true })
    expect(lines.join('\n')).toContain('  needs data\n    on real rows')
    expect(lines.at(-1)).toBe('3 passed, 0 failed, 1 skipped')
    expect(exitCode).toBe(0)
  })

  test('a run that tested nothing is no success', () => {
    expect(summarise([], { ci: false }).exitCode).toBe(1)
  })
})
