import { type FileHandle, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { fileError } from '../../data/file-error.ts'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { BellwetherError } from '../../errors.ts'

/** How far a batch is: what lies in its partial files up to these sizes is whole. */
const Progress = z.object({
  /** Chunks of the input that are done. */
  chunks: z.int().nonnegative(),
  /** Rows of the input in them. */
  rows: z.int().nonnegative(),
  scored: z.int().nonnegative(),
  rejected: z.int().nonnegative(),
  outBytes: z.int().nonnegative(),
  rejectBytes: z.int().nonnegative(),
})
export type BatchProgress = z.output<typeof Progress>

const START: BatchProgress = { chunks: 0, rows: 0, scored: 0, rejected: 0, outBytes: 0, rejectBytes: 0 }

/** Time between two checkpoints. */
const CHECKPOINT_MS = 2000

export interface PartialPlace {
  /** Absolute path of the file that the batch is to write. */
  readonly out: string
  /** Of input, model and options together: another batch has other partial files. */
  readonly identity: string
}

/**
 * The unfinished output of a batch, in hidden files beside the file that it is to become. A checkpoint says how much of them is whole and on
 * disk; what was written after it is cut when the batch is taken up again, and written once more, with the same bytes.
 */
export class PartialOutput {
  readonly outFile: string
  readonly rejectFile: string
  /** Whether an earlier attempt is taken up. */
  readonly resumed: boolean
  #progress: BatchProgress
  readonly #checkpoint: string
  readonly #out: FileHandle
  readonly #rejects: FileHandle
  #lastCheckpoint = Date.now()

  private constructor(
    files: ReturnType<typeof partialFiles>,
    handles: { readonly out: FileHandle; readonly rejects: FileHandle },
    progress: BatchProgress,
  ) {
    this.outFile = files.out
    this.rejectFile = files.rejects
    this.#checkpoint = files.checkpoint
    this.#out = handles.out
    this.#rejects = handles.rejects
    this.#progress = progress
    this.resumed = progress.chunks > 0
  }

  /** Takes up what an earlier attempt of the same batch left, or begins. Attempts at another batch for the same file are removed. @throws FILE_NOT_FOUND, FILE_UNREADABLE, DISK_FULL */
  static async open(place: PartialPlace): Promise<PartialOutput> {
    const files = partialFiles(place)
    try {
      await removeOthers(place, Object.values(files))
      const [out, rejects] = [await open(files.out, 'a+', 0o600), await open(files.rejects, 'a+', 0o600)]
      const progress = await readProgress(files.checkpoint, out, rejects)
      await out.truncate(progress.outBytes)
      await rejects.truncate(progress.rejectBytes)
      return new PartialOutput(files, { out, rejects }, progress)
    } catch (error) {
      throw fileError(error, place.out)
    }
  }

  get progress(): BatchProgress {
    return this.#progress
  }

  /** Adds what a chunk gave, and makes a checkpoint now and then. @throws DISK_FULL */
  async append(out: string, rejects: string, done: Omit<BatchProgress, 'outBytes' | 'rejectBytes'>): Promise<void> {
    try {
      const [outBytes, rejectBytes] = [await append(this.#out, out), await append(this.#rejects, rejects)]
      this.#progress = {
        ...done,
        outBytes: this.#progress.outBytes + outBytes,
        rejectBytes: this.#progress.rejectBytes + rejectBytes,
      }
      if (Date.now() - this.#lastCheckpoint >= CHECKPOINT_MS) await this.checkpoint()
    } catch (error) {
      throw fileError(error, this.outFile)
    }
  }

  /** What was added so far stays, whatever happens. */
  async checkpoint(): Promise<void> {
    await this.#out.sync()
    await this.#rejects.sync()
    await writeFileWhole(this.#checkpoint, Buffer.from(JSON.stringify(this.#progress)))
    this.#lastCheckpoint = Date.now()
  }

  async close(): Promise<void> {
    await this.#out.close()
    await this.#rejects.close()
  }

  /**
   * Puts the output in its place, and the rejects where there are any. Killed in between, the next attempt does it again.
   * @param made The file to become the output, where it is not the partial one itself.
   */
  async finish(targets: { readonly out: string; readonly rejects: string | null }, made: string): Promise<void> {
    try {
      await this.checkpoint()
      if (targets.rejects !== null) await rename(this.rejectFile, targets.rejects)
      await syncFile(made)
      await rename(made, targets.out)
      await syncFolder(path.dirname(targets.out))
      await this.close()
      for (const file of [this.outFile, this.rejectFile, this.#checkpoint]) await rm(file, { force: true })
    } catch (error) {
      throw fileError(error, targets.out)
    }
  }
}

function partialFiles({ out, identity }: PartialPlace) {
  const name = path.join(path.dirname(out), `${prefixOf(out)}${identity.slice(0, 16)}`)
  return {
    out: `${name}.partial`,
    rejects: `${name}.rejects`,
    checkpoint: `${name}.checkpoint`,
    made: `${name}.made`,
  }
}

/** Where the output is made where it is not the partial file itself. */
export function madeFile(place: PartialPlace): string {
  return partialFiles(place).made
}

const TORN_CHECKPOINT = /^[0-9a-f]{16}\.checkpoint\.[0-9a-f]{12}\.tmp$/

const prefixOf = (out: string) => `.${path.basename(out)}.`

async function removeOthers({ out }: PartialPlace, own: readonly string[]): Promise<void> {
  const folder = path.dirname(out)
  const prefix = prefixOf(out)
  for (const name of await readdir(folder)) {
    const ours =
      name.startsWith(prefix) && /^[0-9a-f]{16}\.(?:partial|rejects|checkpoint|made)$/.test(name.slice(prefix.length))
    // A checkpoint that was being written when its process was killed (`writeFileWhole`).
    const torn = name.startsWith(`.${prefix}`) && TORN_CHECKPOINT.test(name.slice(prefix.length + 1))
    if (torn || (ours && !own.includes(path.join(folder, name)))) await rm(path.join(folder, name), { force: true })
  }
}

/** What an earlier attempt said of itself; from the start where there is none, or where its files are shorter than it says. */
async function readProgress(checkpoint: string, out: FileHandle, rejects: FileHandle): Promise<BatchProgress> {
  const text = await readFile(checkpoint, 'utf8').catch(() => null)
  if (text === null) return START
  const parsed = Progress.safeParse(parseJson(text))
  if (!parsed.success) return START
  const [outSize, rejectSize] = [(await out.stat()).size, (await rejects.stat()).size]
  return outSize < parsed.data.outBytes || rejectSize < parsed.data.rejectBytes ? START : parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** @returns how many bytes */
async function append(handle: FileHandle, text: string): Promise<number> {
  if (text === '') return 0
  const bytes = Buffer.from(text, 'utf8')
  await handle.appendFile(bytes)
  return bytes.length
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @throws USAGE where two of the files are one */
export function refuseSameFile(files: Readonly<Record<string, string>>): void {
  const seen = new Map<string, string>()
  for (const [flag, file] of Object.entries(files)) {
    const other = seen.get(file)
    if (other) throw new BellwetherError('USAGE', `${other} and ${flag} name the same file.`)
    seen.set(file, flag)
  }
}
