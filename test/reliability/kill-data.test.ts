import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, test } from 'vitest'
import { getFiles, listFiles } from '../../src/data/versions/get-files.ts'
import { comparePaths, treeId } from '../../src/data/versions/tree-manifest.ts'
import { openHome } from '../../src/store/open-home.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'

/** How many times each kind of work is killed; the soak lane asks for more. */
const KILLS = Number(process.env.BELLWETHER_KILLS ?? 2)
const SMALL_FILES = process.env.BELLWETHER_KILLS ? 10_000 : 1_000
/** A round of many small files takes minutes where other work takes the processors. */
const TIMEOUT_MS = 240_000 + KILLS * 240_000

const { folder, remove } = temporaryFolder()
afterAll(remove)

interface Tree {
  readonly folder: string
  /** The version that its files make. */
  readonly id: string
}

/** Files whose content nothing before had. */
function makeTree(name: string, nFiles: number, sizeBytes: number): Tree {
  const root = path.join(folder, name)
  mkdirSync(root)
  const files = Array.from({ length: nFiles }, (_, i) => {
    const content = contentOf(`${name} ${i}`, sizeBytes)
    const file = `${String(i % 50).padStart(2, '0')}/${i}.bin`
    mkdirSync(path.join(root, path.dirname(file)), { recursive: true })
    writeFileSync(path.join(root, file), content)
    return { path: file, sizeBytes, sha256: createHash('sha256').update(content).digest('hex') }
  })
  return { folder: root, id: treeId(files.sort((a, b) => comparePaths(a.path, b.path))) }
}

/** Bytes that do not get smaller by packing. */
function contentOf(seed: string, sizeBytes: number): Buffer {
  return createHash('shake256', { outputLength: sizeBytes }).update(seed).digest()
}

/** Runs a command and kills it at a random instant of the time that it takes. @returns what it had said by then */
async function killed(args: readonly string[], withinMs: number): Promise<string> {
  const child = startBellwether(args)
  let stdout = ''
  child.stdout.on('data', (part) => {
    stdout += part
  })
  const ended = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([sleep(Math.random() * withinMs), ended])
  child.kill('SIGKILL')
  await ended
  return stdout
}

async function run<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await bellwether([...args, '--json'])
  expect(status, stderr).toBe(0)
  return JSON.parse(stdout) as T
}

async function timed(args: readonly string[]): Promise<number> {
  const begun = performance.now()
  await run(...args)
  return performance.now() - begun
}

/**
 * Every version that is listed is whole, and those that were acknowledged are listed.
 * @param taken Versions whose files were taken out before: their lists alone are looked at, and these come to them. Left out: all are taken out.
 */
async function checkHome(home: string, acknowledged: Iterable<string>, taken = new Set<string>()): Promise<void> {
  // Killed before the home was made: then nothing was promised.
  if (!readdirSync(folder).includes(path.basename(home))) return expect([...acknowledged]).toEqual([])
  const open = await openHome(home, { create: false })
  const out = path.join(folder, 'out')
  try {
    const versions = await open.datasets.datasets()
    for (const { id, blob } of versions) {
      expect(treeId(await listFiles(blob, open.blobs))).toBe(id)
      if (taken.has(id)) continue
      taken.add(id)
      await getFiles(blob, out, open)
      rmSync(out, { recursive: true })
    }
    expect(versions.map(({ id }) => id)).toEqual(expect.arrayContaining([...acknowledged]))
  } finally {
    rmSync(out, { recursive: true, force: true })
    await open.close()
  }
}

/** What killed attempts left goes, nothing that a version needs does, and a second time there is nothing left. */
async function collect(home: string, ids: readonly string[]): Promise<void> {
  await run('data', 'gc', '--older-than', '0', '--home', home)
  await checkHome(home, ids)
  const again = await run<Record<string, unknown>>('data', 'gc', '--older-than', '0', '--home', home)
  expect(JSON.stringify(again)).not.toMatch(/"(?:blobs|packs|sizeBytes|freedBytes)":[1-9]/)
}

describe.each([
  ['a few large files', 3, 6_000_000],
  ['a folder', 60, 100_000],
  [`${SMALL_FILES} small files`, SMALL_FILES, 300],
])('after kill -9 of `data add` of %s', (what, nFiles, sizeBytes) => {
  test(
    `at ${KILLS} random instants nothing is registered by halves, and the next attempt makes the version`,
    async () => {
      const label = what.replaceAll(' ', '-')
      const home = path.join(folder, `home-${label}`)
      const first = makeTree(`${label}-first`, nFiles, sizeBytes)
      const withinMs = await timed(['data', 'add', first.folder, '--home', home])
      const acknowledged = [first.id]
      const taken = new Set<string>()
      for (let round = 0; round < KILLS; round++) {
        const tree = makeTree(`${label}-${round}`, nFiles, sizeBytes)
        const said = await killed(['data', 'add', tree.folder, '--home', home, '--json'], withinMs)
        if (said !== '') acknowledged.push(JSON.parse(said).id)
        await checkHome(home, acknowledged, taken)
        // Every other attempt is left as it is, for the garbage to be collected.
        if (round % 2 === 0) {
          expect(await run('data', 'add', tree.folder, '--home', home)).toMatchObject({ id: tree.id, files: nFiles })
          acknowledged.push(tree.id)
        }
        rmSync(tree.folder, { recursive: true })
      }
      await collect(home, acknowledged)
      rmSync(home, { recursive: true })
    },
    TIMEOUT_MS,
  )
})

test(
  `after kill -9 of \`data push\` and \`data pull\` at ${KILLS} random instants a remote shows whole versions alone, and both go on`,
  async () => {
    const home = path.join(folder, 'sender')
    const remote = path.join(folder, 'remote')
    const push = ['data', 'push', '--home', home, '--remote', remote]
    const ids: string[] = []
    let pushMs = 0
    let pullMs = 0
    for (let round = 0; round <= KILLS; round++) {
      const tree = makeTree(`sent-${round}`, 40, 500_000)
      await run('data', 'add', tree.folder, '--home', home)
      rmSync(tree.folder, { recursive: true })
      const other = path.join(folder, `receiver-${round}`)
      const pull = ['data', 'pull', '--home', other, '--remote', remote]
      if (round === 0) {
        pushMs = await timed(push)
        pullMs = await timed(pull)
        ids.push(tree.id)
      } else {
        await killed(push, pushMs)
        const between = path.join(folder, `between-${round}`)
        await run('data', 'pull', '--home', between, '--remote', remote)
        await checkHome(between, ids)
        rmSync(between, { recursive: true })
        expect(JSON.stringify(await run(...push))).toContain(tree.id)
        ids.push(tree.id)
        const said = await killed([...pull, '--json'], pullMs)
        await checkHome(other, said === '' ? [] : ids)
        await run(...pull)
      }
      await checkHome(other, ids)
      await collect(other, ids)
      rmSync(other, { recursive: true })
    }
  },
  TIMEOUT_MS,
)
