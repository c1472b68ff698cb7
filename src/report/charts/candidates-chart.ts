import type { Chart, ChartOptions } from './chart.ts'
import { intervalMarks } from './interval-marks.ts'
import { shortNumber, wrap } from './text.ts'
import { base, colourOf, heading, INK, MUTED, valueAxis } from './theme.ts'

/** One metric of several models. */
export interface CandidateScores {
  /** The metric's title, such as `F1 (macro)`. */
  readonly metric: string
  readonly greaterIsBetter: boolean
  readonly candidates: readonly {
    readonly name: string
    readonly value: number
    /** Bounds of its interval; left out where there is none. */
    readonly low?: number
    readonly high?: number
    /** The winner is set off by colour, the baseline by a line through all. */
    readonly role?: 'winner' | 'baseline'
  }[]
}

const WIDTH = 720

/** Values with their intervals, best first. */
export function candidatesChart(scores: CandidateScores, options: ChartOptions = {}): Chart {
  const { metric, greaterIsBetter } = scores
  const better = greaterIsBetter ? 'Higher' : 'Lower'
  const candidates = scores.candidates
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => (greaterIsBetter ? b.value - a.value : a.value - b.value))
  const names = candidates.map(({ name }) => wrap(name, 30))
  const left = 34 + Math.max(...names.flat().map((text) => Array.from(text).length), 8) * 6.8
  const line = Math.max(36, Math.max(...names.map((lines) => lines.length), 1) * 15 + 12)
  const plotHeight = Math.max(candidates.length, 1) * line
  const colour = (i: number) =>
    candidates[i]!.role === 'winner' ? colourOf(1) : candidates[i]!.role === 'baseline' ? MUTED : colourOf(0)
  const bounded = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)
  const lines = candidates.some(({ low, high }) => bounded(low) && bounded(high)) ? '. Lines: 95 % intervals' : ''
  const head = heading(`${metric} of the candidates`, options, [`${better} is better${lines}`], WIDTH)
  const texts = candidates.map(({ value, low, high }) => {
    const bounds = bounded(low) && bounded(high) ? ` (${shortNumber(low)} to ${shortNumber(high)})` : ''
    return shortNumber(value) + bounds
  })
  const rows = { type: 'category' as const, inverse: true, axisTick: { show: false } }
  const baseline = candidates.find(({ role }) => role === 'baseline')
  return {
    width: WIDTH,
    height: head.height + plotHeight + 66,
    title: head.text,
    description: `${metric}, best first: ${candidates.map(({ name }, i) => `${name} ${texts[i]}`).join(', ')}.`,
    option: {
      ...base,
      title: head.title,
      grid: { left, top: head.height, width: WIDTH - left - 165, height: plotHeight, outerBoundsMode: 'none' },
      xAxis: { ...valueAxis(metric, 32), scale: true, splitNumber: 5, boundaryGap: ['4%', '4%'] },
      yAxis: [
        {
          ...rows,
          data: names.map((lines) => lines.join('\n')),
          axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
          axisLabel: { color: INK, fontSize: 13, lineHeight: 15, interval: 0 },
        },
        {
          ...rows,
          position: 'right',
          data: texts,
          axisLine: { show: false },
          axisLabel: { color: INK, fontSize: 12, interval: 0 },
        },
      ],
      series: [
        intervalMarks(
          candidates.map(({ low, high }) => (bounded(low) && bounded(high) ? [low, high] : null)),
          { colour, width: 2 },
        ),
        {
          type: 'scatter',
          silent: true,
          symbolSize: 11,
          z: 6,
          data: candidates.map(({ value }, i) => ({
            value: [value, i],
            itemStyle: { color: colour(i), opacity: 1 },
          })),
          ...(baseline === undefined
            ? {}
            : {
                markLine: {
                  silent: true,
                  symbol: 'none',
                  label: { show: false },
                  lineStyle: { color: MUTED, type: [4, 4], width: 1 },
                  data: [{ xAxis: baseline.value }],
                },
              }),
        },
      ],
    },
  }
}
