import type { PredictionPoints } from '../../evaluate/curves/prediction-points.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { count, plain } from './text.ts'
import { base, colourOf, heading, INK, valueAxis } from './theme.ts'

const LEFT = 84
const PLOT = 440
const WIDTH = LEFT + PLOT + 36

interface RegressionChartOptions extends ChartOptions {
  /** The target's name, and its unit, for the axes. */
  readonly target: string
  readonly unit?: string
}

/** Predicted against actual values; on the line they are equal. */
export function predictedActualChart(points: PredictionPoints, options: RegressionChartOptions): Chart {
  const bounds = niceBounds([...points.actual, ...points.predicted])
  const name = axisName(options)
  return scatter(points, options, {
    title: `Predicted and actual: ${plain(options.target)}`,
    note: 'On the line a prediction is exact',
    xName: `Actual ${name}`,
    yName: `Predicted ${name}`,
    x: { ...bounds },
    y: { ...bounds },
    data: points.actual.map((actual, i) => [actual, points.predicted[i]!]),
    line: [
      [bounds.min, bounds.min],
      [bounds.max, bounds.max],
    ],
    height: PLOT,
    description: `Predicted against actual ${options.target} of ${points.actual.length} rows.`,
  })
}

/** Actual minus predicted value against the predicted one: a pattern here is something that the model missed. */
export function residualChart(points: PredictionPoints, options: RegressionChartOptions): Chart {
  const residuals = points.actual.map((actual, i) => actual - points.predicted[i]!)
  const x = niceBounds(points.predicted)
  const name = axisName(options)
  return scatter(points, options, {
    title: `Residuals: ${plain(options.target)}`,
    note: 'Above the line the actual value is larger than the predicted one',
    xName: `Predicted ${name}`,
    yName: 'Actual minus predicted',
    x,
    y: niceBounds([...residuals, 0]),
    data: residuals.map((residual, i) => [points.predicted[i]!, residual]),
    line: [
      [x.min, 0],
      [x.max, 0],
    ],
    height: 320,
    description: `Actual minus predicted ${options.target} against the predicted value, ${points.actual.length} rows.`,
  })
}

interface Scatter {
  readonly title: string
  readonly note: string
  readonly xName: string
  readonly yName: string
  readonly x: Bounds
  readonly y: Bounds
  readonly data: number[][]
  readonly line: number[][]
  readonly height: number
  readonly description: string
}

function scatter(points: PredictionPoints, options: RegressionChartOptions, plot: Scatter): Chart {
  const shown = points.actual.length
  const sampled = shown < points.nRows ? `; ${count(shown)} of ${count(points.nRows)} rows shown` : ''
  const head = heading(plot.title, options, [plot.note + sampled], WIDTH)
  // Many points are drawn fainter and smaller, so that crowded places show.
  const opacity = Math.max(0.15, Math.min(0.7, 12 / Math.sqrt(Math.max(shown, 1))))
  return {
    width: WIDTH,
    height: head.height + plot.height + 66,
    title: head.text,
    description: plot.description,
    option: {
      ...base,
      title: head.title,
      grid: { left: LEFT, top: head.height, width: PLOT, height: plot.height, outerBoundsMode: 'none' },
      xAxis: { ...valueAxis(plot.xName, 32), ...plot.x },
      yAxis: { ...valueAxis(plot.yName, 56), ...plot.y },
      series: [
        {
          type: 'scatter',
          silent: true,
          symbolSize: shown > 500 ? 5 : 7,
          itemStyle: { color: colourOf(0), opacity },
          data: plot.data,
        },
        {
          type: 'line',
          silent: true,
          showSymbol: false,
          z: 5,
          data: plot.line,
          lineStyle: { color: INK, width: 1.2, type: [5, 4] },
        },
      ],
    },
  }
}

function axisName({ target, unit }: RegressionChartOptions): string {
  return plain(unit ? `${target} (${unit})` : target)
}

interface Bounds {
  readonly min: number
  readonly max: number
  readonly interval: number
}

/** Round bounds around the values with about five round steps between them. */
function niceBounds(values: readonly number[]): Bounds {
  const low = values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const high = values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  if (!(high > low))
    return { min: (Number.isFinite(low) ? low : 0) - 1, max: (Number.isFinite(low) ? low : 0) + 1, interval: 0.5 }
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const interval = [1, 2, 2.5, 5, 10].map((factor) => factor * power).find((step) => step >= rough * 0.999)!
  return { min: Math.floor(low / interval) * interval, max: Math.ceil(high / interval) * interval, interval }
}
