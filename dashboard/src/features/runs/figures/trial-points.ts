import type { EChartsCoreOption } from 'echarts/core'
import type { Run } from '../../../../../src/track/tracking-store.ts'
import { formatMetric } from '../../../format/numbers.ts'

export interface TrialPoint {
  /** Place in time, from 1. */
  readonly trial: number
  readonly value: number
  readonly name: string
}

/** Told apart by colour and by shape. */
const COLOURS = ['#3b857f', '#c9743f', '#5578b8', '#9a6bb0', '#8a8f3a', '#7b7b7b']
const SHAPES = ['circle', 'rect', 'triangle', 'diamond', 'pin', 'arrow']

/** The estimator that a trial tried, as its params or tags tell; its name where they do not. */
export function estimatorOf(run: Run): string {
  return run.params['estimator'] ?? run.tags['estimator'] ?? run.tags['bellwether.estimator'] ?? run.name
}

/**
 * The trials' scores by estimator, in the order in which they started. The baseline is left out beside others: it lies so far
 * off that these could not be told apart.
 */
export function trialPoints(trials: readonly Run[], metric: string): Map<string, TrialPoint[]> {
  const series = new Map<string, TrialPoint[]>()
  const inTime = trials.toSorted((a, b) => a.startTime - b.startTime || a.id.localeCompare(b.id))
  inTime.forEach((run, index) => {
    const value = run.metrics[metric]
    if (value === undefined || !Number.isFinite(value)) return
    const estimator = estimatorOf(run)
    series.set(estimator, [...(series.get(estimator) ?? []), { trial: index + 1, value, name: run.name }])
  })
  if (series.size > 1) series.delete('baseline')
  return series
}

/** The points as a picture: a mark per trial, a colour and a shape per estimator. Texts take the page's colours. */
export function trialChart(
  series: ReadonlyMap<string, readonly TrialPoint[]>,
  metric: string,
  colours: { text: string; line: string },
): EChartsCoreOption {
  const axis = {
    axisLabel: { color: colours.text },
    nameTextStyle: { color: colours.text },
    axisLine: { lineStyle: { color: colours.line } },
    splitLine: { lineStyle: { color: colours.line } },
  }
  return {
    animation: false,
    grid: { left: 56, right: 16, top: 40, bottom: 40 },
    legend: { top: 0, left: 0, textStyle: { color: colours.text } },
    tooltip: {
      renderMode: 'richText',
      formatter: (item: { seriesName: string; value: readonly [number, number] }) =>
        `${item.seriesName}, trial ${item.value[0]}: ${formatMetric(item.value[1])}`,
    },
    xAxis: {
      ...axis,
      type: 'value',
      name: 'trial',
      nameLocation: 'middle',
      nameGap: 26,
      minInterval: 1,
      min: 1,
      max: 'dataMax',
      axisLabel: { ...axis.axisLabel, showMaxLabel: false },
      splitLine: { show: false },
    },
    yAxis: { ...axis, type: 'value', name: metric, nameLocation: 'middle', nameGap: 42, scale: true },
    series: [...series].map(([name, points], index) => ({
      type: 'scatter',
      name,
      symbol: SHAPES[index % SHAPES.length],
      symbolSize: 9,
      itemStyle: { color: COLOURS[index % COLOURS.length], opacity: 0.85 },
      data: points.map((point) => [point.trial, point.value]),
    })),
  }
}
