import { spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFile,
  mkdtemp,
  readdir,
  readFile,
  rename as renameFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { codeOfAsync } from '../../../test/support/code-of.ts'
import { parseKeyRing } from '../../security/at-rest/key-ring.ts'
import type { PredictionEntry, PredictionQuery } from '../../serve/prediction-log/prediction-log.ts'
import { FilePredictionLog, type FilePredictionLogOptions } from './file-prediction-log.ts'

const DAY = 24 * 60 * 60 * 1000
const NOON = Date.UTC(2026, 10, 21, 12)
let root = ''
let now = NOON
const opened: FilePredictionLog[] = []

beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(tmpdir(), 'bellwether-log-')), 'predictions')
  now = NOON
})
afterEach(async () => {
  for (const log of opened.splice(0)) await log.close()
  await rm(path.dirname(root), { recursive: true, force: true })
})

async function openLog(
  onError?: (error: unknown) => void,
  more: Partial<FilePredictionLogOptions> = {},
): Promise<FilePredictionLog> {
  const log = await FilePredictionLog.open(root, { clock: () => now, ...(onError ? { onError } : {}), ...more })
  opened.push(log)
  return log
}

const entry = (id: string, more: Partial<PredictionEntry> = {}): PredictionEntry => ({
  id,
  time: now,
  model: 'risk',
  version: 1,
  alias: 'champion',
  key: null,
  request: 'r',
  latencyMs: 1,
  features: { Age: 20 },
  answer: { label: 'Dropout', probabilities: { Dropout: 1 } },
  ...more,
})

async function ids(log: FilePredictionLog, query: PredictionQuery = {}): Promise<string[]> {
  const found: string[] = []
  for await (const each of log.entries(query)) found.push(each.id)
  return found
}

async function files(): Promise<string[]> {
  const names = await readdir(root, { recursive: true, withFileTypes: true })
  return names
    .filter((name) => name.isFile() && /\.bwpl(\.open)?$/.test(name.name))
    .map((name) => path.join(name.parentPath, name.name))
}

test('entries come back as they were, and another process sees them within the window', async () => {
  const log = await openLog()
  const written = [entry('a', { features: { 'Ä "x"\n': null, n: 0.1 + 0.2 } }), entry('b', { answer: { value: 3 } })]
  log.add(written)
  await new Promise((resolve) => setTimeout(resolve, 600))
  const other = await openLog()
  const read: PredictionEntry[] = []
  for await (const each of other.entries({})) read.push(each)
  expect(read).toEqual(written)
  expect(log.personKey('4711')).toBe(other.personKey('4711'))
  expect(log.personKey('4711')).not.toBe(log.personKey('4712'))
})

test('what waited for its own write is on disk when it is told so', async () => {
  const log = await openLog()
  await Promise.all(Array.from({ length: 50 }, (_, i) => log.keep([entry(String(i))])))
  expect(await files()).toHaveLength(1)
  expect((await ids(await openLog())).length).toBe(50)
})

test('queries choose by model, version, time, id and person', async () => {
  const log = await openLog()
  log.add([entry('a', { person: 'p' }), entry('b', { version: 2 })])
  log.add([entry('c', { model: 'other' })])
  await log.flush()
  now += DAY
  log.add([entry('d', { person: 'p' })])
  expect(await ids(log)).toHaveLength(4)
  expect(await ids(log, { model: 'other' })).toEqual(['c'])
  expect(await ids(log, { version: 2 })).toEqual(['b'])
  expect(await ids(log, { person: 'p' })).toEqual(['a', 'd'])
  expect(await ids(log, { since: NOON + 1 })).toEqual(['d'])
  expect(await ids(log, { until: NOON + 1, model: 'risk' })).toEqual(['a', 'b'])
  expect(await ids(log, { ids: new Set(['b', 'd']) })).toEqual(['b', 'd'])
})

test('a torn end is passed over, and what was written before it and after it stays', async () => {
  const log = await openLog()
  await log.keep([entry('a')])
  await log.keep([entry('b')])
  await log.close()
  const [file] = await files()
  const whole = await readFile(file!)
  // Behind the frames stands which persons the file has, after a length that no frame has.
  const end = whole.lastIndexOf(Buffer.from('ffffffff', 'hex'))
  for (const size of [end - 1, end - 20]) {
    await writeFile(file!, whole)
    await truncate(file!, size)
    expect(await ids(await openLog())).toEqual(['a'])
  }
  await writeFile(file!, whole)
  await appendFile(file!, Buffer.from([200, 0, 0, 0, 1, 2, 3]))
  const next = await openLog()
  await next.keep([entry('c')])
  expect((await ids(next)).sort()).toEqual(['a', 'b', 'c'])
})

test("a person's entries are gone from disk, and the others stay", async () => {
  const log = await openLog()
  const person = log.personKey('4711')
  log.add([entry('a', { person, features: { Mark: 'marked-value' } }), entry('b')])
  await log.flush()
  now += DAY
  log.add([entry('c', { person })])
  expect(await log.erase({ person })).toBe(2)
  expect(await ids(log)).toEqual(['b'])
  expect(await files()).toHaveLength(1)
  log.add([entry('d')])
  expect(await ids(log)).toEqual(['b', 'd'])
})

test('a person is one person, whatever blanks are around the identifier and in whichever Unicode form it is', async () => {
  const log = await openLog()
  expect(log.personKey(' Zo\u0065\u0308\t')).toBe(log.personKey('Zo\u00eb'))
  expect(log.personKey('P1 1')).not.toBe(log.personKey('P11'))
})

test.each([' P1', 'P1\r\n', 'P1'.padEnd(12), 'P1'.padStart(20), '\ufeffP1', ' P1 '])(
  'what an earlier version kept under the key of %j is found and erased with P1',
  async (sent) => {
    const log = await openLog()
    const secret = createHmac('sha256', await readFile(path.join(root, 'secret')))
      .update('persons')
      .digest()
    const person = createHmac('sha256', secret).update(sent).digest('base64url').slice(0, 32)
    await log.keep([entry('a', { person }), entry('b', { person: log.personKey('P2') })])
    expect(await ids(log, { person: log.everyPersonKey('P1') })).toEqual(['a'])
    expect(await log.erase({ person: log.everyPersonKey('P1') })).toBe(1)
    expect(await ids(log)).toEqual(['b'])
  },
)

test('a name that an earlier version hashed as it was typed is known by its other Unicode form', async () => {
  const log = await openLog()
  const secret = createHmac('sha256', await readFile(path.join(root, 'secret')))
    .update('persons')
    .digest()
  const decomposed = createHmac('sha256', secret).update('Zoe\u0308').digest('base64url').slice(0, 32)
  expect([...log.personKeys('Zo\u00eb')]).toEqual([log.personKey('Zo\u00eb'), decomposed])
  expect([...log.personKeys(' 4711')]).toEqual([log.personKey('4711')])
})

test('with a key no byte of an entry is readable without it, and erasing and rotating keep it so', async () => {
  const [old, fresh] = ['ab', 'cd'].map((byte) => byte.repeat(32))
  const ring = parseKeyRing([old!], 'test')
  const plain = await openLog()
  const person = plain.personKey('4711')
  await plain.keep([entry('plain', { features: { Mark: 'marked-value' } })])
  await plain.close()
  const log = await openLog(undefined, { ring })
  for (let i = 0; i < 4; i++)
    await log.keep([entry(`e${i}`, { person, features: { Mark: 'marked-value' } }), entry(`k${i}`)])
  const all = ['plain', 'e0', 'k0', 'e1', 'k1', 'e2', 'k2', 'e3', 'k3']
  expect((await ids(log)).sort()).toEqual([...all].sort())
  expect(await codeOfAsync(async () => ids(await openLog()))).toBe('ENCRYPTION_KEY_MISSING')
  expect(await log.erase({ person })).toBe(4)
  expect((await ids(log)).sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'plain'])
  const rotating = await openLog(undefined, { ring: parseKeyRing([fresh!, old!], 'test') })
  expect(await rotating.rotateEncryption()).toBe(2)
  expect(await rotating.rotateEncryption()).toBe(0)
  const after = await openLog(undefined, { ring: parseKeyRing([fresh!], 'test') })
  expect((await ids(after)).sort()).toEqual(['k0', 'k1', 'k2', 'k3', 'plain'])
  expect(await codeOfAsync(() => ids(log))).toBe('ENCRYPTION_KEY_MISSING')
  // Frames of zstd are found by their magic number, in plain files alone.
  for (const file of await files()) expect((await readFile(file)).includes(Buffer.from('28b52ffd', 'hex'))).toBe(false)
})

test('frames of an encrypted file cannot be exchanged, nor two files', async () => {
  const ring = parseKeyRing(['ab'.repeat(32)], 'test')
  const log = await openLog(undefined, { ring })
  await log.keep([entry('a')])
  await log.keep([entry('b')])
  await log.keep([entry('a', { model: 'other' })])
  await log.close()
  const read = async () => codeOfAsync(async () => ids(await openLog(undefined, { ring })))
  const [one, two] = (await files()).sort()
  const [first, second] = [await readFile(one!), await readFile(two!)]
  await writeFile(one!, second)
  expect(await read()).toBe('BLOB_CORRUPT')
  await writeFile(one!, first)
  await writeFile(two!, second)
  const longer = first.length > second.length ? ([one!, first] as const) : ([two!, second] as const)
  const begin = 6 + 79
  const length = 8 + longer[1].readUInt32LE(begin)
  const frames = [longer[1].subarray(begin, begin + length), longer[1].subarray(begin + length)]
  await writeFile(longer[0], Buffer.concat([longer[1].subarray(0, begin), frames[1]!, frames[0]!]))
  expect(await read()).toBe('BLOB_CORRUPT')
})

test('what a killed erasing left half-written is gone with the next', async () => {
  const log = await openLog()
  await writeFile(path.join(root, '.rewriting'), 'half')
  await log.erase({ person: log.personKey('4711') })
  expect((await readdir(root)).filter((name) => name.startsWith('.'))).toEqual([])
})

test('what is kept while a person is erased is kept', async () => {
  const log = await openLog()
  const person = log.personKey('4711')
  await log.keep([entry('first', { person }), entry('other')])
  const erasing = log.erase({ person })
  const during: Promise<void>[] = []
  for (let i = 0; i < 200; i++) {
    during.push(log.keep([entry(`during-${i}`)]))
    if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  expect(await erasing).toBe(1)
  await Promise.all(during)
  expect((await ids(log)).sort()).toEqual(['other', ...Array.from({ length: 200 }, (_, i) => `during-${i}`)].sort())
})

test('a person is erased beside other processes that write, and nothing of theirs is lost', async () => {
  const script = `
    const { FilePredictionLog } = await import(${JSON.stringify(path.join(import.meta.dirname, 'file-prediction-log.ts'))})
    const log = await FilePredictionLog.open(process.argv[1], { clock: () => ${NOON} })
    const entry = ${JSON.stringify(entry('x'))}
    const person = log.personKey('4711')
    for (let i = 0; ; i++) {
      const id = process.argv[2] + '-' + i
      await log.keep([{ ...entry, id }, ...(i === 0 ? [{ ...entry, id: id + '-p', person }] : [])])
      process.stdout.write(id + '\\n')
      await new Promise((resolve) => setTimeout(resolve, 2))
    }`
  const writers = ['left', 'right'].map((name) =>
    spawn(process.execPath, ['--input-type=module', '-e', script, root, name], {
      stdio: ['ignore', 'pipe', 'inherit'],
    }),
  )
  const told: string[] = []
  const reading = writers.map(async (child) => {
    for await (const line of createInterface({ input: child.stdout! })) told.push(line)
  })
  while (!told.some((id) => id.startsWith('left')) || !told.some((id) => id.startsWith('right')))
    await new Promise((resolve) => setTimeout(resolve, 20))
  const [one, two] = [await openLog(), await openLog()]
  const person = one.personKey('4711')
  const erased = await Promise.all([one.erase({ person }), two.erase({ person })])
  expect(erased.reduce((sum, count) => sum + count)).toBe(2)
  await new Promise((resolve) => setTimeout(resolve, 200))
  for (const child of writers) child.kill('SIGKILL')
  await Promise.all(reading)
  const kept = await ids(one)
  const missing = new Set(told)
  for (const id of kept) missing.delete(id)
  expect([...missing]).toEqual([])
  expect(kept.filter((id) => id.endsWith('-p'))).toEqual([])
}, 60_000)

test('a file of a process that lives but does not end it is not rewritten; one of a dead process is', async () => {
  const log = await openLog()
  const person = log.personKey('4711')
  await log.keep([entry('a', { person })])
  await log.close()
  const [file] = await files()
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  await renameFile(file!, `${file!.replace(`-${process.pid}-`, `-${child.pid}-`)}.open`)
  const other = await openLog()
  expect(await codeOfAsync(() => other.erase({ person }))).toBe('PREDICTION_LOG_BUSY')
  expect(await ids(other)).toEqual(['a'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await other.erase({ person })).toBe(1)
}, 60_000)

test('days before a time are removed, of one model', async () => {
  const log = await openLog()
  log.add([entry('a')])
  log.add([entry('b', { model: 'other' })])
  await log.flush()
  now += 3 * DAY
  log.add([entry('c')])
  expect(await log.expire('risk', NOON)).toBe(0)
  expect(await log.expire('risk', NOON + DAY)).toBe(1)
  expect((await ids(log)).sort()).toEqual(['b', 'c'])
})

test('only the owner reads it, and a name never becomes a path', async () => {
  const log = await openLog()
  await log.keep([entry('a', { model: '../../outside' })])
  const [file] = await files()
  expect(file!.startsWith(root)).toBe(true)
  expect((await stat(file!)).mode & 0o077).toBe(0)
  expect((await stat(path.join(root, 'secret'))).mode & 0o077).toBe(0)
})

test('a disk that does not take an entry is told, and later entries are kept', async () => {
  const errors: unknown[] = []
  const log = await openLog((error) => errors.push(error))
  const inTheWay = path.join(root, '2026-11-21')
  await writeFile(inTheWay, 'a file where the folder of the day should be')
  expect(await codeOfAsync(() => log.keep([entry('a')]))).toBe('PREDICTION_LOG_UNAVAILABLE')
  await rm(inTheWay)
  await log.keep([entry('b')])
  expect([errors.length, log.lost, await ids(log)]).toEqual([1, 1, ['b']])
})

test('what was told to be kept survives kill -9, at any instant', async () => {
  const script = `
    const { FilePredictionLog } = await import(${JSON.stringify(path.join(import.meta.dirname, 'file-prediction-log.ts'))})
    const log = await FilePredictionLog.open(process.argv[1], { clock: () => ${NOON} })
    const entry = ${JSON.stringify(entry('x'))}
    for (let i = 0; ; i++) {
      const batch = Array.from({ length: 5 }, (_, k) => log.keep([{ ...entry, id: process.argv[2] + '-' + i + '-' + k }]))
      await Promise.all(batch)
      process.stdout.write(process.argv[2] + '-' + i + '\\n')
    }`
  const kills = Number(process.env['BELLWETHER_KILLS'] ?? 6)
  const told: string[] = []
  for (let run = 0; run < kills; run++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, root, String(run)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const after = 3 + run * 7
    let seen = 0
    for await (const line of createInterface({ input: child.stdout })) {
      told.push(line)
      if (++seen === after) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  const kept = new Set(await ids(await openLog()))
  const missing = told
    .flatMap((line) => Array.from({ length: 5 }, (_, k) => `${line}-${k}`))
    .filter((id) => !kept.has(id))
  expect(missing).toEqual([])
  expect(told.length).toBeGreaterThan(kills * 3)
}, 120_000)

test('zeros behind the last frame, as a power cut may leave them, end the file for its readers', async () => {
  const log = await openLog()
  await log.keep([entry('a')])
  const [file] = await files()
  await appendFile(file!, Buffer.alloc(4096))
  expect(await ids(await openLog())).toEqual(['a'])
})
