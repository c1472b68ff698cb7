import { BellwetherError } from '../errors.ts'
import type { RunDeps } from './run-deps.ts'
import { ERROR_TAG } from './run-tags.ts'

/** Lets signals and timers in between two long synchronous steps. @throws CANCELLED */
export async function settle(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
  if (signal?.aborted) throw new BellwetherError('CANCELLED', 'The run was stopped.')
}

/** Writes an artifact of a run; a text in UTF-8. */
export async function keepArtifact(
  runId: string,
  path: string,
  content: string | Uint8Array,
  mediaType: string,
  { blobs, tracking }: Pick<RunDeps, 'blobs' | 'tracking'>,
): Promise<void> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
  await tracking.logArtifact(runId, { path, hash: await blobs.put(bytes), sizeBytes: bytes.length, mediaType })
}

/** Events as they come, and the stage that they last told; null before the first. */
export function followStages(onEvent: RunDeps['onEvent']): {
  readonly onEvent: RunDeps['onEvent']
  readonly stage: () => string | null
} {
  let stage: string | null = null
  return {
    onEvent: (event) => {
      if (event.type === 'stage') stage = event.stage
      else if (event.type === 'search-started') stage = 'search'
      onEvent(event)
    },
    stage: () => stage,
  }
}

/**
 * Ends a run that did not come to its end: as stopped, or as failed, and then it says why.
 * @param stage What the run was at; null where it has no stages.
 * @returns whether it was stopped
 */
export async function abandonRun(
  runId: string,
  error: unknown,
  { tracking, clock, signal }: Pick<RunDeps, 'tracking' | 'clock' | 'signal'>,
  stage: string | null = null,
): Promise<boolean> {
  const cancelled = signal?.aborted === true || (error instanceof BellwetherError && error.code === 'CANCELLED')
  // The first error is the one to tell, whatever comes of writing it down.
  if (!cancelled) await tracking.logBatch(runId, { tags: { [ERROR_TAG]: whyFailed(error, stage) } }).catch(() => {})
  await tracking.finishRun(runId, cancelled ? 'KILLED' : 'FAILED', clock()).catch(() => {})
  return cancelled
}

/** Our own errors quote no row; of any other one its kind alone is told. */
function whyFailed(error: unknown, stage: string | null): string {
  const known = error instanceof BellwetherError && error.code !== 'INTERNAL'
  const what = known ? error.message : error instanceof Error ? error.name : 'an unknown error'
  return `${known ? error.code : 'INTERNAL'}${stage ? ` at the stage "${stage}"` : ''}: ${what}`
}
