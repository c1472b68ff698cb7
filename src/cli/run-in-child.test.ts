import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openHome } from '../store/open-home.ts'
import { eraseInChild } from './erase-in-child.ts'
import { runInChild } from './run-in-child.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-child-'))
  await (await openHome(folder)).close()
})
afterAll(() => rm(folder, { recursive: true }))

test('a NUL, which no command can be given, is refused as bad input', async () => {
  await expect(
    eraseInChild(folder).erase({ identifier: 'x', columns: ['name\0.json'], dryRun: true }, 'api:test'),
  ).rejects.toMatchObject({ code: 'INVALID_INPUT', status: 400 })
})

test('what the command says is no is its error, and its document the answer', async () => {
  await expect(runInChild(folder, ['runs', 'show', 'nothing'])).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' })
  expect(await runInChild(folder, ['runs', 'list'])).toMatchObject({ runs: [] })
})
