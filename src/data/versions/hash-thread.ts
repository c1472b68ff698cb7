/** A worker thread that reads files, cuts them into chunks and hashes both. */
import { createHash, type Hash, hash as hashOnce } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { endOfChunk, MAX_CHUNK_BYTES } from './content-chunks.ts'
import { type FileStamp, sameStamp, stampOf } from './walk-files.ts'

export interface HashThreadJob {
  /** Where the files are; every thread has the whole list and takes the next that nobody has. */
  readonly files: readonly string[]
  /** Int32: how many files have been taken. */
  readonly taken: SharedArrayBuffer
  /** Int32: how many more parts this thread may hand over before one is done with. */
  readonly credits: SharedArrayBuffer
}

/** What a thread hands over: whole chunks, and the files that end among them. */
export interface HashedPart {
  /** The contents of the chunks, one after another. */
  readonly bytes: Uint8Array
  readonly chunks: readonly HashedChunk[]
  readonly ended: readonly EndedFile[]
}

export interface HashedChunk {
  /** Number of the file in the list. */
  readonly file: number
  readonly hash: string
  readonly sizeBytes: number
}

export interface EndedFile {
  readonly file: number
  readonly sha256: string
  readonly sizeBytes: number
  readonly stamp: FileStamp
  /** Whether the stamp tells a later change: it was old enough when the file was read. */
  readonly isSettled: boolean
}

export type HashThreadMessage =
  | { readonly part: HashedPart }
  | { readonly failed: { readonly file: number; readonly code: string | null; readonly changed: boolean } }
  | { readonly done: true }

const PART_BYTES = 4 * 1024 * 1024
/** Files that a thread takes at once. */
const TAKE = 32
/** A file system may give two writes within this time the same stamp. */
const SETTLED_AFTER_MS = 2_000

let buffer = new Uint8Array(PART_BYTES)
/** Where the chunk that is being read begins, and where its bytes end so far. Before it are whole chunks. */
let begin = 0
let filled = 0
let chunks: HashedChunk[] = []
let ended: EndedFile[] = []

if (parentPort) run(workerData as HashThreadJob)

function run({ files, taken, credits }: HashThreadJob): void {
  const next = new Int32Array(taken)
  const credit = new Int32Array(credits)
  for (let first = Atomics.add(next, 0, TAKE); first < files.length; first = Atomics.add(next, 0, TAKE)) {
    for (let file = first; file < Math.min(first + TAKE, files.length); file++) {
      try {
        if (readFile(file, files[file]!, credit)) continue
        post({ failed: { file, code: null, changed: true } })
      } catch (error) {
        post({ failed: { file, code: (error as NodeJS.ErrnoException).code ?? null, changed: false } })
      }
      return
    }
  }
  handOver(credit)
  post({ done: true })
}

/** @returns false where the file changed while it was read */
function readFile(file: number, place: string, credit: Int32Array): boolean {
  const handle = openSync(place, 'r')
  try {
    const before = stampOf(fstatSync(handle, { bigint: true }))
    let whole: Hash | null = null
    let sizeBytes = 0
    let only = ''
    for (let isLast = false; !isLast; ) {
      if (buffer.length - filled < MAX_CHUNK_BYTES && buffer.length - filled <= before.sizeBytes - sizeBytes)
        makeRoom(credit)
      // As many bytes as there are is not yet the end: a read of nothing is.
      const read = readSync(handle, buffer, filled, buffer.length - filled, null)
      isLast = read === 0 || (sizeBytes + (filled - begin) + read === before.sizeBytes && read < buffer.length - filled)
      filled += read
      for (;;) {
        const end = begin === filled ? -1 : endOfChunk(buffer, begin, filled, isLast)
        if (end === -1) break
        const content = buffer.subarray(begin, end)
        const hash = hashOnce('sha256', content, 'hex')
        sizeBytes += content.length
        if (isLast && end === filled && whole === null) only = hash
        else {
          whole ??= createHash('sha256')
          whole.update(content)
        }
        chunks.push({ file, hash, sizeBytes: content.length })
        begin = end
      }
    }
    const after = stampOf(fstatSync(handle, { bigint: true }))
    if (!sameStamp(before, after) || sizeBytes !== after.sizeBytes) return false
    ended.push({
      file,
      sha256: whole ? whole.digest('hex') : only || hashOnce('sha256', '', 'hex'),
      sizeBytes,
      stamp: after,
      isSettled: Date.now() - Number(BigInt(after.modified) / 1_000_000n) > SETTLED_AFTER_MS,
    })
    if (ended.length >= 4096) makeRoom(credit)
    return true
  } finally {
    closeSync(handle)
  }
}

/** Hands over what is whole, and goes on in a new buffer with what is not. */
function makeRoom(credit: Int32Array): void {
  const rest = buffer.slice(begin, filled)
  handOver(credit)
  buffer.set(rest)
  filled = rest.length
}

function handOver(credit: Int32Array): void {
  if (chunks.length === 0 && ended.length === 0) return
  while (Atomics.load(credit, 0) <= 0) Atomics.wait(credit, 0, 0)
  Atomics.sub(credit, 0, 1)
  const bytes = buffer.subarray(0, begin)
  post({ part: { bytes, chunks, ended } }, [buffer.buffer])
  buffer = new Uint8Array(PART_BYTES)
  begin = 0
  filled = 0
  chunks = []
  ended = []
}

function post(message: HashThreadMessage, transfer: ArrayBuffer[] = []): void {
  parentPort!.postMessage(message, transfer)
}
