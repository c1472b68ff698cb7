import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { environmentStamp, findSuites, isCurrent, STAMP_FILE } from './interop-environments.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'bellwether-interop-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

function place(file: string, content = ''): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true })
  writeFileSync(path.join(folder, file), content)
}

test('a folder with tests is a suite, and each requirements file in it an environment', () => {
  place('dvc/pull.interop.ts')
  place('dvc/requirements.txt', 'dvc==3.1\n')
  place('alpha/a.interop.ts')
  place('alpha/requirements.txt')
  place('alpha/requirements-2.txt')
  place('notes/readme.md')
  place('.venvs/dvc/bin/x.interop.ts')
  const suites = findSuites(folder)
  expect(suites.map(({ name, environments }) => [name, environments.map((one) => one.name)])).toEqual([
    ['alpha', ['alpha-2', 'alpha']],
    ['dvc', ['dvc']],
  ])
  expect(suites[1]!.environments[0]!.folder).toBe(path.join(folder, '.venvs/dvc'))
})

test('there are no suites where there is no folder', () => {
  expect(findSuites(path.join(folder, 'nothing'))).toEqual([])
})

test('an environment is current until its requirements or the Python change', () => {
  place('dvc/pull.interop.ts')
  place('dvc/requirements.txt', 'dvc==3.1\n')
  const environment = findSuites(folder)[0]!.environments[0]!
  const stamp = environmentStamp(environment.requirements, 'Python 3.11.7')
  expect(isCurrent(environment, stamp)).toBe(false)
  place(`.venvs/dvc/${STAMP_FILE}`, stamp)
  expect(isCurrent(environment, stamp)).toBe(true)
  expect(isCurrent(environment, environmentStamp(environment.requirements, 'Python 3.12.1'))).toBe(false)
  place('dvc/requirements.txt', 'dvc==3.2\n')
  expect(isCurrent(environment, environmentStamp(environment.requirements, 'Python 3.11.7'))).toBe(false)
})
