import { describe, expect, test } from 'vitest'
import { NO_DATASETS } from '../../test/support/test-notes.ts'
import { parseNote, readVitestReport } from './vitest-report.ts'

const ok = { exitCode: 0, seconds: 2, root: '/repo' }

function json(...tests: { name: string; status: string; suite?: string }[]): string {
  const assertionResults = tests.map(({ name, status, suite }) => ({
    fullName: name,
    status,
    ancestorTitles: suite ? [suite] : [],
  }))
  const status = tests.some((test) => test.status === 'failed') ? 'failed' : 'passed'
  return JSON.stringify({ testResults: [{ name: '/repo/src/a.test.ts', status, assertionResults }] })
}

describe('reading what Vitest reports', () => {
  test('passed and failed tests are counted and failures named with their file', () => {
    const report = readVitestReport(
      'unit',
      json({ name: 'adds', status: 'passed' }, { name: 'halves', status: 'failed' }),
      [],
      { ...ok, exitCode: 1 },
    )
    expect(report).toMatchObject({ passed: 1, failed: 1, failures: ['src/a.test.ts > halves'] })
  })

  test('a skipped test carries the reason that its suite left', () => {
    const report = readVitestReport(
      'unit',
      json({ name: 'real rows fit', status: 'skipped', suite: 'real rows' }, { name: 'later', status: 'todo' }),
      [{ name: 'real rows', reason: NO_DATASETS }],
      ok,
    )
    expect(report.notRun).toEqual([
      { name: 'src/a.test.ts > real rows fit', reason: NO_DATASETS, forWantOfData: true },
      { name: 'src/a.test.ts > later', reason: 'skipped in its file', forWantOfData: false },
    ])
  })

  test('a note for the whole step is the reason of every test that was skipped', () => {
    const report = readVitestReport(
      'browser',
      json({ name: 'a page opens', status: 'skipped', suite: 'pages' }),
      [{ name: 'browser', reason: 'no browser' }],
      ok,
    )
    expect(report.notRun).toEqual([
      { name: 'src/a.test.ts > a page opens', reason: 'no browser', forWantOfData: false },
    ])
  })

  test('a note without a test of its suite is still named', () => {
    const report = readVitestReport(
      'browser',
      json({ name: 'adds', status: 'passed' }),
      [{ name: 'the page', reason: 'no browser' }],
      ok,
    )
    expect(report.notRun).toEqual([{ name: 'the page', reason: 'no browser', forWantOfData: false }])
  })

  test('a file that does not load is a failure', () => {
    const broken = JSON.stringify({
      testResults: [
        { name: '/repo/src/b.test.ts', status: 'failed', message: 'No such import\nat', assertionResults: [] },
      ],
    })
    expect(readVitestReport('unit', broken, [], { ...ok, exitCode: 1 })).toMatchObject({
      failed: 1,
      failures: ['src/b.test.ts (No such import)'],
    })
  })

  test('a run that crashed without a report is a failure', () => {
    expect(readVitestReport('unit', null, [], { ...ok, exitCode: 137 })).toMatchObject({ passed: 0, failed: 1 })
  })

  test('a bad status with every test passed is a failure', () => {
    expect(
      readVitestReport('unit', json({ name: 'adds', status: 'passed' }), [], { ...ok, exitCode: 1 }),
    ).toMatchObject({ passed: 1, failed: 1 })
  })
})

test('a note splits into the suite, colons and all, and the reason', () => {
  expect(parseNote(`UCI 697: folds: ${NO_DATASETS}\n`)).toEqual({ name: 'UCI 697: folds', reason: NO_DATASETS })
  expect(parseNote('the page: no browser here\n')).toEqual({ name: 'the page', reason: 'no browser here' })
})
