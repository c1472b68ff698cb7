import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bellwether } from '../../support/cli.ts'
import { runPython } from '../../support/interop.ts'

let root = ''
let repository = ''
let home = ''
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'bellwether-dvc-interop-'))
  home = path.join(root, 'home')
  repository = path.join(root, 'repository')
  mkdirSync(path.join(repository, 'pictures/inner'), { recursive: true })
  await dvc('init', '--no-scm', '--quiet')
  await dvc('remote', 'add', '--quiet', '-d', 'store', path.join(root, 'store'))
  writeFileSync(
    path.join(repository, 'pictures/a.bin'),
    Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i) % 251)),
  )
  writeFileSync(path.join(repository, 'pictures/inner/ü "b".txt'), 'zwei\r\n')
  writeFileSync(path.join(repository, 'pictures/empty'), '')
  writeFileSync(path.join(repository, 'table.csv'), 'a,b\n1,x\n2,y\n3,x\n')
  await dvc('add', '--quiet', 'pictures', 'table.csv')
  await dvc('push', '--quiet')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs the genuine `dvc` in the repository. */
async function dvc(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runPython('dvc', ['-m', 'dvc', ...args], {
    cwd: repository,
    env: {
      DVC_NO_ANALYTICS: '1',
      DVC_GLOBAL_CONFIG_DIR: path.join(root, 'none'),
      DVC_SYSTEM_CONFIG_DIR: path.join(root, 'none'),
    },
  })
  expect(status, `dvc ${args.join(' ')}\n${stderr}`).toBe(0)
  return stdout
}

async function ours<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--home', home, '--json'], { cwd: repository })
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

const file = (name: string) => readFileSync(path.join(repository, name))

describe('pointers that dvc wrote', () => {
  test('give the same version as the folder itself, from the cache and from the remote', async () => {
    const plain = await ours<{ id: string }>('data', 'add', 'pictures')
    expect(await ours('data', 'add', 'pictures.dvc')).toMatchObject({ id: plain.id, files: 3 })
    rmSync(path.join(repository, '.dvc/cache'), { recursive: true })
    expect(await ours('data', 'add', 'pictures.dvc')).toMatchObject({ id: plain.id, files: 3 })
  })

  test('of a table give its rows, also as the source of a project', async () => {
    const added = await ours<{ id: string }>('data', 'add', 'table.csv.dvc')
    expect(added).toMatchObject({ rows: 3 })
    writeFileSync(
      path.join(repository, 'bellwether.yaml'),
      'name: letters\ntask: classification\ndata:\n  source: table.csv.dvc\n  target: b\n',
    )
    expect(await ours('data', 'add', '.')).toMatchObject({ name: 'letters', rows: 3 })
  })

  test('of a pipeline give the outputs of its stages', async () => {
    writeFileSync(
      path.join(repository, 'dvc.yaml'),
      'stages:\n  copy:\n    cmd: cp table.csv copy.csv\n    deps: [table.csv]\n    outs: [copy.csv]\n',
    )
    await dvc('repro', '--quiet')
    const added = await ours<{ rows: number }>('data', 'add', 'dvc.lock')
    expect(added.rows).toBe(3)
  })
})

describe('pointers that we write', () => {
  test('are pulled by dvc: a folder', async () => {
    const { id } = await ours<{ id: string }>('data', 'add', 'pictures')
    const remote = path.join(root, 'ours')
    const exported = await ours<{ md5: string }>('data', 'export-dvc', id, '--out', 'again', '--remote', remote)
    expect(file('pictures.dvc').toString()).toContain(exported.md5)
    await dvc('remote', 'add', '--quiet', 'ours', remote)
    await dvc('pull', '--quiet', '-r', 'ours', 'again.dvc')
    for (const name of ['a.bin', 'inner/ü "b".txt', 'empty'])
      expect(file(`again/${name}`).equals(file(`pictures/${name}`)), name).toBe(true)
    expect(await dvc('status', 'again.dvc')).toContain('up to date')
  })

  test('are pulled by dvc: a table as CSV, and one file byte for byte', async () => {
    const remote = path.join(root, 'ours')
    const { id } = await ours<{ id: string }>('data', 'add', 'table.csv')
    await ours('data', 'export-dvc', id, '--out', 'written.csv', '--remote', remote)
    const raw = await ours<{ id: string }>('data', 'add', 'table.csv', '--as-files')
    await ours('data', 'export-dvc', raw.id, '--out', 'raw.csv', '--remote', remote)
    await dvc('pull', '--quiet', '-r', 'ours', 'written.csv.dvc', 'raw.csv.dvc')
    expect(file('written.csv').toString()).toBe('a,b\n1,x\n2,y\n3,x\n')
    expect(file('raw.csv').equals(file('table.csv'))).toBe(true)
  })
})
