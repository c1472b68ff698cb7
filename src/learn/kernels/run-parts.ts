import type { KernelMemory } from './kernel-memory.ts'
import type { TeamKernel } from './kernel-names.ts'
import { partBegin } from './kernel-team.ts'

/** Rows from which on threads share out work that is done once for each: below, waiting for each other costs more. */
export const MIN_TEAM_ROWS = 16_384

/** Most threads that work in the memory. */
export function threadsOf(memory: KernelMemory): number {
  return memory.team?.size ?? 1
}

/**
 * Runs a kernel on n items, in parts where there are threads for it.
 * @param worthwhile Whether sharing out is worth the wait.
 * @param argumentsOf Arguments for the items from `begin` to `end - 1`.
 * @returns What each part gave.
 */
export function runParts(
  memory: KernelMemory,
  kernel: TeamKernel,
  n: number,
  worthwhile: boolean,
  argumentsOf: (begin: number, end: number, part: number) => readonly number[],
): number[] {
  const nParts = memory.team && worthwhile ? memory.team.present : 1
  const tasks = Array.from({ length: nParts }, (_, part) =>
    argumentsOf(partBegin(n, part, nParts), partBegin(n, part + 1, nParts), part),
  )
  return runTasks(memory, kernel, tasks)
}

/** Runs a kernel on each of some tasks, side by side where there are threads for it. Returns what each gave. */
export function runTasks(memory: KernelMemory, kernel: TeamKernel, tasks: readonly (readonly number[])[]): number[] {
  if (memory.team && tasks.length > 1) return memory.team.run(kernel, tasks)
  const run = memory.kernels[kernel] as (...args: readonly number[]) => number | undefined
  return tasks.map((args) => run(...args) ?? 0)
}
