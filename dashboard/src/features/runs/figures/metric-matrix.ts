import { sortMetrics } from './metric-keys.ts'

export interface MetricMatrix {
  /** Columns that hold anything, in reading order: "test", "baseline", "cv", "cv std"; "" for metrics of no stage. */
  readonly stages: readonly string[]
  readonly rows: readonly { readonly measure: string; readonly values: readonly (number | null)[] }[]
  /** What would have a column to itself, such as "blend.log_loss": told by its whole name. */
  readonly others: readonly { readonly name: string; readonly value: number | null }[]
}

const STAGES = ['', 'test', 'baseline', 'cv', 'cv std']

/** A run's metrics as a table: "test.f1_macro" is row f1_macro, column test. The single folds are left to the history. */
export function metricMatrix(metrics: Readonly<Record<string, number | null>>): MetricMatrix {
  const cells = Object.entries(metrics).flatMap(([key, value]) => {
    const [first = '', second, ...detail] = key.split('.')
    if (first === 'fold') return []
    return second === undefined
      ? [{ stage: '', measure: first, value }]
      : [{ stage: [first, ...detail].join(' '), measure: second, value }]
  })
  const lonely = (stage: string) => !STAGES.includes(stage) && cells.filter((cell) => cell.stage === stage).length === 1
  const others = cells
    .filter(({ stage }) => lonely(stage))
    .map(({ stage, measure, value }) => ({ name: `${stage} ${measure}`, value }))
    .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))
  const inTable = cells.filter(({ stage }) => !lonely(stage))
  const rank = (stage: string): number => STAGES.indexOf(stage) >>> 0
  const stages = [...new Set(inTable.map((cell) => cell.stage))].toSorted(
    (a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en'),
  )
  const measures = sortMetrics([...new Set(inTable.map((cell) => cell.measure))])
  return {
    stages,
    others,
    rows: measures.map((measure) => ({
      measure,
      values: stages.map(
        (stage) => inTable.find((cell) => cell.measure === measure && cell.stage === stage)?.value ?? null,
      ),
    })),
  }
}
