/** A worker thread that reads packages: their files from the disk, decompressed, decrypted, checked, and the model's state decoded. */
import { parentPort, workerData } from 'node:worker_threads'
import { decodeState } from '../../packaging/state-codec.ts'
import { keyRingFromEnvironment } from '../../security/at-rest/key-ring.ts'
import type { State } from '../../table/state.ts'
import { readBlob } from './read-blob.ts'

export interface PackageThreadSettings {
  /** The folder of the blobs. */
  readonly root: string
}

export interface PackageJob {
  readonly id: number
  readonly files: readonly { readonly path: string; readonly hash: string; readonly sizeBytes: number }[]
  /** Path of the file that is decoded; the others go back as they are. */
  readonly stateFile: string
}

/** What became of a job: null where anything was wrong. Who asked reads the files anew then, and says what it is. */
export interface PackageJobDone {
  readonly id: number
  readonly contents: { readonly files: Map<string, Uint8Array>; readonly state: State | null } | null
}

/** One is decompressed while the other is checked and decoded. */
const AT_ONCE = 2

/** Jobs that wait, the first first. */
const waiting: PackageJob[] = []
let running = 0

if (parentPort) {
  const { root } = workerData as PackageThreadSettings
  const ring = keyRingFromEnvironment(process.env)
  // Seen to by each job.
  ring.catch(() => undefined)
  const next = () => {
    while (running < AT_ONCE && waiting.length > 0) {
      const job = waiting.shift()!
      running += 1
      void read(job, (hash) => ring.then((keys) => readBlob(root, hash, keys))).then(() => {
        running -= 1
        next()
      })
    }
  }
  parentPort.on('message', (job: PackageJob) => {
    waiting.push(job)
    next()
  })
}

async function read({ id, files, stateFile }: PackageJob, get: (hash: string) => Promise<Uint8Array>): Promise<void> {
  try {
    const contents = new Map<string, Uint8Array>()
    let state: State | null = null
    const transfer = new Set<ArrayBuffer>()
    for (const { path, hash, sizeBytes } of files) {
      const bytes = await get(hash)
      if (bytes.length !== sizeBytes) throw new Error('a file of another size')
      if (path === stateFile) {
        state = decodeState(bytes)
        for (const array of arraysOf(state)) transfer.add(array.buffer as ArrayBuffer)
      } else {
        // Its own bytes alone: what a blob is read into may be much larger.
        const own = bytes.slice()
        contents.set(path, own)
        transfer.add(own.buffer)
      }
    }
    post({ id, contents: { files: contents, state } }, [...transfer])
  } catch {
    post({ id, contents: null }, [])
  }
}

/** Typed arrays of a state, which own their bytes. */
function* arraysOf(state: State): Generator<ArrayBufferView> {
  if (ArrayBuffer.isView(state)) yield state
  else if (state !== null && typeof state === 'object')
    for (const member of Object.values(state)) yield* arraysOf(member as State)
}

function post(done: PackageJobDone, transfer: ArrayBuffer[]): void {
  parentPort!.postMessage(done, transfer)
}
