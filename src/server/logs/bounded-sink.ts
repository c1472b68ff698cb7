/** Takes whole lines of JSON. */
export interface LogSink {
  write(line: string): void
}

/** Where the lines of a sink go. */
export interface LogOutput {
  /** Resolves when the bytes are with the operating system. @throws where they cannot be written; then they are lost */
  write(bytes: Buffer): Promise<void>
  /** The same at once, for a process that ends. @returns whether all could be written */
  writeSync(bytes: Buffer): boolean
  /** What was written survives a power cut, where there is a disk. */
  sync?(): Promise<void>
  syncSync?(): void
  close?(): Promise<void>
}

export interface BoundedSinkOptions {
  /** Characters that may wait while the output takes none; lines beyond are dropped. */
  readonly maxWaiting?: number
  /** The line that says how many were dropped, once there is room again. */
  readonly droppedLine?: (dropped: number) => string
}

const MAX_WAITING = 4 * 1024 * 1024
/** Written at a time: a pipe's buffer. */
const PIECE = 64 * 1024

/**
 * A log that never holds up who writes to it, and never fails it: lines wait, within bounds, for an output that takes them one after
 * another. A disk that is full or a pipe that nobody reads costs lines, which are counted.
 */
export class BoundedSink implements LogSink {
  readonly #output: LogOutput
  readonly #maxWaiting: number
  readonly #droppedLine: ((dropped: number) => string) | undefined
  #lines: string[] = []
  #characters = 0
  /** What is being written now. */
  #underway: Promise<void> | null = null
  #inFlight: readonly string[] = []
  #dropped = 0
  #told = 0
  #closed = false

  constructor(output: LogOutput, { maxWaiting = MAX_WAITING, droppedLine }: BoundedSinkOptions = {}) {
    this.#output = output
    this.#maxWaiting = maxWaiting
    this.#droppedLine = droppedLine
  }

  /** Lines that were lost since the start. */
  get dropped(): number {
    return this.#dropped
  }

  write(line: string): void {
    if (this.#closed || this.#characters + line.length > this.#maxWaiting) {
      this.#dropped++
      return
    }
    this.#lines.push(line)
    this.#characters += line.length
    this.#underway ??= Promise.resolve().then(() => this.#drain())
  }

  /** Resolves when what was written so far is out, or lost; or after a time. */
  async flush(timeoutMs = Number.POSITIVE_INFINITY): Promise<void> {
    const out = (async () => {
      while (this.#underway) await this.#underway
      await this.#output.sync?.()
    })().catch(() => {})
    if (!Number.isFinite(timeoutMs)) return out
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, timeoutMs)
    })
    await Promise.race([out, late])
    clearTimeout(timer)
  }

  /** Writes what waits before the process ends. Lines of an unfinished write are written again: they may stand there twice, or cut and whole. */
  flushSync(): void {
    const lines = [...this.#inFlight, ...this.#take(Number.POSITIVE_INFINITY)]
    this.#inFlight = []
    if (lines.length > 0 && !this.#output.writeSync(Buffer.from(lines.join(''), 'utf8'))) this.#dropped += lines.length
    this.#output.syncSync?.()
  }

  async close(timeoutMs = 2000): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.flush(timeoutMs)
    // A write that does not end would make closing wait as well.
    if (this.#underway === null) await this.#output.close?.()
  }

  async #drain(): Promise<void> {
    // Let the lines of this turn come together.
    await new Promise<void>((resolve) => setImmediate(resolve))
    while (this.#lines.length > 0) {
      const lines = this.#take(PIECE)
      this.#inFlight = lines
      try {
        await this.#output.write(Buffer.from(lines.join(''), 'utf8'))
        this.#tellOfDropped()
      } catch {
        this.#dropped += lines.length
      }
      this.#inFlight = []
    }
    this.#underway = null
  }

  #take(characters: number): string[] {
    let taken = 0
    let n = 0
    while (n < this.#lines.length && (n === 0 || taken + this.#lines[n]!.length <= characters))
      taken += this.#lines[n++]!.length
    this.#characters -= taken
    return this.#lines.splice(0, n)
  }

  #tellOfDropped(): void {
    if (this.#told === this.#dropped || !this.#droppedLine || this.#closed) return
    const line = this.#droppedLine(this.#dropped - this.#told)
    this.#told = this.#dropped
    this.#lines.unshift(line)
    this.#characters += line.length
  }
}
