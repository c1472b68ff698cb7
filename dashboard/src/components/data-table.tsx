import { type ReactNode, useState } from 'react'
import { type SortValue, sortRows } from './sort-rows.ts'
import './data-table.css'

export interface Column<Row> {
  readonly key: string
  readonly title: string
  readonly cell: (row: Row) => ReactNode
  /** What to sort by; a column without it can't be sorted. */
  readonly sort?: (row: Row) => SortValue
  readonly numeric?: boolean
}

type Order = { readonly key: string; readonly descending: boolean }

/** A table whose columns sort on a press of their head. Scrolls sideways inside its frame where it is too wide. */
export function DataTable<Row>({
  caption,
  columns,
  rows,
  rowKey,
  initialOrder,
}: {
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  rowKey: (row: Row) => string
  initialOrder?: Order
}) {
  const [order, setOrder] = useState<Order | null>(initialOrder ?? null)
  const sortBy = columns.find((column) => column.key === order?.key)?.sort
  const shown = order && sortBy ? sortRows(rows, sortBy, order.descending) : rows
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard.
    <section className="table-frame" aria-label={caption} tabIndex={0}>
      <table className="data-table">
        <caption className="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                className={column.numeric ? 'number' : undefined}
                aria-sort={order?.key === column.key ? (order.descending ? 'descending' : 'ascending') : undefined}
              >
                {column.sort ? (
                  <button
                    type="button"
                    onClick={() =>
                      setOrder({
                        key: column.key,
                        descending: order?.key === column.key ? !order.descending : column.numeric === true,
                      })
                    }
                  >
                    {column.title}
                    <span aria-hidden="true" className="sort-mark">
                      {order?.key === column.key ? (order.descending ? '▾' : '▴') : ''}
                    </span>
                  </button>
                ) : (
                  column.title
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.key} className={column.numeric ? 'number' : undefined}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
