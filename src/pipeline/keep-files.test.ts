import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { getFiles, listFiles } from '../data/versions/get-files.ts'
import { type Home, openHome } from '../store/open-home.ts'
import { keepFiles } from './keep-files.ts'

// Disks and machines of tests are slow at times.
vi.setConfig({ testTimeout: 120_000 })

let root = ''
let home: Home
let folder = ''
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'bellwether-files-'))
  home = await openHome(path.join(root, 'home'))
  folder = path.join(root, 'photos')
  await mkdir(path.join(folder, 'inner'), { recursive: true })
})
afterEach(async () => {
  await home.close()
  await rm(root, { recursive: true, force: true })
})

const keep = (paths: readonly string[] = [folder]) =>
  keepFiles(
    paths,
    { name: 'photos', source: 'photos' },
    { ...home, clock: Date.now, indexFolder: path.join(home.folder, 'file-index') },
  )
const write = async (name: string, content: string | Uint8Array, old = true) => {
  const file = path.join(folder, name)
  await writeFile(file, content)
  // As if it had been written a while ago; what was written a moment ago is read again.
  if (old) await utimes(file, new Date(), new Date(Date.now() - 60_000))
}
/** Bytes that neither compress nor repeat. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let i = 0, state = seed; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    bytes[i] = state >>> 24
  }
  return bytes
}

async function contents(of: string): Promise<Record<string, string>> {
  const entries = await readdir(of, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name))
  const pairs = await Promise.all(
    files.map(async (file) => [path.relative(of, file), (await readFile(file)).toString('base64')] as const),
  )
  return Object.fromEntries(pairs.sort())
}

describe('a folder that is added', () => {
  test('comes back byte for byte: empty files, small ones, large ones, any names', async () => {
    await write('a.txt', 'one')
    await write('empty', '')
    await write('same.txt', 'one')
    await write('inner/Ä "b"\n.txt', 'two')
    await write('inner.txt', 'sorts between')
    await write('large.bin', noise(11_000_000, 1))
    await write('larger.bin', Buffer.concat([noise(11_000_000, 1), noise(4 * 1024 * 1024, 2)]))
    const added = await keep()
    expect(added).toMatchObject({ nFiles: 7, nRead: 7 })
    const out = path.join(root, 'out')
    expect(await getFiles(added.manifest, out, home)).toEqual({ nFiles: 7 })
    expect(await contents(out)).toEqual(await contents(folder))
    // The second large file is the first with more behind: only that is kept again.
    expect(added.newBytes).toBeLessThan(11_000_000 + 5 * 1024 * 1024)
    expect(await home.datasets.dataset(added.id)).toMatchObject({ name: 'photos', files: { nFiles: 7 } })
  })

  test('has the same id wherever it is, whatever else is kept, and another one after any change', async () => {
    await write('a.txt', 'one')
    await write('b.txt', 'two')
    const first = await keep()
    await rename(folder, path.join(root, 'moved'))
    const moved = await keep([path.join(root, 'moved')])
    expect(moved.id).toBe(first.id)
    await rename(path.join(root, 'moved'), folder)
    await rename(path.join(folder, 'a.txt'), path.join(folder, 'c.txt'))
    expect((await keep()).id).not.toBe(first.id)
    await rename(path.join(folder, 'c.txt'), path.join(folder, 'a.txt'))
    await write('a.txt', 'ONE')
    expect((await keep()).id).not.toBe(first.id)
    await write('a.txt', 'one')
    expect((await keep()).id).toBe(first.id)
    const log = await home.datasets.log({ name: 'photos' })
    expect(log).toHaveLength(4)
    expect(log[0]!.id).toBe(first.id)
  })

  test('is not read again where nothing changed, and a changed file alone is', async () => {
    for (let i = 0; i < 50; i++) await write(`${i}.txt`, `file ${i}`)
    await write('large.bin', noise(1_000_000, 3))
    const first = await keep()
    expect(first.nRead).toBe(51)
    const second = await keep()
    expect(second).toMatchObject({ id: first.id, nRead: 0, newChunks: 0 })
    await write('7.txt', 'FILE 7')
    const third = await keep()
    expect(third).toMatchObject({ nRead: 1, newChunks: 1 })
    expect(third.id).not.toBe(first.id)
    const files = await listFiles((await home.datasets.dataset(third.id)).blob, home.blobs)
    expect(files.find((file) => file.path === 'large.bin')!.chunks.length).toBeGreaterThan(5)
    await rm(path.join(folder, '7.txt'))
    expect(await keep()).toMatchObject({ nFiles: 50, nRead: 0 })
  })

  test('is read again where a program set the time back, or the file was written just now', async () => {
    await write('a.txt', 'one')
    const first = await keep()
    await write('a.txt', 'eno')
    expect((await keep()).id).not.toBe(first.id)
    await write('b.txt', 'new', false)
    await keep()
    expect((await keep()).nRead).toBe(1)
  })

  test('leaves no version where a file cannot be read, or is none', async () => {
    await write('a.txt', 'one')
    await symlink('/etc/passwd', path.join(folder, 'link'))
    await expect(keep()).rejects.toMatchObject({
      code: 'FILE_NOT_REGULAR',
      message: expect.stringContaining('symbolic link'),
    })
    await rm(path.join(folder, 'link'))
    if (process.getuid?.() !== 0) {
      await chmod(path.join(folder, 'a.txt'), 0)
      await expect(keep()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    }
    await expect(keep([path.join(root, 'nope')])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    await expect(keep([path.join(folder, 'inner')])).rejects.toMatchObject({ code: 'NO_FILES' })
    await expect(keep([folder, path.join(root, 'x', 'photos')])).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' })
    expect(await home.datasets.datasets()).toEqual([])
  })

  test('several paths stand side by side under their names', async () => {
    await write('a.txt', 'one')
    await write('inner/b.txt', 'two')
    const added = await keep([path.join(folder, 'inner'), path.join(folder, 'a.txt')])
    const files = await listFiles(added.manifest, home.blobs)
    expect(files.map((file) => file.path)).toEqual(['a.txt', 'inner/b.txt'])
  })
})

describe('a version that is fetched', () => {
  test('does not touch what is in its place, and leaves nothing behind where a pack is damaged', async () => {
    await write('a.txt', 'one')
    const { manifest } = await keep()
    const out = path.join(root, 'out')
    await mkdir(out)
    await writeFile(path.join(out, 'mine'), '')
    await expect(getFiles(manifest, out, home)).rejects.toMatchObject({ code: 'TARGET_EXISTS' })
    await rm(path.join(out, 'mine'))
    const [place] = (await home.chunks.locate([(await listFiles(manifest, home.blobs))[0]!.sha256])).values()
    const pack = place!.pack.slice(7)
    const file = path.join(home.folder, 'blobs', pack.slice(0, 2), pack)
    const bytes = await readFile(file)
    bytes[bytes.length - 1]! ^= 1
    await writeFile(file, bytes)
    await expect(getFiles(manifest, out, home)).rejects.toMatchObject({ code: 'BLOB_CORRUPT' })
    expect((await readdir(root)).sort()).toEqual(['home', 'out', 'photos'])
    expect(await readdir(out)).toEqual([])
  })

  test('a list of files whose paths lead elsewhere is refused before anything is written', async () => {
    const hash = 'a'.repeat(64)
    for (const name of ['../x', '/etc/x', 'a/../../x', 'a//b', '', '.', 'a/./b', 'a\0b']) {
      const lines = ['{"format":"bellwether-tree","version":1}', JSON.stringify({ path: name, size: 0, sha256: hash })]
      const manifest = await home.blobs.put(Buffer.from(`${lines.join('\n')}\n`))
      await expect(getFiles(manifest, path.join(root, 'out'), home)).rejects.toMatchObject({ code: 'MANIFEST_INVALID' })
    }
    expect((await readdir(root)).sort()).toEqual(['home', 'photos'])
  })
})
