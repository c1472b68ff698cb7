import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { WhatIfAnswer } from '../../src/serve/what-if/what-if.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, writePupilsProject } from '../support/pupils.ts'

const { folder, remove } = temporaryFolder()
afterAll(remove)
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const home = path.join(folder, 'home')
const record = path.join(folder, 'record.json')
const pupils = makePupils(300)

beforeAll(async () => {
  const actionable =
    'models: [baseline, logistic-regression]\nsearch: { trials: 2, folds: 3 }\nserving: { actionable: { "mean grade": { direction: up, max: 20 }, fees paid: {} } }\n'
  const run = await bellwether([
    'run',
    writePupilsProject(path.join(folder, 'pupils'), pupils, actionable),
    '--home',
    home,
    '--json',
  ])
  expect(run.status, run.stderr).toBe(0)
  writeFileSync(record, JSON.stringify({ ...pupils[0], 'mean grade': 7, 'fees paid': false }))
})

test('the smallest change is printed, and the note goes to standard error', async () => {
  const printed = await bellwether(['what-if', 'pupils', '--record', record, '--target', 'pass', '--home', home])
  expect(printed.status, printed.stderr).toBe(0)
  expect(printed.stdout).toMatch(/^Now: fail/)
  expect(printed.stdout).toMatch(/The smallest change[\s\S]*mean grade[\s\S]*Then: pass/)
  expect(printed.stderr).toContain('associations')
  const answer = await bellwether([
    'what-if',
    'pupils',
    '--record',
    record,
    '--target',
    'pass',
    '--home',
    home,
    '--json',
  ])
  const { smallest, fields } = JSON.parse(answer.stdout) as WhatIfAnswer
  expect(smallest!.outcome).toMatchObject({ label: 'pass' })
  expect(fields.map(({ field }) => field)).toEqual(['mean grade', 'fees paid'])
})

test('status 1 says that no change was found, status 2 what was asked wrongly, without a word of the record', async () => {
  const none = await bellwether([
    'what-if',
    'pupils',
    '--record',
    record,
    '--target',
    'pass',
    '--fields',
    'fees paid',
    '--home',
    home,
  ])
  expect([none.status, none.stdout]).toEqual([1, expect.stringContaining('No change of up to 3 fields')])
  const broken = path.join(folder, 'broken.json')
  writeFileSync(broken, '{"remark": "private-words", oops')
  for (const args of [
    ['--record', broken],
    ['--record', record, '--target', 'expelled'],
    ['--record', record, '--target', 'pass', '--min', '3'],
    ['--record', record, '--fields', 'age'],
  ]) {
    const refused = await bellwether(['what-if', 'pupils', ...args, '--home', home])
    expect(refused.status, args.join(' ')).toBe(2)
    expect(refused.stderr).not.toContain('private-words')
  }
})

test('a project that names a column that cannot be changed is refused before anything is trained', async () => {
  const run = await bellwether([
    'run',
    writePupilsProject(path.join(folder, 'bad'), pupils, 'serving: { actionable: { student id: {} } }\n'),
    '--home',
    home,
  ])
  expect([run.status, run.stderr]).toEqual([2, expect.stringContaining('serving.actionable.student id')])
})
