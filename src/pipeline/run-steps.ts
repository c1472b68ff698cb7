import { BellwetherError } from '../errors.ts'
import type { RunDeps } from './run-deps.ts'

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

/**
 * Ends a run that did not come to its end, as stopped or failed.
 * @returns whether it was stopped
 */
export async function abandonRun(
  runId: string,
  error: unknown,
  { tracking, clock, signal }: Pick<RunDeps, 'tracking' | 'clock' | 'signal'>,
): Promise<boolean> {
  const cancelled = signal?.aborted === true || (error instanceof BellwetherError && error.code === 'CANCELLED')
  await tracking.finishRun(runId, cancelled ? 'KILLED' : 'FAILED', clock()).catch(() => {}) // the first error is the one to tell
  return cancelled
}
