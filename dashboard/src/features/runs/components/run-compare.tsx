import type { RunDetail } from '../../../../../src/track/tracking-store.ts'
import { Badge } from '../../../components/badge.tsx'
import { Card } from '../../../components/card.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { Failure, Loading } from '../../../components/states.tsx'
import { formatMetric, formatParams, formatSigned } from '../../../format/numbers.ts'
import { formatTime } from '../../../format/times.ts'
import { useRun } from '../api/get-run.ts'
import { type Difference, differences } from '../figures/differences.ts'
import { betterWhen, metricTitle } from '../figures/metric-keys.ts'

/** Two runs side by side: metrics with the better one marked, then params; what differs first. */
export function RunCompare({ ids, hrefOfRun }: { ids: readonly [string, string]; hrefOfRun: (id: string) => string }) {
  const left = useRun(ids[0])
  const right = useRun(ids[1])
  const failed = [left, right].find((run) => run.isError)
  if (failed) return <Failure error={failed.error} what="the two runs" onRetry={() => void failed.refetch()} />
  if (!left.data || !right.data) return <Loading what="the two runs" lines={8} />
  const titles = [left.data, right.data].map(
    (run, index) => `${index === 0 ? 'A' : 'B'}: ${run.name}, ${formatTime(run.startTime)}`,
  )
  return (
    <div className="stack">
      <p>
        {[left.data, right.data].map((run: RunDetail, index) => (
          <span key={run.id}>
            {index === 0 ? '' : ' · '}
            <a href={hrefOfRun(run.id)}>{titles[index]}</a>
          </span>
        ))}
      </p>
      <Card title="Metrics" note="The better of the two is marked.">
        <DataTable
          caption="Metrics of both runs"
          columns={metricColumns}
          rows={differences(left.data.metrics, right.data.metrics)}
          rowKey={(row) => row.key}
        />
      </Card>
      <Card title="Params" note="What differs goes first.">
        <DataTable
          caption="Params of both runs"
          columns={paramColumns}
          rows={differences(left.data.params, right.data.params)}
          rowKey={(row) => row.key}
        />
      </Card>
    </div>
  )
}

type Side = 'left' | 'right'

/** Which side has the better metric; null where they are equal, one lacks it, or nobody knows which way is better. */
function betterSide(row: Difference<number>): Side | null {
  if (row.left === undefined || row.right === undefined || row.left === row.right) return null
  const better = betterWhen(row.key)
  if (better === null) return null
  return row.left < row.right === (better === 'smaller') ? 'left' : 'right'
}

const metricColumns: Column<Difference<number>>[] = [
  { key: 'name', title: 'Metric', sort: (row) => row.key, cell: (row) => metricTitle(row.key) },
  ...(['left', 'right'] as const).map(
    (side): Column<Difference<number>> => ({
      key: side,
      title: side === 'left' ? 'A' : 'B',
      numeric: true,
      cell: (row) => (
        <>
          {betterSide(row) === side ? <Badge text="better" tone="good" /> : null}{' '}
          {row[side] === undefined ? '–' : formatMetric(row[side])}
        </>
      ),
    }),
  ),
  {
    key: 'difference',
    title: 'B − A',
    numeric: true,
    cell: (row) => (row.left === undefined || row.right === undefined ? '–' : formatSigned(row.right - row.left)),
  },
]

const paramColumns: Column<Difference<string>>[] = [
  { key: 'name', title: 'Param', sort: (row) => row.key, cell: (row) => row.key },
  { key: 'left', title: 'A', cell: (row) => formatParams([row.left, row.right])[0] ?? '–' },
  { key: 'right', title: 'B', cell: (row) => formatParams([row.left, row.right])[1] ?? '–' },
  { key: 'same', title: '', cell: (row) => (row.same ? '' : <Badge text="differs" tone="warn" />) },
]
