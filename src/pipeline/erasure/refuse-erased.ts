import type { LoadedDataset } from '../../data/load-dataset.ts'
import { BellwetherError } from '../../errors.ts'
import type { Column } from '../../table/column.ts'
import type { ErasureStore } from '../../track/erasure-store.ts'

/** How to find out whether a person was erased; where left out, nobody was. */
export interface ErasedPersons {
  readonly erasures?: Pick<ErasureStore, 'erasedPersons'>
  /** Gives what turns identifiers into keyed hashes, any of which a tombstone may have; asked only where somebody was erased. */
  readonly personKeys?: () => Promise<(identifier: string) => ReadonlySet<string>>
}

/**
 * Sees to it that nobody comes back by the next reading of a source that still has them.
 * @throws PERSON_ERASED, with numbers and without a name
 */
export async function refuseErased(
  { table, rejected, fileColumns }: Pick<LoadedDataset, 'table' | 'rejected' | 'fileColumns'>,
  idColumn: string | null,
  { erasures, personKeys }: ErasedPersons,
): Promise<void> {
  if (idColumn === null || !erasures || !personKeys) return
  const erased = await erasures.erasedPersons()
  if (erased.size === 0) return
  const keysOf = await personKeys()
  const column = table.columns.get(idColumn)
  const place = fileColumns.indexOf(idColumn)
  const seen = new Map<string, boolean>()
  let rows = 0
  const look = (identifier: string | null | undefined) => {
    if (!identifier) return
    let was = seen.get(identifier)
    if (was === undefined) {
      was = [...keysOf(identifier)].some((key) => erased.has(key))
      seen.set(identifier, was)
    }
    if (was) rows++
  }
  if (column) for (let row = 0; row < table.nRows; row++) look(identifierAt(column, row))
  if (place >= 0) for (const { cells } of rejected) look(cells[place]?.trim())
  if (rows === 0) return
  const persons = [...seen.values()].filter(Boolean).length
  throw new BellwetherError(
    'PERSON_ERASED',
    `The table has ${rows} ${rows === 1 ? 'row' : 'rows'} of ${persons} ${persons === 1 ? 'person who was' : 'persons who were'} erased from this home; nothing was kept.`,
  )
}

function identifierAt(column: Column, row: number): string | null {
  switch (column.kind) {
    case 'text':
      return column.values[row]?.trim() ?? null
    case 'category':
      return column.categories[column.codes[row]!] ?? null
    case 'number':
      return Number.isNaN(column.values[row]) ? null : String(column.values[row])
    case 'date':
      return null
  }
}
