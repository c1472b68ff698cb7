import { useState } from 'react'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { Button } from '../../../components/button.tsx'
import { Card } from '../../../components/card.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { Empty, Failure, Loading } from '../../../components/states.tsx'
import { formatMetric } from '../../../format/numbers.ts'
import { formatDuration, formatTime } from '../../../format/times.ts'
import { useRuns } from '../api/get-runs.ts'
import { mainMetrics, metricTitle } from '../figures/metric-keys.ts'
import { RunStatusBadge } from './run-status.tsx'
import './runs-table.css'

const METRIC_COLUMNS = 4

export interface RunsTableProps {
  readonly hrefOfRun: (id: string) => string
  /** What a run became: run id -> "academic-risk v3". */
  readonly versions: ReadonlyMap<string, string>
  readonly onCompare: (ids: readonly [string, string]) => void
}

/** The runs, newest first; two that are marked can be compared. */
export function RunsTable({ hrefOfRun, versions, onCompare }: RunsTableProps) {
  const runs = useRuns()
  const [marked, setMarked] = useState<readonly string[]>([])
  if (runs.isPending) return <Loading what="the runs" lines={6} />
  if (runs.isError) return <Failure error={runs.error} what="the runs" onRetry={() => void runs.refetch()} />
  if (runs.data.length === 0) {
    return (
      <Empty title="No runs yet">
        <code>bellwether run &lt;project&gt; --data FILE</code> trains a model and records what it did.
      </Empty>
    )
  }
  const mark = (id: string): void =>
    setMarked((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before, id].slice(-2)))
  const [first, second] = marked
  const columns: Column<Run>[] = [
    {
      key: 'mark',
      title: '',
      cell: (run) => (
        <input
          type="checkbox"
          className="run-mark"
          aria-label={`Mark run ${run.name} of ${formatTime(run.startTime)} to compare it`}
          checked={marked.includes(run.id)}
          onChange={() => mark(run.id)}
        />
      ),
    },
    {
      key: 'name',
      title: 'Run',
      sort: (run) => run.name,
      cell: (run) => (
        <a className="run-name" href={hrefOfRun(run.id)}>
          {run.name}
          <span className="mono soft">{run.id.slice(0, 8)}</span>
        </a>
      ),
    },
    {
      key: 'status',
      title: 'Status',
      sort: (run) => run.status,
      cell: (run) => <RunStatusBadge status={run.status} />,
    },
    ...mainMetrics(runs.data, METRIC_COLUMNS).map(
      (key): Column<Run> => ({
        key,
        title: metricTitle(key),
        numeric: true,
        sort: (run) => run.metrics[key],
        cell: (run) => (run.metrics[key] === undefined ? '–' : formatMetric(run.metrics[key])),
      }),
    ),
    {
      key: 'version',
      title: 'Model version',
      sort: (run) => versions.get(run.id),
      cell: (run) => <TwoLines first={versions.get(run.id) ?? '–'} second={run.params['best.estimator'] ?? ''} />,
    },
    {
      key: 'started',
      title: 'Started',
      sort: (run) => run.startTime,
      cell: (run) => (
        <TwoLines
          first={formatTime(run.startTime)}
          second={
            run.endTime === null || run.endTime === run.startTime
              ? ''
              : `took ${formatDuration(run.endTime - run.startTime)}`
          }
        />
      ),
    },
  ]
  return (
    <Card>
      <div className="runs-tools">
        <span className="soft small" role="status">
          {marked.length === 2 ? 'Two runs are marked.' : 'Mark two runs to compare them.'}
        </span>
        <Button disabled={!first || !second} onClick={() => first && second && onCompare([first, second])}>
          Compare
        </Button>
      </div>
      <DataTable
        caption="Runs"
        columns={columns}
        rows={runs.data}
        rowKey={(run) => run.id}
        initialOrder={{ key: 'started', descending: true }}
      />
    </Card>
  )
}

function TwoLines({ first, second }: { first: string; second: string }) {
  return (
    <span className="two-lines">
      {first}
      {second ? <span className="soft small">{second}</span> : null}
    </span>
  )
}
