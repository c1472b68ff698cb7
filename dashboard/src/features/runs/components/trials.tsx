import { useMemo, useState } from 'react'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { Button } from '../../../components/button.tsx'
import { Card } from '../../../components/card.tsx'
import { Chart } from '../../../components/chart.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { usePageColours } from '../../../components/use-page-colours.ts'
import { formatMetric } from '../../../format/numbers.ts'
import { formatDuration } from '../../../format/times.ts'
import { betterWhen, mainMetrics, metricTitle } from '../figures/metric-keys.ts'
import { estimatorOf, trialChart, trialPoints } from '../figures/trial-points.ts'
import { RunStatusBadge } from './run-status.tsx'

const SHOWN_FIRST = 10
const METRIC_COLUMNS = 4

/** What a search tried: a picture of the scores and a table, best first. */
export function Trials({
  trials,
  scoring,
  hrefOfRun,
}: {
  trials: readonly Run[]
  scoring: string | undefined
  hrefOfRun: (id: string) => string
}) {
  const colours = usePageColours()
  const [all, setAll] = useState(false)
  const metrics = mainMetrics(trials, METRIC_COLUMNS)
  const score = metrics.find((key) => key === `cv.${scoring}`) ?? metrics[0]
  const option = useMemo(
    () => (score ? trialChart(trialPoints(trials, score), metricTitle(score), colours) : null),
    [trials, score, colours],
  )
  const sign = score && betterWhen(score) === 'smaller' ? 1 : -1
  const ranked = score
    ? trials.toSorted(
        (a, b) => sign * ((a.metrics[score] ?? -sign * Infinity) - (b.metrics[score] ?? -sign * Infinity)),
      )
    : trials
  const columns: Column<Run>[] = [
    { key: 'name', title: 'Trial', sort: (run) => run.name, cell: (run) => <a href={hrefOfRun(run.id)}>{run.name}</a> },
    { key: 'estimator', title: 'Estimator', sort: estimatorOf, cell: estimatorOf },
    {
      key: 'status',
      title: 'Status',
      sort: (run) => run.status,
      cell: (run) => <RunStatusBadge status={run.status} />,
    },
    ...metrics.map(
      (key): Column<Run> => ({
        key,
        title: metricTitle(key),
        numeric: true,
        sort: (run) => run.metrics[key],
        cell: (run) => (run.metrics[key] === undefined ? '–' : formatMetric(run.metrics[key])),
      }),
    ),
    {
      key: 'duration',
      title: 'Took',
      numeric: true,
      sort: (run) => (run.endTime === null ? null : run.endTime - run.startTime),
      cell: (run) => (run.endTime === null ? '–' : formatDuration(run.endTime - run.startTime)),
    },
  ]
  return (
    <Card title={`Trials (${trials.length})`} note="What the search tried, best first.">
      <div className="stack">
        {option && score ? (
          <Chart
            option={option}
            label={`${metricTitle(score)} of ${trials.length} trials in the order in which they started; the table below holds the figures`}
          />
        ) : null}
        <DataTable
          caption="Trials"
          columns={columns}
          rows={all ? ranked : ranked.slice(0, SHOWN_FIRST)}
          rowKey={(run) => run.id}
        />
        {trials.length > SHOWN_FIRST ? (
          <div>
            <Button kind="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
              {all ? `Show the best ${SHOWN_FIRST}` : `Show all ${trials.length}`}
            </Button>
          </div>
        ) : null}
      </div>
    </Card>
  )
}
