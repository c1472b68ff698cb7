import { metricNamed } from '../../evaluate/metrics/registry.ts'
import type { PermutationImportance } from '../../evaluate/permutation-importance.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { intervalMarks } from './interval-marks.ts'
import { shortNumber, wrap } from './text.ts'
import { base, colourOf, heading, INK, valueAxis } from './theme.ts'

const WIDTH = 720
const NAME_CHARACTERS = 36

/** The columns that matter most, largest first, with the spread over the repeats; names are wrapped, never cut. */
export function importanceChart(
  importance: PermutationImportance,
  options: ChartOptions & { readonly top?: number } = {},
): Chart {
  const top = options.top ?? 20
  const columns = [...importance.columns].sort((a, b) => b.mean - a.mean).slice(0, top)
  const names = columns.map(({ name }) => wrap(name, NAME_CHARACTERS))
  const line = Math.max(26, Math.max(...names.map((lines) => lines.length), 1) * 15 + 8)
  const left = 34 + Math.max(...names.flat().map((text) => Array.from(text).length), 8) * 6.6
  const few = importance.columns.length > columns.length
  const shown = few ? `The ${columns.length} largest of ${importance.columns.length} columns. ` : ''
  const metric = metricNamed(importance.metric)
  const change = `${metric.greaterIsBetter ? 'Loss' : 'Rise'} of ${metric.title}`
  const lowest = Math.min(0, ...columns.map(({ mean, std }) => mean - std))
  const axis = valueAxis(`${change} when the column is shuffled`, 32)
  const notes = [`${shown}Lines: one standard deviation over the repeats`]
  const head = heading('Permutation importance', options, notes, WIDTH)
  const plotHeight = Math.max(columns.length, 1) * line
  return {
    width: WIDTH,
    height: head.height + plotHeight + 66,
    title: head.text,
    description: `${change} when a column is shuffled, largest first: ${columns
      .slice(0, 5)
      .map(({ name, mean }) => `${name} ${shortNumber(mean)}`)
      .join(', ')}.`,
    option: {
      ...base,
      title: head.title,
      grid: { left, top: head.height, width: WIDTH - left - 40, height: plotHeight, outerBoundsMode: 'none' },
      xAxis: {
        ...axis,
        splitNumber: 5,
        min: lowest * 1.15,
        axisLabel: { ...axis.axisLabel, showMinLabel: lowest === 0 },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: names.map((lines) => lines.join('\n')),
        axisTick: { show: false },
        axisLine: { show: true, onZero: true, lineStyle: { color: INK } },
        axisLabel: { color: INK, fontSize: 12, lineHeight: 15, interval: 0 },
      },
      series: [
        {
          type: 'bar',
          silent: true,
          barWidth: '62%',
          itemStyle: { color: colourOf(0) },
          data: columns.map(({ mean }) => mean),
        },
        intervalMarks(
          columns.map(({ mean, std }) => [mean - std, mean + std]),
          { colour: () => INK, width: 1.2 },
        ),
      ],
    },
  }
}
