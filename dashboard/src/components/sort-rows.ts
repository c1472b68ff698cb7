export type SortValue = number | string | null | undefined

/** A sorted copy. Texts sort as people do ("v9" before "v10"); what is missing goes last, whichever the direction. */
export function sortRows<Row>(rows: readonly Row[], by: (row: Row) => SortValue, descending: boolean): Row[] {
  return rows.toSorted((left, right) => {
    const a = by(left)
    const b = by(right)
    if (isMissing(a) || isMissing(b)) return Number(isMissing(a)) - Number(isMissing(b))
    const order =
      typeof a === 'number' && typeof b === 'number'
        ? a - b
        : String(a).localeCompare(String(b), 'en', { numeric: true })
    return descending ? -order : order
  })
}

function isMissing(value: SortValue): boolean {
  return value === null || value === undefined || Number.isNaN(value)
}
