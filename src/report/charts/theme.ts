import type { EChartsOption } from 'echarts'
import type { ChartOptions } from './chart.ts'
import { wrap } from './text.ts'

export const FONT = 'sans-serif'
export const INK = '#1f2933'
export const MUTED = '#616e7c'
export const GRID_LINE = '#e4e7eb'

/** Colours of classes: told apart with every common kind of colour blindness (Okabe and Ito), dark enough for lines on white. */
export const PALETTE = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#b8860b', '#56b4e9', '#5e3c99', '#000000'] as const

/** From white to dark blue, even in lightness. */
export const BLUES = [
  '#f7fbff',
  '#deebf7',
  '#c6dbef',
  '#9ecae1',
  '#6baed6',
  '#4292c6',
  '#2171b5',
  '#08519c',
  '#08306b',
] as const

/** Shapes that go with the colours, so that lines are told apart in black and white, too. */
export const DASHES = ['solid', [8, 3], [2, 2], [8, 3, 2, 3]] as const

export function colourOf(i: number): string {
  return PALETTE[i % PALETTE.length]!
}

/** Solid for as many classes as there are colours, then dashed. */
export function dashOf(i: number): 'solid' | number[] {
  const dash = DASHES[Math.floor(i / PALETTE.length) % DASHES.length]!
  return dash === 'solid' ? dash : [...dash]
}

const TITLE_SIZE = 16
const SUBTITLE_SIZE = 12
const LINE = 1.35

export interface Heading {
  readonly title: EChartsOption['title']
  /** Pixels from the top that the heading takes, with the room below it. */
  readonly height: number
  readonly text: string
}

/** Title, subtitle and notes at the top left, wrapped to the width. */
export function heading(defaultTitle: string, options: ChartOptions, notes: readonly string[], width: number): Heading {
  const text = options.title ?? defaultTitle
  const titleLines = wrap(text, Math.floor((width - 40) / (TITLE_SIZE * 0.56)))
  const small = [options.subtitle, ...notes].filter((line) => line !== undefined && line !== '') as string[]
  const subtitleLines = small.flatMap((line) => wrap(line, Math.floor((width - 40) / (SUBTITLE_SIZE * 0.53))))
  const titleHeight = titleLines.length * TITLE_SIZE * LINE
  const subtitleHeight = subtitleLines.length === 0 ? 0 : 6 + subtitleLines.length * SUBTITLE_SIZE * LINE
  return {
    text,
    height: Math.round(16 + titleHeight + subtitleHeight + 16),
    title: {
      text: titleLines.join('\n'),
      subtext: subtitleLines.join('\n'),
      left: 20,
      top: 16,
      padding: 0,
      itemGap: 6,
      textStyle: {
        fontFamily: FONT,
        fontSize: TITLE_SIZE,
        lineHeight: TITLE_SIZE * LINE,
        fontWeight: 'bold',
        color: INK,
      },
      subtextStyle: { fontFamily: FONT, fontSize: SUBTITLE_SIZE, lineHeight: SUBTITLE_SIZE * LINE, color: MUTED },
    },
  }
}

/** What all pictures share. */
export const base: EChartsOption = {
  animation: false,
  backgroundColor: '#ffffff',
  textStyle: { fontFamily: FONT, color: INK },
  color: [...PALETTE],
}

/** The look of a value axis: named in the middle, light lines, small dark numbers. */
export function valueAxis(name: string, nameGap: number) {
  return {
    type: 'value' as const,
    name,
    nameLocation: 'middle' as const,
    nameGap,
    nameTextStyle: { color: INK, fontSize: 13 },
    axisLabel: { color: MUTED, fontSize: 12 },
    axisLine: { show: true, onZero: false, lineStyle: { color: MUTED } },
    axisTick: { show: true, lineStyle: { color: MUTED } },
    splitLine: { show: true, lineStyle: { color: GRID_LINE } },
  }
}

/** A legend below the plot, one entry a line, so that long names stay whole. */
export function legendBelow(names: readonly string[], top: number) {
  return {
    height: names.length * LEGEND_LINE,
    legend: {
      data: [...names],
      orient: 'vertical' as const,
      left: 60,
      top,
      padding: 0,
      itemGap: LEGEND_LINE - 16,
      itemWidth: 28,
      itemHeight: 10,
      textStyle: { color: INK, fontSize: 13, lineHeight: 16 },
      selectedMode: false as const,
    },
  }
}

const LEGEND_LINE = 22
