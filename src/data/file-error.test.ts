import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { fileError } from './file-error.ts'
import { readTable } from './read-table.ts'
import { writeFileWhole } from './write-file-whole.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'bellwether-file-'))
  return () => rm(folder, { recursive: true, force: true })
})

test.runIf(existsSync('/dev/full'))('a full disk has its own code', async () => {
  const error = fileError(await writeFile('/dev/full', 'x').catch((cause: unknown) => cause), 'out.csv')
  expect(error).toMatchObject({ code: 'DISK_FULL', message: expect.stringContaining('out.csv') })
})

test.runIf(process.platform !== 'win32')('a file that may not grow further is a full disk, too', () => {
  const write = `import { writeFile } from 'node:fs/promises'
    import { fileError } from ${JSON.stringify(new URL('./file-error.ts', import.meta.url).href)}
    const cause = await writeFile(${JSON.stringify(path.join(folder, 'out.csv'))}, 'x'.repeat(100_000)).catch((error) => error)
    console.log(fileError(cause, 'out.csv').code)`
  const told = execFileSync(
    'sh',
    ['-c', 'ulimit -f 8; exec "$0" --input-type=module -e "$1"', process.execPath, write],
    { encoding: 'utf8' },
  )
  expect(told).toBe('DISK_FULL\n')
})

test('a path that leads in a circle is unreadable', async () => {
  const link = path.join(folder, 'circle.csv')
  await symlink(link, link)
  await expect(readTable(link)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('ELOOP'),
  })
})

test('a file that this user may not read is unreadable', async () => {
  const denied = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })
  expect(fileError(denied, 'x.csv')).toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining('EACCES'),
  })
})

test('an error that says nothing about a file passes unchanged', () => {
  const error = new TypeError('x')
  expect(fileError(error, 'x.csv')).toBe(error)
})

test('a file is written whole or not at all', async () => {
  const file = path.join(folder, 'deep', 'x.csv')
  await writeFileWhole(file, Buffer.from('one'))
  await writeFileWhole(file, Buffer.from('two'))
  expect(await readdir(path.dirname(file))).toEqual(['x.csv'])
  await expect(writeFileWhole(path.join(file, 'y.csv'), Buffer.from('x'))).rejects.toBeDefined()
  expect(await readdir(path.dirname(file))).toEqual(['x.csv'])
})
