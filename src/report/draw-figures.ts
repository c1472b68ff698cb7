import { metricNamed } from '../evaluate/metrics/registry.ts'
import type { Evaluation } from '../pipeline/evaluate-winner.ts'
import type { Figure } from '../pipeline/run-deps.ts'
import { calibrationChart } from './charts/calibration-chart.ts'
import { candidatesChart } from './charts/candidates-chart.ts'
import type { Chart } from './charts/chart.ts'
import { confusionMatrixChart } from './charts/confusion-matrix-chart.ts'
import { importanceChart } from './charts/importance-chart.ts'
import { precisionRecallChart } from './charts/precision-recall-chart.ts'
import { predictedActualChart, residualChart } from './charts/regression-charts.ts'
import { renderChart } from './charts/render-chart.ts'
import { rocChart } from './charts/roc-chart.ts'

/** The pictures of an evaluation, as SVG that goes into a report. */
export async function drawFigures(evaluation: Evaluation): Promise<Figure[]> {
  const figures: Figure[] = []
  for (const [name, chart] of Object.entries(chartsOf(evaluation)))
    figures.push({ path: `figures/${name}.svg`, svg: await renderChart(chart) })
  return figures
}

function chartsOf(evaluation: Evaluation): Record<string, Chart> {
  const { curves, winner, rows, notes, target, scoring, candidates, importance } = evaluation
  const metric = metricNamed(scoring, evaluation.task)
  const subtitle = [
    `${winner} on ${rows.test} test rows`,
    ...(notes.some((note) => /synthetic/i.test(note)) ? ['synthetic data'] : []),
  ].join('; ')
  const ofWinner = evaluation.comparison.find((each) => each.metric === scoring)?.winner
  const blend =
    ofWinner && candidates.every(({ estimator }) => estimator !== winner)
      ? [{ name: 'blend', ...ofWinner, role: 'winner' as const }]
      : []
  const all: Record<string, Chart> = {
    candidates: candidatesChart(
      {
        metric: metric.title,
        greaterIsBetter: metric.greaterIsBetter,
        candidates: [
          ...candidates.map(({ estimator, test, interval: [low, high] }) => ({
            name: estimator,
            value: test[scoring] ?? Number.NaN,
            low,
            high,
            ...(estimator === winner
              ? { role: 'winner' as const }
              : estimator === 'baseline'
                ? { role: 'baseline' as const }
                : {}),
          })),
          ...blend,
        ],
      },
      { subtitle: `Best of each kind on ${rows.test} test rows` },
    ),
    importance: importanceChart(importance, { subtitle }),
  }
  if (curves.task === 'regression') {
    return {
      ...all,
      'predicted-actual': predictedActualChart(curves.points, { target, subtitle }),
      residuals: residualChart(curves.points, { target, subtitle }),
    }
  }
  return {
    ...all,
    'confusion-matrix': confusionMatrixChart(curves.confusion, { subtitle }),
    roc: rocChart(curves.roc, { subtitle }),
    'precision-recall': precisionRecallChart(curves.precisionRecall, { subtitle }),
    calibration: calibrationChart(curves.calibration, { subtitle }),
  }
}
