import { chmod, mkdir, mkdtemp, readdir, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openHome } from './open-home.ts'
import { loadSqlite } from './sqlite/load-sqlite.ts'
import { finished, type ScriptResult, startScript } from './testing/run-script.ts'

const parse = ({ stdout, stderr }: ScriptResult) => ({
  ...(JSON.parse(stdout) as { error?: string; message?: string; hint?: string; runs?: number }),
  stderr,
})
const modeOf = async (place: string) => ((await stat(place)).mode & 0o777).toString(8)

describe('a home', () => {
  let folder: string
  let root: string
  beforeEach(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-home-'))
    root = path.join(folder, 'state', 'home')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  const make = async () => (await openHome(root)).close()

  test('is made with everything above it, for its owner alone', async () => {
    const umask = process.umask(0)
    try {
      const home = await openHome(root)
      const hash = await home.blobs.put(new Uint8Array(3))
      await home.tracking.ensureExperiment('a', 1)
      expect(await modeOf(root)).toBe('700')
      for (const file of ['bellwether.db', 'bellwether.db-wal', 'bellwether.db-shm'])
        expect([file, await modeOf(path.join(root, file))]).toEqual([file, '600'])
      const file = path.join(root, 'blobs', hash.slice(7, 9), hash.slice(7))
      expect(await modeOf(file)).toBe('600')
      expect(await modeOf(path.dirname(file))).toBe('700')
      await home.close()
    } finally {
      process.umask(umask)
    }
    expect((await readdir(root)).sort()).toEqual(['bellwether.db', 'blobs'])
  })

  test('an empty folder becomes one, a folder with other things in it keeps its permissions', async () => {
    await mkdir(root, { recursive: true })
    await chmod(root, 0o755)
    await make()
    expect(await modeOf(root)).toBe('700')
    const shared = path.join(folder, 'shared')
    await mkdir(shared)
    await writeFile(path.join(shared, 'notes.txt'), '')
    await chmod(shared, 0o755)
    await (await openHome(shared)).close()
    expect(await modeOf(shared)).toBe('755')
    expect(await modeOf(path.join(shared, 'bellwether.db'))).toBe('600')
  })

  test('keeps what was written, for the next that opens it', async () => {
    const home = await openHome(root)
    await home.tracking.ensureExperiment('a', 1)
    await home.close()
    for (const readOnly of [false, true]) {
      const again = await openHome(root, { readOnly })
      expect(await again.tracking.experiments()).toHaveLength(1)
      await again.close()
    }
  })

  test('opened for reading sees what a writer commits meanwhile, and writes nothing itself', async () => {
    const writer = await openHome(root)
    const reader = await openHome(root, { readOnly: true })
    await writer.tracking.ensureExperiment('a', 1)
    expect(await reader.tracking.experiments()).toHaveLength(1)
    await expect(reader.tracking.ensureExperiment('b', 1)).rejects.toMatchObject({ code: 'HOME_READ_ONLY' })
    await expect(reader.blobs.put(new Uint8Array(1))).rejects.toMatchObject({ code: 'HOME_READ_ONLY' })
    await reader.close()
    await writer.close()
  })

  test('that is not there is HOME_NOT_FOUND where it may not be made, and nothing is left', async () => {
    await expect(openHome(root, { create: false })).rejects.toMatchObject({
      code: 'HOME_NOT_FOUND',
      message: expect.stringContaining(root),
    })
    await expect(openHome(root, { readOnly: true })).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    expect(await readdir(folder)).toEqual([])
    await mkdir(root, { recursive: true })
    await expect(openHome(root, { create: false })).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    await expect(openHome(root, { readOnly: true })).rejects.toMatchObject({ code: 'HOME_NOT_FOUND' })
    expect(await readdir(root)).toEqual([])
  })

  test('a file where the folder, or a folder above it, should be is HOME_NOT_A_FOLDER', async () => {
    const file = path.join(folder, 'file')
    await writeFile(file, 'mine')
    for (const place of [file, path.join(file, 'below'), path.join(file, 'far', 'below')]) {
      await expect(openHome(place)).rejects.toMatchObject({
        code: 'HOME_NOT_A_FOLDER',
        message: expect.stringContaining(file),
      })
    }
    expect(await readdir(folder)).toEqual(['file'])
  })

  test('a link to a folder that is gone, and a folder where the database should be, are clear errors', async () => {
    await symlink(path.join(folder, 'nowhere'), path.join(folder, 'link'))
    await expect(openHome(path.join(folder, 'link'))).rejects.toMatchObject({
      code: expect.stringMatching(/^(HOME|STORAGE)_/),
    })
    await mkdir(path.join(root, 'bellwether.db'), { recursive: true })
    await expect(openHome(root)).rejects.toMatchObject({ code: expect.stringMatching(/^(HOME|STORAGE)_/) })
  })

  test('a folder that this user may not write is HOME_DENIED, and nothing is left behind', async () => {
    await chmod(folder, 0o755)
    const denied = path.join(folder, 'denied')
    await mkdir(denied)
    await chmod(denied, 0o555)
    for (const place of [denied, path.join(denied, 'home')]) {
      const outcome = parse(
        await finished(startScript('./open-home-script.ts', [place, 'write'], { asOrdinaryUser: true })),
      )
      expect(outcome).toMatchObject({ error: 'HOME_DENIED', message: expect.stringContaining(denied), stderr: '' })
    }
    expect(await readdir(denied)).toEqual([])
  })

  test('a home that this user may not read is HOME_DENIED', async () => {
    await make()
    await chmod(folder, 0o755)
    await chmod(path.dirname(root), 0o755)
    await chmod(root, 0o000)
    const outcome = parse(
      await finished(startScript('./open-home-script.ts', [root, 'read'], { asOrdinaryUser: true })),
    )
    await chmod(root, 0o700)
    expect(outcome).toMatchObject({ error: 'HOME_DENIED', stderr: '' })
  })

  test('a file that is no database, or a damaged one, is HOME_CORRUPT and stays as it is', async () => {
    await mkdir(root, { recursive: true })
    const file = path.join(root, 'bellwether.db')
    await writeFile(file, 'This is a letter, and not a database.'.repeat(100))
    for (const readOnly of [false, true])
      await expect(openHome(root, { readOnly })).rejects.toMatchObject({
        code: 'HOME_CORRUPT',
        message: expect.stringContaining(file),
      })
    expect((await stat(file)).size).toBe(3700)
  })

  test('an empty file in the place of the database is HOME_CORRUPT, not a new home', async () => {
    await make()
    const file = path.join(root, 'bellwether.db')
    await writeFile(file, '')
    for (const readOnly of [false, true])
      await expect(openHome(root, { readOnly })).rejects.toMatchObject({ code: 'HOME_CORRUPT' })
    expect((await stat(file)).size).toBe(0)
  })

  test('from a newer program is HOME_TOO_NEW', async () => {
    await make()
    const { DatabaseSync } = loadSqlite()
    const database = new DatabaseSync(path.join(root, 'bellwether.db'))
    database.exec(`INSERT INTO schema_migrations VALUES (99, '0099-future')`)
    database.close()
    for (const readOnly of [false, true])
      await expect(openHome(root, { readOnly })).rejects.toMatchObject({ code: 'HOME_TOO_NEW' })
  })

  test('of a killed writer is cleaned of leftovers older than an hour, and of nothing else', async () => {
    await make()
    const old = new Date(Date.now() - 2 * 60 * 60 * 1000)
    for (const place of [root, path.join(root, 'blobs')]) {
      for (const name of ['.tmp-1-old', '.tmp-2-new', 'kept']) await writeFile(path.join(place, name), 'x')
      for (const name of ['.tmp-1-old', 'kept']) await utimes(path.join(place, name), old, old)
    }
    await make()
    expect((await readdir(root)).sort()).toEqual(['.tmp-2-new', 'bellwether.db', 'blobs', 'kept'])
    expect((await readdir(path.join(root, 'blobs'))).sort()).toEqual(['.tmp-2-new', 'kept'])
  })

  test('says nothing on standard error when it is opened by a fresh process', async () => {
    const outcome = parse(await finished(startScript('./open-home-script.ts', [root, 'write'])))
    expect(outcome).toEqual({ runs: 1, stderr: '' })
  })

  describe('where files may not grow', () => {
    // The operating system's limit on a file's size stands in for a full disk: its write fails half-way in the same place. In blocks of 512 bytes.
    const limited = (blocks: number) => ({ before: `ulimit -f ${blocks}` })

    test('a home that can not be made whole leaves nothing behind', async () => {
      const outcome = parse(await finished(startScript('./open-home-script.ts', [root, 'write'], limited(20))))
      expect(outcome).toMatchObject({
        error: expect.stringMatching(/^STORAGE_(FULL|FAILED)$/),
        message: expect.stringContaining(folder),
        stderr: '',
      })
      expect(await readdir(folder)).toEqual([])
    })

    test('a blob that does not fit is STORAGE_FULL and leaves no file', async () => {
      await make()
      const outcome = parse(
        await finished(startScript('./open-home-script.ts', [root, 'write', '2000000'], limited(2000))),
      )
      expect(outcome).toMatchObject({ error: 'STORAGE_FULL', message: expect.stringContaining('blobs'), stderr: '' })
      const files = (await readdir(path.join(root, 'blobs'), { recursive: true, withFileTypes: true })).filter(
        (entry) => entry.isFile(),
      )
      expect(files).toEqual([])
    })
  })
})
