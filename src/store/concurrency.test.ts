import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { someVersion } from '../track/testing/open-stores.ts'
import { openHome } from './open-home.ts'
import { finished, startScript } from './testing/run-script.ts'

test('two processes that register at once get version numbers without gaps or twins', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-two-'))
  const home = await openHome(path.join(folder, 'home'))
  const version = await someVersion({ ...home, close: async () => {} }, { aliases: ['champion'] })
  const described = path.join(folder, 'version.json')
  await writeFile(described, JSON.stringify({ ...version, metrics: { f1_macro: 0.7 } }))
  const each = 25
  const results = await Promise.all(
    [0, 1].map(() => finished(startScript('./register-script.ts', [home.folder, described, String(each)]))),
  )
  expect(results.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual([
    { exitCode: 0, stderr: '' },
    { exitCode: 0, stderr: '' },
  ])
  const numbers = results.flatMap(({ stdout }) => JSON.parse(stdout) as number[])
  expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 2 * each }, (_, index) => index + 1))
  // A process that had the home open all along sees what the others wrote.
  expect(await home.models.model('grades')).toMatchObject({ latestVersion: 2 * each, aliases: { champion: 2 * each } })
  expect(await home.models.verifyLedger()).toEqual({ entries: 4 * each, brokenAt: null })
  await home.close()
  await rm(folder, { recursive: true })
})

test('processes that make one home at once make one home', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-make-'))
  const root = path.join(folder, 'new', 'home')
  const results = await Promise.all(
    [0, 1, 2].map(() => finished(startScript('./open-home-script.ts', [root, 'write']))),
  )
  for (const { stdout, stderr } of results)
    expect({ runs: (JSON.parse(stdout) as { runs: number }).runs, stderr }).toEqual({
      runs: expect.any(Number),
      stderr: '',
    })
  const home = await openHome(root, { create: false })
  expect(await home.tracking.runs({})).toHaveLength(3)
  expect(await home.tracking.experiments()).toHaveLength(1)
  await home.close()
  expect((await readdir(root)).sort()).toEqual(['bellwether.db', 'blobs'])
  await rm(folder, { recursive: true })
})
