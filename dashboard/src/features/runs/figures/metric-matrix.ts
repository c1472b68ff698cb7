import { sortMetrics } from './metric-keys.ts'

export interface MetricMatrix {
  /** Columns that hold anything, in reading order: "test", "baseline", "cv", "cv std"; "" for metrics of no stage. */
  readonly stages: readonly string[]
  readonly rows: readonly { readonly measure: string; readonly values: readonly (number | null)[] }[]
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
  const rank = (stage: string): number => STAGES.indexOf(stage) >>> 0
  const stages = [...new Set(cells.map((cell) => cell.stage))].toSorted(
    (a, b) => rank(a) - rank(b) || a.localeCompare(b, 'en'),
  )
  const measures = sortMetrics([...new Set(cells.map((cell) => cell.measure))])
  return {
    stages,
    rows: measures.map((measure) => ({
      measure,
      values: stages.map(
        (stage) => cells.find((cell) => cell.measure === measure && cell.stage === stage)?.value ?? null,
      ),
    })),
  }
}
