import { Card } from '../../../components/card.tsx'
import { type Column, DataTable } from '../../../components/data-table.tsx'
import { Pairs } from '../../../components/pairs.tsx'
import { formatMetric } from '../../../format/numbers.ts'
import { type MetricMatrix, metricMatrix } from '../figures/metric-matrix.ts'

const TITLES: Readonly<Record<string, string>> = {
  '': 'value',
  test: 'test rows',
  baseline: 'baseline',
  cv: 'cross-validated',
  'cv std': '± over folds',
}

/** A run's metrics: the winner on the test rows beside the baseline and the cross-validated mean. */
export function RunMetrics({ metrics }: { metrics: Readonly<Record<string, number | null>> }) {
  const { stages, rows, others } = metricMatrix(metrics)
  if (rows.length + others.length === 0) return null
  type Row = MetricMatrix['rows'][number]
  const columns: Column<Row>[] = [
    { key: 'measure', title: 'Metric', cell: (row) => row.measure },
    ...stages.map(
      (stage, place): Column<Row> => ({
        key: `stage ${stage}`,
        title: TITLES[stage] ?? stage,
        numeric: true,
        cell: (row) => {
          const value = row.values[place]
          return value === null || value === undefined ? '–' : formatMetric(value)
        },
      }),
    ),
  ]
  return (
    <Card title="Metrics">
      {rows.length > 0 ? (
        <DataTable caption="Metrics" columns={columns} rows={rows} rowKey={(row) => row.measure} />
      ) : null}
      {others.length > 0 ? (
        <Pairs items={others.map(({ name, value }) => [name, value === null ? '–' : formatMetric(value)])} />
      ) : null}
    </Card>
  )
}
