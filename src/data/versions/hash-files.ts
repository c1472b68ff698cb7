import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { BellwetherError } from '../../errors.ts'
import { fileError } from '../file-error.ts'
import type { HashedPart, HashThreadJob, HashThreadMessage } from './hash-thread.ts'

/** Parts of 4 MiB that each thread may have under way. */
const PARTS_UNDER_WAY = 3
const MOST_THREADS = 8
/** A thread takes a while to start: fewer files than these are one thread's work. */
const FILES_PER_THREAD = 64

export interface HashFilesOptions {
  /** Default: one per core, at most 8. */
  readonly threads?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Reads, cuts and hashes files in worker threads. Parts come one at a time, in no order of files; the next is asked for when `onPart` is done,
 * so that no more than a few parts a thread are in memory, however large the files are.
 * @throws FILE_NOT_FOUND, FILE_UNREADABLE, FILE_CHANGED, CANCELLED, and what `onPart` throws
 */
export async function hashFiles(
  files: readonly string[],
  onPart: (part: HashedPart) => Promise<void>,
  { threads = Math.min(availableParallelism(), MOST_THREADS), signal }: HashFilesOptions = {},
): Promise<void> {
  if (files.length === 0) return
  const count = Math.max(1, Math.min(threads, Math.ceil(files.length / FILES_PER_THREAD)))
  const taken = new SharedArrayBuffer(4)
  const workers: Worker[] = []
  let turn: Promise<void> = Promise.resolve()
  const cancelled = () => new BellwetherError('CANCELLED', 'Reading the files was cancelled.')
  try {
    if (signal?.aborted) throw cancelled()
    await new Promise<void>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(cancelled()), { once: true })
      let running = count
      for (let i = 0; i < count; i++) {
        const credits = new SharedArrayBuffer(4)
        const credit = new Int32Array(credits)
        credit[0] = PARTS_UNDER_WAY
        const worker = startThread({ files, taken, credits })
        workers.push(worker)
        worker.on('message', (message: HashThreadMessage) => {
          if ('part' in message) {
            turn = turn.then(() => onPart(message.part))
            turn.then(() => {
              Atomics.add(credit, 0, 1)
              Atomics.notify(credit, 0)
            }, reject)
          } else if ('failed' in message) {
            const { file, code, changed } = message.failed
            reject(failure(files[file]!, code, changed))
          } else {
            running -= 1
            if (running === 0) turn.then(resolve, reject)
          }
        })
        worker.on('error', (error) => reject(error))
      }
    })
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function startThread(job: HashThreadJob): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new Worker(new URL(`./hash-thread.${extension}`, import.meta.url), { workerData: job })
}

function failure(file: string, code: string | null, changed: boolean): unknown {
  if (changed)
    return new BellwetherError('FILE_CHANGED', `${file} was written to while it was read; nothing was added.`)
  return fileError(Object.assign(new Error(`reading failed (${code})`), { code }), file)
}
