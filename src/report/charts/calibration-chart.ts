import type { CustomSeriesOption } from 'echarts'
import type { Calibration } from '../../evaluate/curves/calibration-curves.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { plain } from './text.ts'
import { base, colourOf, dashOf, heading, legendBelow, MUTED, valueAxis } from './theme.ts'

const LEFT = 70
const PLOT = 400
const HISTOGRAM = 110
const WIDTH = LEFT + PLOT + 30

/** Observed share against predicted probability of each class; below, how sure the answers are. */
export function calibrationChart(calibration: Calibration, options: ChartOptions = {}): Chart {
  const { curves, confidence } = calibration
  const rows = confidence.reduce((sum, bin) => sum + bin.count, 0)
  const most = Math.max(...curves.flatMap(({ points }) => points.map((point) => point.count)), 1)
  const head = heading(
    curves.length === 1 ? `Calibration: ${curves[0]!.label}` : 'Calibration of each class',
    options,
    ['Dashed: probabilities that come true. Larger points: more rows'],
    WIDTH,
  )
  const names = [...curves.map(({ label }) => plain(label)), 'Perfectly calibrated']
  const { legend, height: legendHeight } = legendBelow(names, head.height + PLOT + 62)
  const histogramTop = head.height + PLOT + 62 + legendHeight + 36
  const unit = { min: 0, max: 1, interval: 0.2 }
  const ece = confidence.reduce(
    (sum, { count, accuracy, meanConfidence }) =>
      sum + (count / rows) * Math.abs((accuracy ?? 0) - (meanConfidence ?? 0)),
    0,
  )
  return {
    width: WIDTH,
    height: histogramTop + HISTOGRAM + 60,
    title: head.text,
    description: `How often a class occurs for each predicted probability of it. Calibration error of the answers: ${ece.toFixed(3)} over ${rows} rows.`,
    option: {
      ...base,
      title: [
        ...(Array.isArray(head.title) ? head.title : [head.title!]),
        {
          text: `How sure the answers are (calibration error ${ece.toFixed(3)})`,
          left: LEFT,
          top: histogramTop - 26,
          padding: 0,
          textStyle: { fontSize: 13, fontWeight: 'bold' },
        },
      ],
      legend,
      grid: [
        { left: LEFT, top: head.height, width: PLOT, height: PLOT, outerBoundsMode: 'none' },
        { left: LEFT, top: histogramTop, width: PLOT, height: HISTOGRAM, outerBoundsMode: 'none' },
      ],
      xAxis: [
        { ...valueAxis('Predicted probability', 30), ...unit, gridIndex: 0 },
        { ...valueAxis('Probability of the answer given', 30), ...unit, gridIndex: 1 },
      ],
      yAxis: [
        { ...valueAxis('Observed share', 42), ...unit, gridIndex: 0 },
        { ...valueAxis('Rows', 46), gridIndex: 1, min: 0, minInterval: 1, splitNumber: 3 },
      ],
      series: [
        ...curves.map(({ points }, i) => ({
          type: 'line' as const,
          name: names[i]!,
          silent: true,
          symbol: 'circle',
          showSymbol: true,
          symbolSize: (_: unknown, { dataIndex }: { dataIndex: number }) =>
            5 + 9 * Math.sqrt(points[dataIndex]!.count / most),
          data: points.map(({ predicted, observed }) => [predicted, observed]),
          lineStyle: { width: 2, color: colourOf(i), type: dashOf(i) },
          itemStyle: { color: colourOf(i) },
        })),
        {
          type: 'line',
          name: 'Perfectly calibrated',
          silent: true,
          symbol: 'none',
          data: [
            [0, 0],
            [1, 1],
          ],
          lineStyle: { width: 1, color: MUTED, type: [4, 4] },
          itemStyle: { color: MUTED },
        },
        histogram(calibration),
      ],
    },
  }
}

/** Bars from one edge of a bin to the other: a bar series would widen the axis beyond 0 and 1. */
function histogram({ confidence }: Calibration): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    xAxisIndex: 1,
    yAxisIndex: 1,
    encode: { x: [0, 1], y: 2 },
    data: confidence.map(({ from, to, count }) => [from, to, count]),
    renderItem: (_, api) => {
      const [left, top] = api.coord([api.value(0), api.value(2)]) as [number, number]
      const [right, bottom] = api.coord([api.value(1), 0]) as [number, number]
      return {
        type: 'rect',
        shape: { x: left + 1, y: top, width: Math.max(right - left - 2, 1), height: bottom - top },
        style: { fill: '#9fb3c8' },
      }
    },
  }
}
