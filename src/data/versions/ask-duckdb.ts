import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api'
import { forEachChunk } from '../duckdb.ts'

/** Questions whose answers are few numbers, or taken row by row. */
export interface Ask {
  /** The one row of a query, whose values are numbers. */
  numbers(sql: string): Promise<number[]>
  /** The one column of a query, whose values are numbers. */
  column(sql: string): Promise<number[]>
  /** Each row of a query, in order. */
  each(sql: string, onRow: (row: readonly DuckDBValue[]) => void): Promise<void>
}

/** @throws CANCELLED, from each of its methods */
export function asker(connection: DuckDBConnection, signal?: AbortSignal): Ask {
  const each: Ask['each'] = (sql, onRow) =>
    forEachChunk(
      connection,
      sql,
      (chunk) => {
        for (const row of chunk.getRows()) onRow(row)
      },
      signal,
    )
  return {
    each,
    async numbers(sql) {
      let numbers: number[] = []
      await each(sql, (row) => {
        numbers = row.map(Number)
      })
      return numbers
    },
    async column(sql) {
      const values: number[] = []
      await each(sql, ([value]) => values.push(Number(value)))
      return values
    },
  }
}
