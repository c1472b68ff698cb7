import type { ClusterEvaluation } from '../pipeline/evaluate-clusters.ts'
import type { Figure } from '../pipeline/run-deps.ts'
import { candidatesChart } from './charts/candidates-chart.ts'
import { renderChart } from './charts/render-chart.ts'

const CRITERIA = { silhouette: 'Silhouette', bic: 'BIC', aic: 'AIC' } as const

/** The pictures of a clustering: what each number of clusters scored. */
export async function drawClusterFigures(evaluation: ClusterEvaluation): Promise<Figure[]> {
  const { trials, winner, nClusters, by, rows, notes } = evaluation
  const chart = candidatesChart(
    {
      metric: CRITERIA[by],
      greaterIsBetter: by === 'silhouette',
      candidates: trials.map((trial) => ({
        name: `${trial.estimator}, ${trial.nClusters} ${trial.nClusters === 1 ? 'cluster' : 'clusters'}`,
        value: trial.score ?? Number.NaN,
        ...(trial.estimator === winner && trial.nClusters === nClusters ? { role: 'winner' as const } : {}),
      })),
    },
    {
      subtitle: [`${rows} rows`, ...(notes.some((note) => /synthetic/i.test(note)) ? ['synthetic data'] : [])].join(
        '; ',
      ),
    },
  )
  return [{ path: 'figures/clusters.svg', svg: await renderChart(chart) }]
}
