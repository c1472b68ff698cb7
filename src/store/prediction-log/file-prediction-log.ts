import { createCipheriv, createHash, createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { type FileHandle, link, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { BellwetherError } from '../../errors.ts'
import type { KeyRing } from '../../security/at-rest/key-ring.ts'
import type { LogSecrets } from '../../serve/prediction-log/make-entries.ts'
import type {
  ErasedEntries,
  PredictionEntry,
  PredictionLog,
  PredictionQuery,
} from '../../serve/prediction-log/prediction-log.ts'
import { FILE_MODE, makeFolder, syncFolder, writeTemporary } from '../durable-files.ts'
import { storageError } from '../storage-errors.ts'
import { ROTATION_POLL_MS, requestRotation, rotationMark, withErasingLock } from './erasing-turn.ts'
import { LineBuffer } from './line-buffer.ts'
import { OPEN_SUFFIX, SECRET_FILE, SEGMENT_NAME } from './log-files.ts'
import { markOf } from './person-index.ts'
import { PersonKeys } from './person-keys.ts'
import { placesOfIds } from './places-of-ids.ts'
import { placesOfPersons } from './places-of-persons.ts'
import { type KeptLines, rewriteSegment, writeWhole } from './rewrite-segment.ts'
import { keyOfSegment, linesOf, SegmentReader, SegmentWriter } from './segment.ts'

/** What `window` promises: an entry is on disk this long after it was handed over. */
const WINDOW_MS = 200

/** A frame is written sooner when so much waits. */
const FLUSH_BYTES = 1024 * 1024

/** A place for lines up to this size is used again for those that come next. */
const MOST_SPARE_BYTES = 4 * 1024 * 1024

/** What may wait for a disk that does not answer; further entries are lost, and counted. */
const MOST_WAITING = 64 * 1024 * 1024

/** A new file after so many bytes. */
const SEGMENT_BYTES = 64 * 1024 * 1024

/**
 * A new file after so many persons, and after so many in all frames together: what is known of them is kept in memory (8 MiB at most) until the file ends, and then
 * sorted in one go.
 */
const SEGMENT_PERSONS = 128 * 1024
const SEGMENT_PLACES = 256 * 1024

/** A file that is being rewritten; one does at a time. */
const REWRITING_FILE = '.rewriting'

const DAY_MS = 24 * 60 * 60 * 1000

/** A writer that looks for a wish to rotate every tenth of a second has seen it by then, unless it is dead. */
const WRITER_ANSWERS_MS = 5000

export interface FilePredictionLogOptions {
  readonly clock: () => number
  /** Encrypts the files, and once more the sensitive columns where a project asks for it. */
  readonly ring?: KeyRing | null
  readonly onError?: (error: unknown) => void
  /** Which batch writes: in the names of its files, so that its own entries are found without the others. */
  readonly job?: string
}

interface Waiting {
  readonly lines: LineBuffer
  /** Marks of the lines' persons. */
  readonly persons: number[]
  readonly resolve: (() => void)[]
  readonly reject: ((error: unknown) => void)[]
}

interface OpenSegment {
  readonly day: string
  readonly file: string
  readonly handle: FileHandle
  readonly writer: SegmentWriter
}

/** Predictions as files in the home: `predictions/2026-11-21/<model>-<writer>.bwpl`. Several processes may write at once, each to files of its own. */
export class FilePredictionLog implements PredictionLog, LogSecrets {
  readonly encrypt: LogSecrets['encrypt']
  readonly hashKey: KeyObject
  readonly #persons: PersonKeys
  readonly #root: string
  readonly #job: string | null
  readonly #ring: KeyRing | null
  readonly #clock: () => number
  readonly #onError: (error: unknown) => void
  /** Model -> what is not yet on disk. */
  readonly #waiting = new Map<string, Waiting>()
  readonly #segments = new Map<string, OpenSegment>()
  /** Bytes of lines that are not yet on disk. */
  #bytes = 0
  #spare: LineBuffer | null = null
  #timer: NodeJS.Timeout | null = null
  /** Flushes take turns. */
  #turn: Promise<void> = Promise.resolve()
  #lost = 0
  #closed = false
  #poll: NodeJS.Timeout | null = null
  #rotation = ''

  private constructor(root: string, secret: Uint8Array, { clock, ring, onError, job }: FilePredictionLogOptions) {
    this.#root = root
    this.#clock = clock
    this.#job = job ?? null
    this.#ring = ring ?? null
    this.#onError = onError ?? (() => {})
    this.hashKey = createSecretKey(createHmac('sha256', secret).update('sensitive columns').digest())
    this.#persons = new PersonKeys(createHmac('sha256', secret).update('persons').digest())
    this.encrypt = ring ? (text) => encryptText(text, ring) : null
  }

  /** @param root Folder of the log; made where it is not there, with a secret of its own. */
  static async open(root: string, options: FilePredictionLogOptions): Promise<FilePredictionLog> {
    try {
      await makeFolder(root)
      return new FilePredictionLog(root, await secretOf(root), options)
    } catch (error) {
      throw storageError(error, root)
    }
  }

  get lost(): number {
    return this.#lost
  }

  add(entries: readonly PredictionEntry[]): void {
    const waiting = this.#take(entries)
    if (waiting === null) return
    if (waiting.lines.length > FLUSH_BYTES) void this.#flushSoon()
    else this.#timer ??= setTimeout(() => void this.#flushSoon(), WINDOW_MS / 2)
  }

  keep(entries: readonly PredictionEntry[]): Promise<void> {
    if (entries.length === 0) return Promise.resolve()
    const waiting = this.#take(entries)
    if (waiting === null) return Promise.reject(unavailable())
    // All that wait at the end of this turn of the event loop share one write.
    setImmediate(() => void this.#flushSoon())
    return new Promise<void>((resolve, reject) => {
      waiting.resolve.push(resolve)
      waiting.reject.push(reject)
    })
  }

  /** @returns null where there is no room, and then they are lost; also for none. */
  #take(entries: readonly PredictionEntry[]): Waiting | null {
    if (entries.length === 0) return null
    if (this.#closed || this.#bytes > MOST_WAITING) {
      this.#lost += entries.length
      return null
    }
    const { model } = entries[0]!
    let waiting = this.#waiting.get(model)
    if (!waiting) {
      waiting = { lines: this.#spare ?? new LineBuffer(), persons: [], resolve: [], reject: [] }
      this.#spare = null
      this.#waiting.set(model, waiting)
    }
    for (const entry of entries) {
      this.#bytes += waiting.lines.add(JSON.stringify(entry))
      if (entry.person !== undefined) waiting.persons.push(markOf(entry.person))
    }
    return waiting
  }

  async *entries(query: PredictionQuery): AsyncGenerator<PredictionEntry> {
    await this.flush()
    const model = query.model === undefined ? null : folderNameOf(query.model)
    const places = query.ids && placesOfIds(query.ids)
    const persons = query.person === undefined ? undefined : placesOfPersons(query.person)
    for (const day of await this.#days()) {
      const begin = Date.parse(`${day}T00:00:00Z`)
      if (query.since !== undefined && begin + DAY_MS <= query.since) continue
      if (query.until !== undefined && begin >= query.until) continue
      for (const name of await this.#segmentsOf(day)) {
        if (model !== null && SEGMENT_NAME.exec(name)?.[1] !== model) continue
        if (query.job !== undefined && !isOfJob(name, query.job)) continue
        if (places?.inSegment(day, name) === false) continue
        const segment = await openSegment(path.join(this.#root, day, name), this.#ring)
        if (segment === null) continue
        try {
          for await (const frame of segment.frames(await persons?.inSegment(segment))) {
            for (const line of await linesOf(frame)) {
              if (places?.inLine(line) === false || persons?.inLine(line) === false) continue
              const entry = JSON.parse(line) as PredictionEntry
              if (matches(entry, query)) yield entry
            }
          }
        } finally {
          await segment.close()
        }
      }
    }
  }

  async erase(query: ErasedEntries): Promise<number> {
    return this.#alone(() => this.#eraseNow(query))
  }

  /** Runs `use` while nobody writes the files that are there. */
  #alone<T>(use: () => Promise<T>): Promise<T> {
    // In a turn of its own: what is written meanwhile waits, and goes to files that begin after it.
    const working = this.#turn.then(async () => {
      await this.#flushNow()
      await this.#endSegments()
      return withErasingLock(this.#root, async () => {
        // Of one that was killed: it may hold what is to be erased now.
        await rm(path.join(this.#root, REWRITING_FILE), { force: true })
        await this.#awaitOtherWriters()
        return use()
      })
    })
    this.#turn = working.then(
      () => {},
      () => {},
    )
    return working
  }

  async #eraseNow(query: ErasedEntries): Promise<number> {
    let erased = 0
    const places = 'ids' in query ? placesOfIds(query.ids) : undefined
    const persons = 'person' in query ? placesOfPersons(query.person) : undefined
    const stays = (line: string) =>
      places?.inLine(line) === false ||
      persons?.inLine(line) === false ||
      !matches(JSON.parse(line) as PredictionEntry, query)
    for (const day of await this.#days()) {
      for (const name of await this.#segmentsOf(day)) {
        if (places?.inSegment(day, name) === false) continue
        const file = path.join(this.#root, day, name)
        const segment = await SegmentReader.open(file, this.#ring)
        try {
          const touched = new Set<number>()
          for await (const frame of segment.frames(await persons?.inSegment(segment))) {
            for (const line of await linesOf(frame)) {
              if (stays(line)) continue
              touched.add(frame.number)
              erased++
            }
          }
          if (touched.size > 0) await this.#rewrite(file, segment, { touched, stays })
        } finally {
          await segment.close()
        }
      }
    }
    return erased
  }

  #rewrite(file: string, segment: SegmentReader, kept: KeptLines): Promise<void> {
    return rewriteSegment(file, segment, {
      ...kept,
      temporary: path.join(this.#root, REWRITING_FILE),
      ring: this.#ring,
    })
  }

  /**
   * Encrypts every file with the ring's current key, those that are plain too. Killed, it goes on where it was when it is called again.
   * @returns how many files it wrote anew
   * @throws PREDICTION_LOG_BUSY, ENCRYPTION_KEY_MISSING, BLOB_CORRUPT
   */
  async rotateEncryption(): Promise<number> {
    const ring = this.#ring
    if (ring === null) return 0
    return this.#alone(async () => {
      let written = 0
      for (const day of await this.#days()) {
        for (const name of await this.#segmentsOf(day)) {
          const file = path.join(this.#root, day, name)
          const key = await keyOfSegment(file)
          if (key === undefined || key === ring.current.id) continue
          const segment = await SegmentReader.open(file, ring)
          await this.#rewrite(file, segment, { touched: new Set(), stays: () => true }).finally(() => segment.close())
          written++
        }
      }
      return written
    })
  }

  /** Waits until every file that another process writes now has ended. @throws PREDICTION_LOG_BUSY when a living one does not end its file */
  async #awaitOtherWriters(): Promise<void> {
    await requestRotation(this.#root)
    const waitFor = await this.#openFiles()
    const end = performance.now() + WRITER_ANSWERS_MS
    for (;;) {
      const still = new Set(await this.#openFiles())
      const left = waitFor.filter((file) => still.has(file))
      if (left.length === 0) return
      // Of a process that was killed. One in another container, whose number says nothing here, has answered by the end of the wait.
      const alive = left.map((file) => Number(SEGMENT_NAME.exec(path.basename(file))?.[2])).filter(isAlive)
      if (performance.now() > end) {
        if (alive.length === 0) return
        throw new BellwetherError(
          'PREDICTION_LOG_BUSY',
          `Process ${alive[0]} does not end the file of the prediction log that it writes; nothing was erased.`,
        )
      }
      await sleep(ROTATION_POLL_MS)
    }
  }

  async #openFiles(): Promise<string[]> {
    const found: string[] = []
    for (const day of await this.#days())
      for (const name of await this.#segmentsOf(day)) if (name.endsWith(OPEN_SUFFIX)) found.push(path.join(day, name))
    return found
  }

  async expire(model: string, before: number): Promise<number> {
    const own = folderNameOf(model)
    let days = 0
    for (const day of await this.#days()) {
      if (Date.parse(`${day}T00:00:00Z`) + DAY_MS > before) continue
      const names = await this.#segmentsOf(day)
      const gone = names.filter((name) => SEGMENT_NAME.exec(name)?.[1] === own)
      for (const name of gone) await rm(path.join(this.#root, day, name), { force: true })
      if (gone.length > 0) days++
      if (gone.length === names.length) await rm(path.join(this.#root, day), { recursive: true, force: true })
    }
    return days
  }

  personKey(identifier: string): string {
    return this.#persons.key(identifier)
  }

  personKeys(identifier: string): ReadonlySet<string> {
    return this.#persons.keysWithoutBlanks(identifier)
  }

  everyPersonKey(identifier: string): ReadonlySet<string> {
    return this.#persons.keysEver(identifier)
  }

  async flush(): Promise<void> {
    await this.#flushSoon()
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#closeSegments()
  }

  async #closeSegments(): Promise<void> {
    await this.flush()
    await this.#endSegments()
  }

  async #endSegments(): Promise<void> {
    if (this.#poll) clearInterval(this.#poll)
    this.#poll = null
    const open = [...this.#segments.values()]
    this.#segments.clear()
    for (const segment of open) await endSegment(segment)
  }

  /** Ends the files when another process asks for it, so that it can rewrite them. */
  async #rotateWhereAsked(): Promise<void> {
    if ((await rotationMark(this.#root)) === this.#rotation) return
    this.#turn = this.#turn.then(async () => {
      await this.#flushNow()
      await this.#endSegments()
    })
  }

  #flushSoon(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
    this.#turn = this.#turn.then(() => this.#flushNow())
    return this.#turn
  }

  async #flushNow(): Promise<void> {
    const batches = [...this.#waiting]
    this.#waiting.clear()
    for (const [model, { lines, persons, resolve, reject }] of batches) {
      try {
        const segment = await this.#segmentFor(model)
        await writeWhole(segment.handle, await segment.writer.frame(lines.bytes(), persons))
        await segment.handle.datasync()
        for (const done of resolve) done()
      } catch (error) {
        this.#lost += lines.count
        // What was written of a frame is torn: nothing may follow it in this file.
        const torn = this.#segments.get(model)
        this.#segments.delete(model)
        if (torn) await closeSegment(torn)
        this.#onError(storageError(error, this.#root))
        for (const failed of reject) failed(unavailable(error))
      } finally {
        this.#bytes -= lines.length
        lines.clear()
        if (lines.capacity <= MOST_SPARE_BYTES) this.#spare = lines
      }
    }
  }

  async #segmentFor(model: string): Promise<OpenSegment> {
    const day = new Date(this.#clock()).toISOString().slice(0, 10)
    const found = this.#segments.get(model)
    if (found && found.day === day && !isFull(found.writer)) return found
    if (found) {
      this.#segments.delete(model)
      await endSegment(found)
    }
    if (this.#poll === null) {
      // Before the file is there: a wish that comes in between ends it as well.
      this.#rotation = await rotationMark(this.#root)
      this.#poll = setInterval(() => void this.#rotateWhereAsked(), ROTATION_POLL_MS).unref()
    }
    const folder = path.join(this.#root, day)
    await makeFolder(folder)
    const stamp = this.#clock().toString(36).padStart(9, '0')
    const chance = randomBytes(4).toString('hex')
    const name = `${folderNameOf(model)}-${stamp}-${process.pid}-${chance}${this.#job === null ? '' : `_${this.#job}`}.bwpl`
    const file = path.join(folder, name)
    const handle = await open(`${file}${OPEN_SUFFIX}`, 'wx', FILE_MODE)
    const writer = new SegmentWriter(name, this.#ring)
    await handle.writeFile(writer.beginning)
    await handle.sync()
    await syncFolder(folder)
    const segment = { day, file, handle, writer }
    this.#segments.set(model, segment)
    return segment
  }

  async #days(): Promise<string[]> {
    const names = await readdir(this.#root).catch(() => [])
    return names.filter((name) => /^\d{4}-\d\d-\d\d$/.test(name)).sort()
  }

  /** Oldest first, as their names sort: the time of their beginning follows the model. */
  async #segmentsOf(day: string): Promise<string[]> {
    const names = await readdir(path.join(this.#root, day)).catch(() => [])
    return names.filter((name) => SEGMENT_NAME.test(name)).sort()
  }
}

function isFull({ bytes, persons }: SegmentWriter): boolean {
  return bytes >= SEGMENT_BYTES || persons.size >= SEGMENT_PERSONS || persons.places >= SEGMENT_PLACES
}

function isOfJob(name: string, job: string): boolean {
  return name.endsWith(`_${job}.bwpl`) || name.endsWith(`_${job}.bwpl${OPEN_SUFFIX}`)
}

/** Where the disk does not take which persons it has, the file ends without that. */
async function endSegment(segment: OpenSegment): Promise<void> {
  const { handle, writer } = segment
  await writeWhole(handle, writer.ending()).catch(() => {})
  await closeSegment(segment)
}

/** A file that cannot be renamed (its day has aged out, say) stays as it is. */
async function closeSegment({ file, handle }: OpenSegment): Promise<void> {
  await handle.close().catch(() => {})
  await rename(`${file}${OPEN_SUFFIX}`, file).catch(() => {})
}

/** A file that its writer may end, and so rename, just now; null for one that has aged out. */
async function openSegment(file: string, ring: KeyRing | null): Promise<SegmentReader | null> {
  for (const name of [file, file.slice(0, -OPEN_SUFFIX.length)]) {
    try {
      return await SegmentReader.open(name, ring)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
      if (!file.endsWith(OPEN_SUFFIX)) return null
    }
  }
  return null
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function matches(entry: PredictionEntry, query: PredictionQuery): boolean {
  return (
    (query.model === undefined || entry.model === query.model) &&
    (query.version === undefined || entry.version === query.version) &&
    (query.since === undefined || entry.time >= query.since) &&
    (query.until === undefined || entry.time < query.until) &&
    (query.ids === undefined || query.ids.has(entry.id)) &&
    (query.person === undefined || isOf(entry, query.person))
  )
}

function isOf({ person }: PredictionEntry, keys: string | ReadonlySet<string>): boolean {
  return typeof keys === 'string' ? person === keys : person !== undefined && keys.has(person)
}

/** A name is data: no text of a model becomes a part of a path. */
function folderNameOf(model: string): string {
  return createHash('sha256').update(model).digest('hex').slice(0, 16)
}

/** The home's own secret: made once, whole, whoever comes first. */
async function secretOf(root: string): Promise<Uint8Array> {
  const file = path.join(root, SECRET_FILE)
  for (let attempt = 0; ; attempt++) {
    const found = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (found?.length === 32) return found
    if (found || attempt > 5) throw new BellwetherError('HOME_CORRUPT', `${file} is not as it was written.`)
    const temporary = await writeTemporary(root, randomBytes(32))
    await link(temporary, file).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
    await rm(temporary, { force: true })
    await syncFolder(root)
  }
}

/** `key id.nonce.ciphertext and tag`, base64url: AES-256-GCM under a key of the ring. */
function encryptText(text: string, { current }: KeyRing): string {
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', current.key, nonce)
  cipher.setAAD(Buffer.from('prediction log'))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${current.id}.${nonce.toString('base64url')}.${sealed.toString('base64url')}`
}

function unavailable(cause?: unknown): BellwetherError {
  return new BellwetherError(
    'PREDICTION_LOG_UNAVAILABLE',
    'The prediction could not be kept in the log, and so was not given.',
    {
      cause,
    },
  )
}
