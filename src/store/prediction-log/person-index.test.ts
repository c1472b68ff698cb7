import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type KeyRing, parseKeyRing } from '../../security/at-rest/key-ring.ts'
import type { PredictionEntry } from '../../serve/prediction-log/prediction-log.ts'
import { FilePredictionLog } from './file-prediction-log.ts'
import { OPEN_SUFFIX } from './log-files.ts'
import { decodeIndex, markOf, PersonFrames, type PersonIndex } from './person-index.ts'
import { placesOfPersons } from './places-of-persons.ts'
import { linesOf, readFrames, SegmentReader, SegmentWriter } from './segment.ts'

const NOON = Date.UTC(2026, 10, 21, 12)
const RING = parseKeyRing(['ab'.repeat(32)], 'test')
const NAME = '0123456789abcdef-0mdzq1x00-417-00ff00ff.bwpl'
const personOf = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 32)

let root = ''
beforeEach(async () => {
  root = path.join(await mkdtemp(path.join(os.tmpdir(), 'bellwether-person-index-')), 'predictions')
})
afterEach(() => rm(path.dirname(root), { recursive: true, force: true }))

const entry = (id: string, person: string | null, more: Partial<PredictionEntry> = {}): PredictionEntry => ({
  ...{ id, time: NOON, model: 'risk', version: 1, alias: 'champion', key: null, request: 'r', latencyMs: 1 },
  ...{ features: { Age: 20 }, answer: { value: 3 } },
  ...(person === null ? {} : { person }),
  ...more,
})

/** One file for each list of entries. */
async function write(lists: readonly (readonly PredictionEntry[])[], ring: KeyRing | null = null): Promise<void> {
  for (const entries of lists) {
    const log = await FilePredictionLog.open(root, { clock: () => NOON, ring })
    log.add(entries)
    await log.close()
  }
}

async function using<T>(ring: KeyRing | null, use: (log: FilePredictionLog) => Promise<T>): Promise<T> {
  const log = await FilePredictionLog.open(root, { clock: () => NOON, ring })
  return use(log).finally(() => log.close())
}

const find = (person: string | ReadonlySet<string>, ring: KeyRing | null = null) =>
  using(ring, async (log) => {
    const found: string[] = []
    for await (const { id } of log.entries({ person })) found.push(id)
    return found.sort()
  })

async function reading<T>(file: string, ring: KeyRing | null, use: (segment: SegmentReader) => Promise<T>): Promise<T> {
  const segment = await SegmentReader.open(file, ring)
  return use(segment).finally(() => segment.close())
}
const indexOf = (file: string, ring: KeyRing | null = null) => reading(file, ring, (segment) => segment.persons())
const numbersOf = (index: PersonIndex | null, person: string) =>
  index?.framesWith([markOf(person)]).map(({ number }) => number)

async function files(): Promise<string[]> {
  const found = await readdir(root, { recursive: true }).catch(() => [])
  return found
    .filter((name) => /\.bwpl(\.open)?$/.test(name))
    .map((name) => path.join(root, name))
    .sort()
}

/** Of every line of every file, read without any index. */
async function allEntries(ring: KeyRing | null): Promise<PredictionEntry[]> {
  const found: PredictionEntry[] = []
  for (const file of await files())
    for await (const lines of readFrames(file, ring)) for (const line of lines) found.push(JSON.parse(line))
  return found
}
const idsOf = (entries: readonly PredictionEntry[], person: string) =>
  entries
    .filter((one) => one.person === person)
    .map(({ id }) => id)
    .sort()

describe('an index', () => {
  test('tells of every person the frames that it was added with, and of hardly another any', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string().map(personOf))
    const frame = fc.record({
      bytes: fc.integer({ min: 9, max: 2 ** 28 }),
      persons: fc.array(text, { maxLength: 300 }),
    })
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 9 }), fc.string(), (frames, other) => {
        const written = new PersonFrames()
        for (const { bytes, persons } of frames) written.add(bytes, [...persons, ...persons].map(markOf))
        const all = frames.map(({ persons }) => [...new Set(persons.map(markOf))])
        expect([written.size, written.places]).toEqual([new Set(all.flat()).size, all.flat().length])
        const index = decodeIndex(written.encode(NAME, 77), NAME, 77)!
        const at = frames.map((_, i) => frames.slice(0, i).reduce((sum, { bytes }) => sum + bytes, 0))
        const placesOf = (isIn: (marks: readonly number[]) => boolean) =>
          all.flatMap((marks, number) => (isIn(marks) ? [{ number, at: at[number] }] : []))
        for (const mark of all.flat())
          expect(index.framesWith([mark])).toEqual(placesOf((marks) => marks.includes(mark)))
        const some = all.flat().filter((_, i) => i % 50 === 0)
        expect(index.framesWith(some)).toEqual(placesOf((marks) => some.some((mark) => marks.includes(mark))))
        expect(index.framesWith([markOf(personOf(`another ${other}`))])).toEqual([])
        expect(index.marksByFrame()).toEqual(all.map((marks) => [...marks].sort((a, b) => a - b)))
      }),
      { numRuns: 50 },
    )
  })

  test('of another file, of another place or of a length that none has tells nothing', () => {
    const frames = new PersonFrames()
    frames.add(100, [markOf(personOf('P1'))])
    const bytes = frames.encode(NAME, 77)
    expect(decodeIndex(bytes, NAME, 77)).not.toBeNull()
    expect(decodeIndex(bytes, NAME.replace('ff', '0f'), 77)).toBeNull()
    expect(decodeIndex(bytes, NAME, 78)).toBeNull()
    for (let size = 0; size < bytes.length; size++)
      expect(decodeIndex(bytes.subarray(0, size), NAME, 77), String(size)).toBeNull()
    expect(decodeIndex(Buffer.concat([bytes, Buffer.alloc(4)]), NAME, 77)).toBeNull()
  })
})

test('a line is passed over only where no person in it is one of those', () => {
  const [wanted, other] = [personOf('P1'), personOf('P2')]
  const { inLine } = placesOfPersons(new Set([wanted]))
  const line = (...of: Parameters<typeof entry>) => inLine(JSON.stringify(entry(...of)))
  expect(line('a', wanted, { sensitive: '{"person":"x"}' })).toBe(true)
  expect(line('a', other, { sensitive: `{"person":"${wanted}"}` })).toBe(false)
  expect(line('a', wanted, { features: { person: 'x' } })).toBe(true)
  expect(line('a', wanted, { answer: { label: 'x', probabilities: { person: 1 } } })).toBe(true)
  expect(line('a', null, { features: { person: 'x', remark: `"person":"${wanted}"` } })).toBe(false)
  expect(placesOfPersons('a"\\').inLine(JSON.stringify(entry('a', 'a"\\')))).toBe(true)
})

describe.each([
  ['plain', null],
  ['encrypted', RING],
])('a file that is %s', (_kind, ring) => {
  test('says when it has ended which persons it has, and neither before nor of a file without persons that it has some', async () => {
    const log = await FilePredictionLog.open(root, { clock: () => NOON, ring })
    await log.keep([entry('a', personOf('P1')), entry('b', null)])
    const [open] = await files()
    expect(open!.endsWith(OPEN_SUFFIX)).toBe(true)
    const inFile = (file: string, text: string) =>
      reading(file, ring, (segment) => placesOfPersons(new Set([personOf(text)])).inSegment(segment))
    expect(await indexOf(open!, ring)).toBeNull()
    expect(await inFile(open!, 'P2')).toBeNull()
    await log.close()
    const [ended] = await files()
    expect([await inFile(ended!, 'P1'), await inFile(ended!, 'P2')]).toEqual([[{ number: 0, at: 0 }], []])
    await rm(ended!)
    await write([[entry('c', null)]], ring)
    expect(await inFile((await files())[0]!, 'P1')).toEqual([])
  })

  test('is not opened further for a person that it has not', async () => {
    await write([[entry('a', personOf('P1'))], [entry('b', personOf('P2'))]], ring)
    const [first, second] = await files()
    // A frame that nobody can read: who does not look at it does not notice.
    const bytes = await readFile(first!)
    const begin = ring ? 6 + 79 : 6
    const junk = Buffer.from('junk')
    bytes.writeUInt32LE(junk.length, begin)
    bytes.writeUInt32LE(crc32(junk), begin + 4)
    junk.copy(bytes, begin + 8)
    await writeFile(first!, bytes)
    const gone = numbersOf(await indexOf(first!, ring), personOf('P1'))!.length > 0 ? 'P1' : 'P2'
    await expect(find(personOf(gone), ring)).rejects.toThrow()
    expect(await find(personOf(gone === 'P1' ? 'P2' : 'P1'), ring)).toHaveLength(1)
    expect(await indexOf(second!, ring)).not.toBeNull()
  })

  test('is unpacked for a person in the frames that have the person alone: found, erased and encrypted anew', async () => {
    const log = await FilePredictionLog.open(root, { clock: () => NOON, ring })
    const persons = ['P1', 'P2', 'P1', 'P3'].map(personOf)
    for (const [i, person] of persons.entries()) await log.keep([entry(String(i), person), entry(`${i}b`, null)])
    await log.close()
    const file = (await files())[0]!
    // Frames of what nobody can unpack in the place of the second and the last: who does not unpack them does not notice.
    const [, first, , third] = await reading(file, ring, async (segment) => {
      const index = (await segment.persons())!
      const rewritten = new SegmentWriter(path.basename(file), ring)
      const parts = [rewritten.beginning]
      for await (const { number, packed } of segment.frames())
        parts.push(
          rewritten.packedFrame(number % 2 === 1 ? Buffer.from('junk') : packed, index.marksByFrame()[number]!),
        )
      await writeFile(file, Buffer.concat([...parts, rewritten.ending()]))
      return persons
    })
    expect(await find(persons[0]!, ring)).toEqual(['0', '2'])
    await expect(find(first!, ring)).rejects.toThrow()
    expect(await using(ring, (one) => one.erase({ person: persons[0]! }))).toBe(2)
    expect(await find(persons[0]!, ring)).toEqual([])
    const index = await indexOf(file, ring)
    expect([persons[0]!, first!, third!].map((one) => numbersOf(index, one))).toEqual([[], [1], [3]])
    const left: string[] = []
    await reading(file, ring, async (segment) => {
      for await (const frame of segment.frames())
        left.push(frame.number % 2 === 1 ? frame.packed.toString() : (await linesOf(frame)).join())
    })
    expect(left.map((text) => (text === 'junk' ? text : JSON.parse(text).id))).toEqual(['0b', 'junk', '2b', 'junk'])
    const next = parseKeyRing(['cd'.repeat(32), 'ab'.repeat(32)], 'test')
    expect(await using(next, (one) => one.rotateEncryption())).toBe(1)
    expect(numbersOf(await indexOf(file, next), third!)).toEqual([3])
    await expect(find(third!, next)).rejects.toThrow()
  })

  test('that is rewritten tells no more of who was erased', async () => {
    const [gone, stays] = [personOf('P1'), personOf('P2')]
    await write([[entry('a', gone), entry('b', stays), entry('c', null)]], ring)
    await using(ring, (log) => log.erase({ person: gone }))
    const index = await indexOf((await files())[0]!, ring)
    expect([numbersOf(index, gone), numbersOf(index, stays)]).toEqual([[], [0]])
    expect(await find(stays, ring)).toEqual(['b'])
  })

  test('is looked through whenever its index is torn, false, missing or of another file: nothing is missed', async () => {
    const persons = ['P1', 'P2', 'P3'].map(personOf)
    await write([[entry('a', persons[0]!), entry('b', persons[1]!)], [entry('c', persons[2]!)]], ring)
    const [one, two] = await files()
    const [whole, other] = [await readFile(one!), await readFile(two!)]
    const endOf = (bytes: Buffer) => bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8) - 8
    const end = endOf(whole)
    const frames = whole.subarray(0, end)
    const damaged: Buffer[] = [
      frames,
      Buffer.concat([frames, other.subarray(endOf(other))]),
      Buffer.concat([whole, Buffer.alloc(1)]),
      Buffer.concat([whole, Buffer.alloc(4096)]),
      Buffer.concat([frames, Buffer.alloc(whole.length - end)]),
      Buffer.concat([frames, whole.subarray(end, end + 8), whole.subarray(end)]),
    ]
    for (let size = end; size < whole.length; size++) damaged.push(whole.subarray(0, size))
    for (let at = end; at < whole.length; at++) {
      const bytes = Buffer.from(whole)
      bytes[at] = bytes[at]! ^ (1 << (at % 8))
      damaged.push(bytes)
    }
    for (const [i, bytes] of damaged.entries()) {
      await writeFile(one!, bytes)
      expect(await indexOf(one!, ring), String(i)).toBeNull()
    }
    for (const bytes of [...damaged.slice(0, 6), ...damaged.slice(-3)]) {
      await writeFile(one!, bytes)
      await writeFile(two!, other)
      const all = await allEntries(ring)
      for (const person of persons) expect(await find(person, ring)).toEqual(idsOf(all, person))
      for (const person of persons)
        expect(await using(ring, (log) => log.erase({ person }))).toBe(idsOf(all, person).length)
      expect(await allEntries(ring)).toEqual([])
    }
  })
})

test('an encrypted file of a person that it has not still asks for its key', async () => {
  await write([[entry('a', personOf('P1'))]], RING)
  await expect(find(personOf('P2'))).rejects.toMatchObject({ code: 'ENCRYPTION_KEY_MISSING' })
})

test('a file whose writer was killed before it got its last name is looked through, whatever stands at its end', async () => {
  const person = personOf('P1')
  await write([[entry('a', person)], [entry('b', null)]])
  for (const file of await files())
    await rename(file, `${file.replace(`-${process.pid}-`, '-999999999-')}${OPEN_SUFFIX}`)
  expect(await find(person)).toEqual(['a'])
  expect(await using(null, (log) => log.erase({ person }))).toBe(1)
  expect((await allEntries(null)).map(({ id }) => id)).toEqual(['b'])
}, 60_000)

test('whatever is written, ended, torn, erased and encrypted anew: who is looked for or erased is found as without an index', async () => {
  const person = fc.integer({ min: 0, max: 6 }).map((n) => (n === 0 ? null : personOf(`P${n}`)))
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        write: fc.array(fc.array(person, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      }),
    },
    { weight: 2, arbitrary: fc.record({ erase: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ eraseId: fc.nat(30) }) },
    { weight: 1, arbitrary: fc.record({ cut: fc.nat(), by: fc.integer({ min: 1, max: 120 }) }) },
    { weight: 1, arbitrary: fc.constant({ rotate: true as const }) },
  )
  const rings = [RING, parseKeyRing(['cd'.repeat(32), 'ab'.repeat(32)], 'test')]
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 10 }), fc.boolean(), async (steps, encrypted) => {
      await rm(root, { recursive: true, force: true })
      let ring = encrypted ? rings[0]! : null
      let next = 0
      for (const one of steps) {
        const there = 'write' in one ? [] : await files()
        if ('write' in one)
          await using(ring, async (log) => {
            // A frame for each.
            for (const frame of one.write) await log.keep(frame.map((of) => entry(String(next++), of)))
          })
        else if ('cut' in one && there.length > 0) {
          const file = there[one.cut % there.length]!
          const bytes = await readFile(file)
          await writeFile(file, bytes.subarray(0, Math.max(0, bytes.length - one.by)))
        } else if ('rotate' in one) {
          ring = rings[1]!
          await using(ring, (log) => log.rotateEncryption()).catch(() => 0)
        } else if ('erase' in one) {
          const gone = personOf(`P${one.erase}`)
          const before = await allEntries(ring)
          expect(await using(ring, (log) => log.erase({ person: gone }))).toBe(idsOf(before, gone).length)
          expect((await allEntries(ring)).map(({ id }) => id)).toEqual(
            before.filter((each) => each.person !== gone).map(({ id }) => id),
          )
        } else if ('eraseId' in one) await using(ring, (log) => log.erase({ ids: new Set([String(one.eraseId)]) }))
        const all = await allEntries(ring)
        for (let n = 1; n <= 6; n++) expect(await find(personOf(`P${n}`), ring)).toEqual(idsOf(all, personOf(`P${n}`)))
      }
    }),
    { numRuns: Number(process.env['BELLWETHER_RUNS'] ?? 15) },
  )
}, 120_000)
