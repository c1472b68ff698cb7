/** `bellwether/learn/threads`: threads of Node for the fits of `bellwether/learn`, which by itself starts none. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { reportLost } from '../learn/kernels/helper.ts'
import type { FitThreads } from '../learn/kernels/kernel-team.ts'

/**
 * Threads for one fit at a time or several: each fit starts its own and ends them.
 *
 *     gradientBoosting.fit({ x, target, seed, threads: fitThreads(2) }, options)
 *
 * @param count Threads in all, the caller's own included; as many as the machine runs at once when left out.
 */
export function fitThreads(count: number = availableParallelism()): FitThreads {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return {
    count,
    start(job) {
      const worker = new Worker(new URL(`./fit-thread.${extension}`, import.meta.url), { workerData: job })
      // A fit blocks this thread, so it learns of a lost helper through the memory; this is for what comes after it.
      worker.on('error', () => reportLost(job.memory, job.slot))
      worker.unref()
    },
  }
}
