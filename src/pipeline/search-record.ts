import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { BlobStore } from '../track/blob-store.ts'
import type { TrackingStore } from '../track/tracking-store.ts'
import type { PreparedRun } from './prepare-run.ts'
import type { ProjectOptions } from './project.ts'
import type { Provenance } from './provenance.ts'

/** Artifact of a run: what its search was made from. */
export const SEARCH_RECORD = 'search.json'

/** All that a trial's result follows from: equal records, equal trials. */
export const SearchRecord = z.strictObject({
  version: z.literal(1),
  dataset: z.string(),
  code: z.strictObject({
    bellwether: z.string(),
    node: z.string(),
    commit: z.string().nullable(),
    dirty: z.boolean().nullable(),
  }),
  /** Path of an option -> its value as JSON; those that may hold a password as a hash. */
  options: z.record(z.string(), z.string()),
})
export type SearchRecord = z.output<typeof SearchRecord>

export function searchRecord(
  { dataset, options }: { readonly dataset: Pick<PreparedRun['dataset'], 'id'>; readonly options: ProjectOptions },
  { bellwether, node, git }: Provenance,
): SearchRecord {
  return {
    version: 1,
    dataset: dataset.id,
    code: { bellwether, node, commit: git?.commit ?? null, dirty: git?.dirty ?? null },
    options: Object.fromEntries(flat(options, '')),
  }
}

export async function keepSearchRecord(
  runId: string,
  record: SearchRecord,
  { blobs, tracking }: { blobs: BlobStore; tracking: TrackingStore },
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`)
  const hash = await blobs.put(bytes)
  await tracking.logArtifact(runId, {
    path: SEARCH_RECORD,
    hash,
    sizeBytes: bytes.length,
    mediaType: 'application/json',
  })
}

/** What two records disagree in, in sentences; none where one search can go on as the other. */
export function differences(before: SearchRecord, now: SearchRecord): { path: string; message: string }[] {
  const was = (path: string, a: unknown, b: unknown) => ({ path, message: `it was ${say(a)}, and is ${say(b)} now` })
  const found: { path: string; message: string }[] = []
  if (before.dataset !== now.dataset) found.push(was('dataset', before.dataset, now.dataset))
  for (const key of Object.keys(now.code) as (keyof SearchRecord['code'])[]) {
    if (before.code[key] !== now.code[key]) found.push(was(`code.${key}`, before.code[key], now.code[key]))
  }
  for (const key of [...new Set([...Object.keys(before.options), ...Object.keys(now.options)])].sort()) {
    const [a, b] = [before.options[key], now.options[key]]
    if (a === b) continue
    if (isSecret(key)) found.push({ path: key, message: 'it is another one now' })
    else found.push(was(key, a, b))
  }
  return found
}

function say(value: unknown): string {
  return value === undefined || value === null ? 'not there' : String(value).slice(0, 100)
}

/** Addresses may hold a password. */
export function isSecret(path: string): boolean {
  return path === 'data.source' || path.startsWith('data.source.')
}

function* flat(value: unknown, path: string): Generator<[string, string]> {
  if (value === undefined) return
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    for (const [key, inner] of Object.entries(value)) yield* flat(inner, path ? `${path}.${key}` : key)
    return
  }
  const text = JSON.stringify(value)
  yield [path, isSecret(path) ? `sha256:${createHash('sha256').update(text).digest('hex')}` : text]
}
