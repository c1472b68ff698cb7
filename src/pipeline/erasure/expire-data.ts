import type { BlobStore } from '../../track/blob-store.ts'
import type { ErasureStore } from '../../track/erasure-store.ts'
import { destroyBlobs } from './destroy-blobs.ts'

export interface ExpiredData {
  readonly datasets: readonly { readonly id: string; readonly name: string; readonly rows: number }[]
  readonly destroyed: number
}

/** Destroys the rows of dataset versions whose every reading says that they may be kept no longer (`data.retentionDays`), and finishes what was left undone. */
export async function expireData(
  { dryRun = false }: { readonly dryRun?: boolean },
  {
    erasures,
    blobs,
    clock,
    actor,
  }: {
    readonly erasures: ErasureStore
    readonly blobs: Pick<BlobStore, 'delete'>
    readonly clock: () => number
    readonly actor: string
  },
): Promise<ExpiredData> {
  const now = clock()
  const old = await erasures.expired(now)
  const datasets = old.map(({ id, nRows, readings }) => ({ id, name: readings[0]?.name ?? '', rows: nRows }))
  if (dryRun) return { datasets, destroyed: 0 }
  if (old.length > 0)
    await erasures.expire(
      old.map(({ id }) => id),
      now,
      actor,
    )
  return { datasets, destroyed: await destroyBlobs({ erasures, blobs }) }
}
