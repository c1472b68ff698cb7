import { randomBytes } from 'node:crypto'
import { appendFileSync, closeSync, fsyncSync, mkdirSync, writeSync } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import path from 'node:path'
import type { LogOutput } from './bounded-sink.ts'
import type { LogComponent } from './log-line.ts'

export interface LogFilesOptions {
  readonly folder: string
  readonly component: LogComponent
  readonly clock: () => number
  /** A new file begins before one would be larger. */
  readonly maxFileBytes: number
  /** A new file begins at multiples of so many hours, and at midnight (UTC). */
  readonly rotateHours: number
  /** Told of each file that nothing is written to any more. */
  readonly onEnded?: (file: string) => void
}

interface OpenFile {
  readonly file: string
  readonly handle: FileHandle
  readonly period: string
  bytes: number
  unsynced: boolean
}

const HOUR_MS = 60 * 60 * 1000

/**
 * The log as files of its own: `logs/2026-11-21/server-<time>-<process>-<chance>.ndjson`. Several processes may log to one folder. Files of
 * a day that is over are never written to again, whoever wrote them.
 */
export class LogFiles implements LogOutput {
  readonly #options: LogFilesOptions
  #open: OpenFile | null = null
  #files = 0
  /** Writes take turns with the rotation. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: LogFilesOptions) {
    this.#options = options
  }

  write(bytes: Buffer): Promise<void> {
    return this.#next(async () => {
      const file = await this.#fileFor(bytes.length)
      file.unsynced = true
      await file.handle.appendFile(bytes)
      file.bytes += bytes.length
    })
  }

  writeSync(bytes: Buffer): boolean {
    try {
      if (this.#open) for (let at = 0; at < bytes.length; ) at += writeSync(this.#open.handle.fd, bytes, at)
      else {
        const { place, file } = this.#nameAt(this.#options.clock())
        mkdirSync(place, { recursive: true, mode: 0o700 })
        appendFileSync(file, bytes, { mode: 0o600, flush: true })
      }
      return true
    } catch {
      return false
    }
  }

  sync(): Promise<void> {
    return this.#next(async () => {
      if (!this.#open?.unsynced) return
      this.#open.unsynced = false
      await this.#open.handle.datasync()
    })
  }

  syncSync(): void {
    try {
      if (this.#open) fsyncSync(this.#open.handle.fd)
    } catch {
      // The disk is gone; so is the process.
    }
  }

  close(): Promise<void> {
    return this.#next(() => this.#end())
  }

  /** The file that is written to now; null before the first line. */
  get current(): string | null {
    return this.#open?.file ?? null
  }

  #next(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work)
    this.#turn = done.catch(() => {})
    return done
  }

  async #fileFor(nBytes: number): Promise<OpenFile> {
    const { clock, maxFileBytes, rotateHours } = this.#options
    const now = clock()
    const day = new Date(now).toISOString().slice(0, 10)
    const period = `${day}.${Math.floor((now % (24 * HOUR_MS)) / (rotateHours * HOUR_MS))}`
    const found = this.#open
    if (found && found.period === period && (found.bytes === 0 || found.bytes + nBytes <= maxFileBytes)) return found
    if (found) await this.#end().catch(() => {})
    const { place, file } = this.#nameAt(now)
    await mkdir(place, { recursive: true, mode: 0o700 })
    this.#open = { file, handle: await open(file, 'ax', 0o600), period, bytes: 0, unsynced: false }
    return this.#open
  }

  /** A file of this process that begins now. */
  #nameAt(now: number): { place: string; file: string } {
    const place = path.join(this.#options.folder, new Date(now).toISOString().slice(0, 10))
    const stamp = now.toString(36).padStart(9, '0')
    // The number keeps files in order that begin in one millisecond.
    const number = String(this.#files++ % 10_000).padStart(4, '0')
    const chance = randomBytes(3).toString('hex')
    const name = `${this.#options.component}-${stamp}${number}-${process.pid}-${chance}.ndjson`
    return { place, file: path.join(place, name) }
  }

  async #end(): Promise<void> {
    const ended = this.#open
    if (!ended) return
    this.#open = null
    try {
      await ended.handle.datasync()
    } finally {
      await ended.handle.close().catch(() => closeSync(ended.handle.fd))
    }
    this.#options.onEnded?.(ended.file)
  }
}
