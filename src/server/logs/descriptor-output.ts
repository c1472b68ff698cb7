import { close, constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import type { LogOutput } from './bounded-sink.ts'

const writeTo = promisify(write)

/** How long a full pipe is left alone before the next try. */
const RETRY_MS = 20
/** How long the end of a process waits for a full pipe. */
const SYNC_PATIENCE_MS = 250

/**
 * An open file, pipe or socket, such as standard error. A pipe that nobody reads is never waited for: it is opened anew without blocking,
 * so that neither this process nor, by a flag that they would share, another writer of it is touched.
 */
export function descriptorOutput(descriptor: number): LogOutput {
  const fd = unblocked(descriptor)
  return {
    async write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        try {
          const { bytesWritten } = await writeTo(fd, bytes, at, bytes.length - at, null)
          at += bytesWritten
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
          // Not kept alive for it: a process that is done does not wait for a reader.
          await sleep(RETRY_MS, undefined, { ref: false })
        }
      }
    },
    writeSync(bytes) {
      const until = Date.now() + SYNC_PATIENCE_MS
      for (let at = 0; at < bytes.length; ) {
        try {
          at += writeSync(fd, bytes, at)
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > until) return false
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
        }
      }
      return true
    },
    async close() {
      if (fd !== descriptor) await promisify(close)(fd)
    },
  }
}

/** The same pipe by a description of its own that does not block; the descriptor itself where it is no pipe, or this system has no such way. */
function unblocked(descriptor: number): number {
  try {
    const kind = fstatSync(descriptor)
    // Node opens its own standard error without blocking where it is a socket; that takes a look at it.
    if (kind.isSocket() && descriptor === 2) void process.stderr
    if (!kind.isFIFO() || process.platform !== 'linux') return descriptor
    return openSync(`/proc/self/fd/${descriptor}`, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch {
    return descriptor
  }
}
