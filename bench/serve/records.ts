/** Text of a table in UTF-8, cells parted by semicolons, none of them quoted: the bundled sample of students. */
export interface Students {
  readonly columns: readonly string[]
  /** One object per row without the target; numbers as numbers. */
  readonly records: readonly Readonly<Record<string, number>>[]
}

/** @throws Error for a row of another width or a cell that is no number */
export function readStudents(text: string, target: string): Students {
  const lines = text.trim().split(/\r?\n/)
  const header = lines[0]!.replace(/^\uFEFF/, '').split(';')
  const columns = header.filter((name) => name !== target)
  const records = lines.slice(1).map((line, row) => {
    const cells = line.split(';')
    if (cells.length !== header.length)
      throw new Error(`row ${row + 1} has ${cells.length} cells, not ${header.length}`)
    const record: Record<string, number> = {}
    header.forEach((name, at) => {
      if (name === target) return
      const value = Number(cells[at])
      if (cells[at]!.trim() === '' || Number.isNaN(value)) throw new Error(`row ${row + 1}, ${name}: no number`)
      record[name] = value
    })
    return record
  })
  return { columns, records }
}

/**
 * Groups of `size` records, `count` of them, going round the records so that neighbours differ.
 * @throws Error without records
 */
export function groupsOf<T>(records: readonly T[], size: number, count: number): T[][] {
  if (records.length === 0) throw new Error('there are no records')
  return Array.from({ length: count }, (_, group) =>
    Array.from({ length: size }, (_, at) => records[(group * size + at) % records.length]!),
  )
}

/** The value below which a share of the values lies, nearest rank; NaN of none. Sorts them in place. */
export function quantile(values: Float64Array, share: number): number {
  if (values.length === 0) return Number.NaN
  values.sort()
  return values[Math.max(0, Math.ceil(share * values.length) - 1)]!
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
