import type { Column } from '../../table/column.ts'
import { jensenShannonDistance, populationStabilityIndex } from './share-distance.ts'
import { type SharedBins, sharedBins, sharesOf } from './shared-bins.ts'

/** How far a column moved between two windows. */
export interface ColumnDrift {
  readonly psi: number
  readonly jensenShannon: number
  readonly bins: SharedBins
}

/** @returns null where one of the windows has no row: there is nothing to compare. */
export function columnDrift(reference: Column, current: Column): ColumnDrift | null {
  const bins = sharedBins(reference, current)
  const distances = binDrift(bins)
  return distances && { ...distances, bins }
}

/** As `columnDrift`, of windows that are counted already. */
export function binDrift({
  reference,
  current,
}: Pick<SharedBins, 'reference' | 'current'>): Omit<ColumnDrift, 'bins'> | null {
  const total = (counts: Float64Array) => counts.reduce((sum, count) => sum + count, 0)
  if (total(reference) === 0 || total(current) === 0) return null
  const shares = [sharesOf(reference), sharesOf(current)] as const
  return { psi: populationStabilityIndex(...shares), jensenShannon: jensenShannonDistance(...shares) }
}
