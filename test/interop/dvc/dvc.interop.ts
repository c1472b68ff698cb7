import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bellwether } from '../../support/cli.ts'
import { runPython } from '../../support/interop.ts'

describe.each([
  // DVC 3 reads what is written for either.
  { name: 'DVC 3', environment: 'dvc', writtenFor: [[], ['--dvc-version', '2']] },
  { name: 'DVC 2', environment: 'dvc-2', writtenFor: [['--dvc-version', '2']] },
])('$name', ({ environment, writtenFor }) => {
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
    const { status, stdout, stderr } = await runPython(environment, ['-m', 'dvc', ...args], {
      cwd: repository,
      env: {
        DVC_NO_ANALYTICS: '1',
        DVC_GLOBAL_CONFIG_DIR: path.join(root, 'none'),
        DVC_SYSTEM_CONFIG_DIR: path.join(root, 'none'),
        DVC_SITE_CACHE_DIR: path.join(root, 'site'),
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

  describe.each(writtenFor.map((options) => ({ options })))('pointers that we write ($options)', ({ options }) => {
    // Only what lies in our remote can be pulled: neither the cache nor what another test wrote helps.
    const place = options.length === 0 ? 'ours' : 'ours-2'
    const remote = () => path.join(root, place)
    const written = (name: string) => `${place}-${name}`
    const write = (id: string, name: string) =>
      ours<{ md5: string }>('data', 'export-dvc', id, '--out', written(name), '--remote', remote(), ...options)
    async function pull(...names: string[]): Promise<void> {
      rmSync(path.join(repository, '.dvc/cache'), { recursive: true, force: true })
      await dvc('pull', '--quiet', '-r', place, ...names.map((name) => `${written(name)}.dvc`))
    }
    beforeAll(() => dvc('remote', 'add', '--quiet', place, remote()))

    test('are pulled by dvc: a folder', async () => {
      const { id } = await ours<{ id: string }>('data', 'add', 'pictures')
      const exported = await write(id, 'folder')
      const isOfItsVersion = (environment === 'dvc-2') === options.length > 0
      expect(file('pictures.dvc').toString().includes(exported.md5)).toBe(isOfItsVersion)
      await pull('folder')
      for (const name of ['a.bin', 'inner/ü "b".txt', 'empty'])
        expect(file(`${written('folder')}/${name}`).equals(file(`pictures/${name}`)), name).toBe(true)
      expect(await dvc('status', `${written('folder')}.dvc`)).toContain('up to date')
    })

    test('are pulled by dvc: a table as CSV, and one file byte for byte', async () => {
      const { id } = await ours<{ id: string }>('data', 'add', 'table.csv')
      await write(id, 'table.csv')
      const raw = await ours<{ id: string }>('data', 'add', 'table.csv', '--as-files')
      await write(raw.id, 'raw.csv')
      await pull('table.csv', 'raw.csv')
      expect(file(written('table.csv')).toString()).toBe('a,b\n1,x\n2,y\n3,x\n')
      expect(file(written('raw.csv')).equals(file('table.csv'))).toBe(true)
    })
  })
})
