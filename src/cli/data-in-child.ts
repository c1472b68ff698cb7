import type { DataWorker } from '../server/data-worker.ts'
import { runInChild } from './run-in-child.ts'

interface Transferred {
  readonly versions: readonly {
    readonly id: string
    readonly already: boolean
    readonly sentBytes?: number
    readonly receivedBytes?: number
  }[]
}

/** `data add`, `data push` and `data pull` in a process of their own. @param place Where the home is. */
export function dataInChild(place: string, remote: string | null): DataWorker {
  return {
    remote,
    addTable: (file, name, signal) => runInChild(place, ['data', 'add', file, '--name', name], { signal }),
    async transfer(direction, ids, signal) {
      // The child finds the remote in the environment, as this process does.
      const { versions } = await runInChild<Transferred>(place, ['data', direction, ...ids], { signal })
      return versions.map(({ id, already, sentBytes, receivedBytes }) => ({
        id,
        already,
        sizeBytes: sentBytes ?? receivedBytes ?? 0,
      }))
    },
  }
}
