import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import S3rver from 's3rver'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { s3Client } from '../../sources/read-s3.ts'
import { readSource } from '../../sources/read-source.ts'
import { dvcFiles } from './dvc-files.ts'
import { dvcFolder, parseDvcFolder } from './dvc-folder.ts'
import { dvcMd5 } from './dvc-md5.ts'
import { dvcPointer, parseDvcPointer } from './dvc-pointer.ts'
import { exportDvc } from './export-dvc.ts'
import { resolveDvc } from './resolve-dvc.ts'

// Disks and machines of tests are slow at times.
vi.setConfig({ testTimeout: 120_000 })

let root = ''
let repository = ''
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'bellwether-dvc-'))
  repository = path.join(root, 'repository')
  await mkdir(path.join(repository, '.dvc'), { recursive: true })
})
afterEach(() => rm(root, { recursive: true, force: true }))

const md5Of = (text: string) => createHash('md5').update(text).digest('hex')
const scratch = () => mkdtemp(path.join(root, 'scratch-'))

/** Puts an object into a cache or remote in the layout of DVC 2 or 3. */
async function putObject(place: string, layout: 2 | 3, md5: string, content: string, suffix = ''): Promise<void> {
  const folder = path.join(place, ...(layout === 3 ? ['files', 'md5'] : []), md5.slice(0, 2))
  await mkdir(folder, { recursive: true })
  await writeFile(path.join(folder, md5.slice(2) + suffix), content)
}

/** A folder of two files in a place, and the pointer to it. */
async function putFolder(place: string, layout: 2 | 3): Promise<string> {
  const files = { 'a.txt': 'one\r\n', 'in/b.txt': 'two\n' }
  const entries: { md5: string; relpath: string }[] = []
  for (const [relpath, content] of Object.entries(files)) {
    const md5 = md5Of(layout === 2 ? content.replaceAll('\r\n', '\n') : content)
    await putObject(place, layout, md5, content)
    entries.push({ md5, relpath })
  }
  const list = dvcFolder(entries)
  await putObject(place, layout, md5Of(list), list, '.dir')
  const hash = layout === 3 ? '  hash: md5\n' : ''
  return `outs:\n- md5: ${md5Of(list)}.dir\n  size: 9\n  nfiles: 2\n${hash}  path: data\n`
}

describe.each([2, 3] as const)('what DVC %i keeps', (layout) => {
  test.each(['cache', 'remote', 'remote named beside it'])('is found in its %s', async (where) => {
    const remote = path.join(root, 'remote')
    const pointer = path.join(repository, 'sub', 'data.dvc')
    await mkdir(path.dirname(pointer))
    await writeFile(pointer, await putFolder(where === 'cache' ? path.join(repository, '.dvc/cache') : remote, layout))
    if (where === 'remote')
      await writeFile(
        path.join(repository, '.dvc/config'),
        `[core]\n    remote = store\n['remote "other"']\n    url = /nowhere\n['remote "store"']\n    url = ../../remote\n`,
      )
    const contents = await resolveDvc(pointer, {
      scratch: await scratch(),
      ...(where === 'remote named beside it' ? { remote } : {}),
    })
    const files = await Promise.all(
      dvcFiles(contents).map(async ({ path: name, file }) => [name, await readFile(file, 'utf8')]),
    )
    expect(files).toEqual([
      ['a.txt', 'one\r\n'],
      ['in/b.txt', 'two\n'],
    ])
  })

  test('is refused where its content is another than its name says', async () => {
    const cache = path.join(repository, '.dvc/cache')
    const pointer = path.join(repository, 'data.dvc')
    await writeFile(pointer, await putFolder(cache, layout))
    await putObject(cache, layout, md5Of('two\n'), 'TWO\n')
    await expect(resolveDvc(pointer, { scratch: root })).rejects.toMatchObject({ code: 'DVC_OBJECT_CORRUPT' })
    await rm(cache, { recursive: true })
    await expect(resolveDvc(pointer, { scratch: root })).rejects.toMatchObject({ code: 'DVC_OBJECT_MISSING' })
  })
})

describe('a pointer', () => {
  test('of a pipeline names the outputs of all its stages', async () => {
    const cache = path.join(repository, '.dvc/cache')
    for (const text of ['one', 'two']) await putObject(cache, 3, md5Of(text), text)
    const stage = (name: string, text: string) =>
      `  ${name}:\n    cmd: make\n    deps:\n    - path: in\n      hash: md5\n      md5: ${md5Of('x')}\n      size: 1\n    outs:\n    - path: out/${name}.bin\n      hash: md5\n      md5: ${md5Of(text)}\n      size: 3\n`
    const lock = path.join(repository, 'dvc.lock')
    await writeFile(
      lock,
      `schema: '2.0'\nstages:\n${stage('prepare', 'one')}${stage('train', 'two')}  plain:\n    cmd: ls\n`,
    )
    const contents = await resolveDvc(lock, { scratch: root })
    expect(dvcFiles(contents).map((file) => file.path)).toEqual(['out/prepare.bin', 'out/train.bin'])
  })

  test('that is none is refused, and so is a list of files that leads elsewhere', async () => {
    const md5 = 'a'.repeat(32)
    for (const text of [
      '',
      'x',
      'outs: []',
      '- a',
      'outs:\n- path: a',
      `outs:\n- path: a\n  md5: ../../${md5}`,
      `outs:\n- path: a\n  md5: ${md5}\n  hash: sha256`,
      'a: [',
    ]) {
      expect(() => parseDvcPointer(text, 'x.dvc'), text).toThrow(expect.objectContaining({ code: 'DVC_INVALID' }))
    }
    for (const relpath of ['../x', '/etc/x', 'a/../../x', '']) {
      const list = JSON.stringify([{ md5, relpath }])
      expect(() => parseDvcFolder(list, 'x'), relpath).toThrow(expect.objectContaining({ code: 'DVC_INVALID' }))
    }
    expect(() => parseDvcFolder('{}', 'x')).toThrow(expect.objectContaining({ code: 'DVC_INVALID' }))
  })

  test('to a kind of remote that is not read says what to do', async () => {
    const pointer = path.join(repository, 'data.dvc')
    await writeFile(pointer, `outs:\n- md5: ${'a'.repeat(32)}\n  path: data\n`)
    await writeFile(path.join(repository, '.dvc/config'), `['remote "r"']\n    url = ssh://host/path\n`)
    await expect(resolveDvc(pointer, { scratch: root })).rejects.toMatchObject({ code: 'DVC_REMOTE_UNSUPPORTED' })
  })

  test('of a table is a source of data', async () => {
    const text = 'a,b\n1,x\n2,y\n'
    await putObject(path.join(repository, '.dvc/cache'), 3, md5Of(text), text)
    const pointer = path.join(repository, 't.csv.dvc')
    await writeFile(
      pointer,
      dvcPointer({ path: 't.csv', md5: md5Of(text), sizeBytes: text.length, nFiles: null, version: 3 }),
    )
    const table = await readSource(pointer)
    expect(table.columns.map(({ name, values }) => [name, ...values])).toEqual([
      ['a', '1', '2'],
      ['b', 'x', 'y'],
    ])
  })

  test('is written as DVC writes it', () => {
    const output = {
      path: 'pics',
      md5: '00389c10c6b2c925ef0204fc02580420',
      sizeBytes: 9,
      nFiles: 3,
      version: 3 as const,
    }
    expect(dvcPointer({ ...output, version: 2 })).toBe(
      'outs:\n- md5: 00389c10c6b2c925ef0204fc02580420.dir\n  size: 9\n  nfiles: 3\n  path: pics\n',
    )
    expect(dvcPointer(output)).toBe(
      'outs:\n- md5: 00389c10c6b2c925ef0204fc02580420.dir\n  size: 9\n  nfiles: 3\n  hash: md5\n  path: pics\n',
    )
    for (const name of ['a: b', 'true', '-x', 'ü "q"\n', '12'])
      expect(parseDvcPointer(dvcPointer({ ...output, path: name }), 'x')[0]).toMatchObject({
        path: name,
        isFolder: true,
      })
  })
})

test('the hash of a folder is that of DVC 3.67, with names that are not ASCII', () => {
  // `dvc add` of a folder with crlf.txt ("a\r\nb\r\n"), empty, and "in/ü b.txt" ("é\n").
  const entries = [
    { md5: md5Of('é\n'), relpath: 'in/ü b.txt' },
    { md5: md5Of(''), relpath: 'empty' },
    { md5: md5Of('a\r\nb\r\n'), relpath: 'crlf.txt' },
  ]
  expect(md5Of(dvcFolder(entries))).toBe('00389c10c6b2c925ef0204fc02580420')
})

test('the hash of a text by DVC 2 is that of its lines with other ends, and of other content that of its bytes', async () => {
  const file = path.join(root, 'file')
  await writeFile(file, 'a\r\nb\r')
  expect(await dvcMd5(file)).toEqual({
    md5: md5Of('a\r\nb\r'),
    dos2unix: md5Of('a\nb\r'),
    isText: true,
    sizeBytes: 5,
  })
  await writeFile(file, 'a\0\r\n')
  expect(await dvcMd5(file)).toMatchObject({ dos2unix: md5Of('a\0\r\n'), isText: false })
})

describe('an export for DVC 2', () => {
  /** A folder with these files, exported. */
  async function exported(name: string, files: Record<string, string>) {
    const content = path.join(root, 'content', name)
    await mkdir(content, { recursive: true })
    for (const [file, text] of Object.entries(files)) await writeFile(path.join(content, file), text)
    const out = path.join(repository, name)
    const remote = path.join(root, 'remote')
    return exportDvc({ place: content, isFolder: true }, { out, remote, version: 2, scratch: await scratch() })
  }

  test('names texts by their lines with other ends, lays objects at the top and names no hash', async () => {
    // The list and its MD5 as `dvc add` of DVC 2.58.2 made them of the same folder; a pair of line end over the end of a piece of 1 MiB stays.
    const files = { 'big.txt': `${'a'.repeat(2 ** 20 - 1)}\r\n${'b'.repeat(10)}`, 'x.txt': 'a\r\nb\r\n', y: 'q' }
    expect(await exported('d', files)).toMatchObject({
      md5: '16ee3d5e624c951666c606830aaa74a0.dir',
      nFiles: 3,
      sizeBytes: 1048594,
    })
    expect(await readFile(path.join(repository, 'd.dvc'), 'utf8')).toBe(
      'outs:\n- md5: 16ee3d5e624c951666c606830aaa74a0.dir\n  size: 1048594\n  nfiles: 3\n  path: d\n',
    )
    const text = path.join(root, 'remote/dd/8c6a395b5dd36c56d23275028f526c')
    expect(await readFile(text, 'utf8')).toBe('a\r\nb\r\n')
    expect(existsSync(path.join(root, 'remote/files'))).toBe(false)
  })

  test('is refused where DVC 2 would give back other line ends, and leaves what is there', async () => {
    await exported('first', { a: 'one\r\n' })
    await exported('again', { a: 'one\r\n', b: 'one\r\n' })
    const object = path.join(root, 'remote', md5Of('one\n').slice(0, 2), md5Of('one\n').slice(2))
    await expect(exported('second', { a: 'one\n' })).rejects.toMatchObject({ code: 'DVC_LINE_ENDS' })
    await expect(exported('both', { a: 'two\n\r\n', b: 'two\r\n\n' })).rejects.toThrow(
      /"[ab]" is in .* with other line ends/,
    )
    expect(await readFile(object, 'utf8')).toBe('one\r\n')
    expect(existsSync(path.join(repository, 'second.dvc'))).toBe(false)
    // What is damaged is written anew.
    await writeFile(object, 'o')
    await exported('third', { a: 'one\n' })
    expect(await readFile(object, 'utf8')).toBe('one\n')
  })
})

test('content may lie in the scratch folder under any name', async () => {
  const scratchFolder = await scratch()
  const place = path.join(scratchFolder, 'list.dir')
  await mkdir(place)
  await writeFile(path.join(place, 'a'), 'one')
  const options = { out: path.join(repository, 'list.dir'), remote: path.join(root, 'remote'), scratch: scratchFolder }
  expect(await exportDvc({ place, isFolder: true }, { ...options, version: 3 })).toMatchObject({ nFiles: 1 })
})

describe('a remote in an object store', () => {
  let folder = ''
  let store: S3rver
  let endpoint = ''
  const before = { ...process.env }
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'bellwether-dvc-s3-'))
    const configureBuckets = [{ name: 'data', configs: [] }]
    store = new S3rver({ port: 0, address: '127.0.0.1', silent: true, directory: folder, configureBuckets })
    endpoint = `http://127.0.0.1:${(await store.run()).port}`
    process.env['AWS_ACCESS_KEY_ID'] = 'S3RVER'
    process.env['AWS_SECRET_ACCESS_KEY'] = 'S3RVER'
    process.env['AWS_ENDPOINT_URL_S3'] = endpoint
  }, 60_000)
  afterAll(async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_ENDPOINT_URL_S3']) {
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    }
    await store.close()
    await rm(folder, { recursive: true, force: true })
  })

  test('takes a folder, and gives it back', async () => {
    const content = path.join(root, 'content')
    await mkdir(path.join(content, 'in'), { recursive: true })
    await writeFile(path.join(content, 'a.txt'), 'one')
    await writeFile(path.join(content, 'in/b.txt'), 'two')
    const out = path.join(repository, 'content')
    const remote = 's3://data/some/prefix'
    const exported = await exportDvc(
      { place: content, isFolder: true },
      { out, remote, version: 3, scratch: await scratch() },
    )
    expect(exported).toMatchObject({ nFiles: 2, sizeBytes: 6 })
    await writeFile(
      path.join(repository, '.dvc/config'),
      `['remote "s"']\n    url = ${remote}/\n    endpointurl = ${endpoint}\n`,
    )
    const contents = await resolveDvc(exported.pointer, { scratch: await scratch() })
    expect(await readFile(dvcFiles(contents)[1]!.file, 'utf8')).toBe('two')
    const client = await s3Client({})
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: 'data' }))
    client.destroy()
    expect(
      Contents.every(({ Key }) => /^some\/prefix\/files\/md5\/[0-9a-f]{2}\/[0-9a-f]{30}(\.dir)?$/.test(Key!)),
    ).toBe(true)
  })
})
