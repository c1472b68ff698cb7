import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startPostgres } from '../../test/support/postgres.ts'
import { getFiles } from '../data/versions/get-files.ts'
import { keepFiles } from '../pipeline/keep-files.ts'
import { collectGarbage } from './collect-garbage.ts'
import { withFolder } from './home-place.ts'
import { openHome } from './open-home.ts'

test('on PostgreSQL files are kept, fetched, forgotten and collected as on SQLite', { timeout: 120_000 }, async () => {
  const postgres = await startPostgres()
  const root = await mkdtemp(path.join(tmpdir(), 'bellwether-garbage-pg-'))
  const home = await openHome(withFolder(postgres.url, path.join(root, 'home')))
  try {
    const folder = path.join(root, 'photos')
    await mkdir(folder)
    const add = async (content: string) => {
      await writeFile(path.join(folder, 'a.txt'), content)
      return keepFiles([folder], { name: 'photos', source: 'photos' }, { ...home, clock: Date.now, indexFolder: null })
    }
    const one = await add('one')
    const two = await add('two')
    await home.datasets.removeDataset(two.id, Date.now())
    // Two days later: the list of files and the pack of the version that was forgotten.
    const options = { now: Date.now() + 2 * 86_400_000, olderThanMs: 86_400_000, dryRun: false }
    expect(await collectGarbage(home, options)).toMatchObject({ blobs: 2, left: 0, unusedInPacks: 0, writers: 0 })
    await getFiles(one.manifest, path.join(root, 'out'), home)
    expect(await readFile(path.join(root, 'out/a.txt'), 'utf8')).toBe('one')
  } finally {
    await home.close()
    await postgres.remove()
    await rm(root, { recursive: true, force: true })
  }
})
