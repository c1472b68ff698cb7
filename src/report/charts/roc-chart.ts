import type { RocCurve } from '../../evaluate/curves/roc-curves.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { curvePlot } from './curve-plot.ts'
import { plain } from './text.ts'
import { colourOf, dashOf, MUTED } from './theme.ts'

/** ROC curve of each class against the rest, with its area in the legend. */
export function rocChart(curves: readonly RocCurve[], options: ChartOptions = {}): Chart {
  const entry = ({ label, auc }: RocCurve) => `${plain(label)} (AUC ${auc === null ? 'not defined' : auc.toFixed(3)})`
  return curvePlot(
    {
      title: curves.length === 1 ? `ROC curve: ${curves[0]!.label}` : 'ROC curve of each class against the rest',
      notes: [],
      xName: 'False positive rate',
      yName: 'True positive rate',
      series: [
        ...curves.map((curve, i) => ({
          type: 'line' as const,
          name: entry(curve),
          data: curve.falsePositiveRate.map((fpr, j) => [fpr, curve.truePositiveRate[j]!]),
          lineStyle: { width: 2, color: colourOf(i), type: dashOf(i) },
          itemStyle: { color: colourOf(i) },
        })),
        {
          type: 'line' as const,
          name: 'Chance (AUC 0.500)',
          data: [
            [0, 0],
            [1, 1],
          ],
          lineStyle: { width: 1, color: MUTED, type: [4, 4] },
          itemStyle: { color: MUTED },
        },
      ],
      description: `Area under the ROC curve: ${curves.map(({ label, auc }) => `${label} ${auc?.toFixed(3) ?? 'not defined'}`).join(', ')}; chance gives 0.5.`,
    },
    options,
  )
}
