import type { EChartsOption, LineSeriesOption } from 'echarts'
import type { Chart, ChartOptions } from './chart.ts'
import { base, heading, legendBelow, valueAxis } from './theme.ts'

export interface CurvePlot {
  readonly title: string
  readonly notes: readonly string[]
  readonly xName: string
  readonly yName: string
  /** Every series with a `name` has its entry in the legend. */
  readonly series: readonly LineSeriesOption[]
  readonly description: string
}

const PLOT = 440
const LEFT = 70
const WIDTH = LEFT + PLOT + 30

/** Curves over the unit square, with the legend below. */
export function curvePlot(plot: CurvePlot, options: ChartOptions): Chart {
  const head = heading(plot.title, options, plot.notes, WIDTH)
  const names = plot.series.flatMap(({ name }) => (name === undefined ? [] : [String(name)]))
  const { legend, height } = legendBelow(names, head.height + PLOT + 64)
  const unit = { min: 0, max: 1, interval: 0.2 }
  const option: EChartsOption = {
    ...base,
    title: head.title,
    legend: { ...legend, itemStyle: { opacity: 0 } },
    grid: { left: LEFT, top: head.height, width: PLOT, height: PLOT, outerBoundsMode: 'none' },
    xAxis: { ...valueAxis(plot.xName, 30), ...unit },
    yAxis: { ...valueAxis(plot.yName, 42), ...unit },
    series: plot.series.map((line) => ({ ...line, silent: true, symbol: 'none' })),
  }
  return {
    option,
    width: WIDTH,
    height: head.height + PLOT + 64 + height + 14,
    title: head.text,
    description: plot.description,
  }
}
