import { Worker } from 'node:worker_threads'
import type { PackageContents, PackageSource } from '../../packaging/read-package.ts'
import type { WrittenFile } from '../../packaging/write-package.ts'
import { FileBlobStore } from './file-blob-store.ts'
import type { HomeBlobs } from './home-blobs.ts'
import type { PackageJob, PackageJobDone, PackageThreadSettings } from './package-thread.ts'

/** A thread with nothing to do ends, and what was read ahead and not asked for goes with it. */
const IDLE_MS = 5_000
/** Content of packages that may be read before anybody asks for it. */
export const MOST_AHEAD_BYTES = 256 * 1024 * 1024

/** Packages, read by a thread of their own, so that neither a start nor a server that answers waits for it. */
export interface BesidePackages extends PackageSource {
  /**
   * Begins to read a package that will be asked for soon.
   * @returns false where so much has been read ahead already that it has to wait until it is asked for
   */
  readAhead(files: readonly WrittenFile[], stateFile: string): boolean
  /** Ends the thread; what it was reading is read by others then. Idempotent. */
  close(): Promise<void>
}

/**
 * Reads the packages of a home beside this thread. The thread starts when it is needed, and ends when it is not. What it cannot read is read in
 * this one.
 * @returns null for blobs that are not in a folder
 */
export function readPackagesBeside(blobs: HomeBlobs, idleMs: number = IDLE_MS): BesidePackages | null {
  if (!(blobs instanceof FileBlobStore)) return null
  const settings: PackageThreadSettings = { root: blobs.place }
  let thread: Worker | null = null
  let idle: NodeJS.Timeout | undefined
  let lastId = 0
  const jobs = new Map<number, (contents: PackageContents | null) => void>()
  /** What was begun ahead, by `nameOf`: each is handed over once, since a model may own its arrays. */
  const ahead = new Map<string, Promise<PackageContents | null>[]>()
  let aheadBytes = 0

  function endThread(ended: Worker): Promise<number> {
    if (thread === ended) {
      thread = null
      clearTimeout(idle)
      ahead.clear()
      aheadBytes = 0
      for (const answer of jobs.values()) answer(null)
      jobs.clear()
    }
    return ended.terminate()
  }

  function startThread(): Worker {
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
    const started = new Worker(new URL(`./package-thread.${extension}`, import.meta.url), { workerData: settings })
    started.unref()
    started.on('message', ({ id, contents }: PackageJobDone) => {
      jobs.get(id)?.(contents)
      jobs.delete(id)
      if (jobs.size === 0) idle = setTimeout(() => void endThread(started), idleMs).unref()
    })
    // A thread that breaks, or that the system ends: its jobs are done by those who gave them.
    started.on('error', () => void endThread(started))
    started.on('exit', () => void endThread(started))
    return started
  }

  function begin(files: readonly WrittenFile[], stateFile: string): Promise<PackageContents | null> {
    clearTimeout(idle)
    thread ??= startThread()
    const job: PackageJob = {
      id: ++lastId,
      files: files.map(({ path, hash, sizeBytes }) => ({ path, hash, sizeBytes })),
      stateFile,
    }
    const done = new Promise<PackageContents | null>((resolve) => jobs.set(job.id, resolve))
    thread.postMessage(job)
    return done
  }

  return {
    get: (hash) => blobs.get(hash),
    trustedKeys: blobs.trustedKeys,
    readBeside(files, stateFile) {
      const begun = ahead.get(nameOf(files))?.shift()
      if (!begun) return begin(files, stateFile)
      aheadBytes -= sizeOf(files)
      return begun
    },
    readAhead(files, stateFile) {
      if (aheadBytes + sizeOf(files) > MOST_AHEAD_BYTES) return false
      aheadBytes += sizeOf(files)
      const begun = begin(files, stateFile)
      const same = ahead.get(nameOf(files))
      if (same) same.push(begun)
      else ahead.set(nameOf(files), [begun])
      return true
    },
    async close() {
      if (thread) await endThread(thread)
    },
  }
}

const nameOf = (files: readonly WrittenFile[]) => files.map(({ path, hash }) => `${path} ${hash}`).join('\n')

const sizeOf = (files: readonly WrittenFile[]) => files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
