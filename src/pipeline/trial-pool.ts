import { Tinypool } from 'tinypool'
import { BellwetherError } from '../errors.ts'
import type { FoldResult, FoldTask } from '../evaluate/search/trial-result.ts'
import { shareFloat64, shareInt32, shareTable } from '../table/share-table.ts'
import type { TrialContext } from './trial-context.ts'

/** Worker threads that hold one search's rows. */
export interface TrialPool {
  run(task: FoldTask): Promise<FoldResult>
  close(): Promise<void>
}

export function openTrialPool(context: TrialContext, threads: number, signal?: AbortSignal): TrialPool {
  const { target } = context
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  const pool = new Tinypool({
    filename: new URL(`./trial-worker.${extension}`, import.meta.url).href,
    runtime: 'worker_threads',
    minThreads: threads,
    maxThreads: threads,
    isolateWorkers: false,
    workerData: {
      ...context,
      table: shareTable(context.table),
      target:
        target.task === 'classification'
          ? { ...target, codes: shareInt32(target.codes) }
          : { ...target, values: shareFloat64(target.values) },
    } satisfies TrialContext,
  })
  return {
    async run(task) {
      try {
        return (await pool.run(task, signal ? { signal } : {})) as FoldResult
      } catch (error) {
        if (signal?.aborted) throw new BellwetherError('CANCELLED', 'The search was stopped.', { cause: error })
        throw error
      }
    },
    close: () => pool.destroy(),
  }
}
