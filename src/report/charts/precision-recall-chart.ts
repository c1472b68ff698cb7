import type { PrecisionRecallCurve } from '../../evaluate/curves/precision-recall-curves.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { curvePlot } from './curve-plot.ts'
import { percent, plain } from './text.ts'
import { colourOf, dashOf } from './theme.ts'

/** Precision against recall of each class, as steps, with average precision in the legend; thin lines show chance. */
export function precisionRecallChart(curves: readonly PrecisionRecallCurve[], options: ChartOptions = {}): Chart {
  const entry = ({ label, averagePrecision, prevalence }: PrecisionRecallCurve) =>
    `${plain(label)} (AP ${averagePrecision === null ? 'not defined' : averagePrecision.toFixed(3)}, chance ${prevalence.toFixed(3)})`
  return curvePlot(
    {
      title: curves.length === 1 ? `Precision and recall: ${curves[0]!.label}` : 'Precision and recall of each class',
      notes: ['Thin lines: share of the class among all rows, which chance would reach'],
      xName: 'Recall',
      yName: 'Precision',
      series: [
        ...curves.map((curve, i) => ({
          type: 'line' as const,
          name: entry(curve),
          // The precision of a threshold holds for the recall since the one above it: a step at the start.
          step: 'start' as const,
          data: [
            [0, curve.precision[0] ?? Number.NaN],
            ...curve.recall.map((recall, j) => [recall, curve.precision[j]!]),
          ],
          lineStyle: { width: 2, color: colourOf(i), type: dashOf(i) },
          itemStyle: { color: colourOf(i) },
        })),
        ...curves.map((curve, i) => ({
          type: 'line' as const,
          data: [
            [0, curve.prevalence],
            [1, curve.prevalence],
          ],
          lineStyle: { width: 1, color: colourOf(i), type: [4, 4], opacity: 0.7 },
        })),
      ],
      description: `Average precision: ${curves
        .map(
          ({ label, averagePrecision, prevalence }) =>
            `${label} ${averagePrecision?.toFixed(3) ?? 'not defined'} (${percent(prevalence)} of the rows)`,
        )
        .join(', ')}.`,
    },
    options,
  )
}
