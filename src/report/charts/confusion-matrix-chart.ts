import type { ConfusionMatrix } from '../../evaluate/curves/confusion-matrix.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { count, percent, wrap } from './text.ts'
import { BLUES, base, heading, INK, MUTED } from './theme.ts'

/** True classes down, predicted ones across: rows, and the share of the true class, which the colour shows. */
export function confusionMatrixChart(matrix: ConfusionMatrix, options: ChartOptions = {}): Chart {
  const { classes, counts, shares } = matrix
  const n = classes.length
  const cell = Math.max(44, Math.min(110, Math.round(560 / n)))
  // Names across stand upright where a word of theirs is wider than a cell.
  const fits = Math.floor(cell / 7.2)
  const upright = classes.some((label) => label.split(/\s+/).some((word) => Array.from(word).length > fits))
  const linesPerCell = Math.max(1, Math.floor(cell / 16))
  const acrossLines = classes.map((label) =>
    wrap(label, upright ? Math.max(22, Math.ceil((Array.from(label).length * 1.3) / linesPerCell)) : fits),
  )
  const downLines = classes.map((label) => wrap(label, 22))
  const left = 62 + longest(downLines) * 7.2
  const scaleRoom = 92
  const width = Math.max(Math.round(left + n * cell + scaleRoom), 420)
  const withShare = cell >= 52
  const note = withShare
    ? 'Rows, and share of the actual class'
    : 'Rows; the colour shows the share of the actual class'
  const head = heading('Confusion matrix', options, [note], width)
  const acrossHeight = upright ? longest(acrossLines) * 7.2 : Math.max(...acrossLines.map((lines) => lines.length)) * 16
  const height = Math.round(head.height + n * cell + acrossHeight + 56)
  const axis = {
    type: 'category' as const,
    axisTick: { show: false },
    axisLine: { show: false },
    splitArea: { show: false },
    nameLocation: 'middle' as const,
    nameTextStyle: { color: INK, fontSize: 13, fontWeight: 'bold' as const },
    axisLabel: { color: INK, fontSize: 12, interval: 0, lineHeight: 16 },
  }
  const data = counts.flatMap((line, i) =>
    line.map((rows, j) => ({
      value: [j, i, shares[i]![j]!],
      label: {
        color: shares[i]![j]! > 0.65 ? '#ffffff' : INK,
        formatter: withShare ? `{rows|${count(rows)}}\n{share|${percent(shares[i]![j]!)}}` : count(rows),
      },
    })),
  )
  const right = counts.reduce((sum, line, i) => sum + line[i]!, 0)
  const total = counts.reduce((sum, line) => sum + line.reduce((a, b) => a + b, 0), 0)
  return {
    width,
    height,
    title: head.text,
    description: `Of ${total} rows, ${right} are predicted as their actual class: ${classes
      .map((label, i) => `${label} ${percent(shares[i]![i]!)}`)
      .join(', ')}.`,
    option: {
      ...base,
      title: head.title,
      grid: { left, top: head.height, width: n * cell, height: n * cell, outerBoundsMode: 'none' },
      xAxis: {
        ...axis,
        axisLabel: { ...axis.axisLabel, rotate: upright ? 90 : 0 },
        data: acrossLines.map((lines) => lines.join('\n')),
        name: 'Predicted',
        nameGap: acrossHeight + 16,
      },
      yAxis: {
        ...axis,
        data: downLines.map((lines) => lines.join('\n')),
        name: 'Actual',
        inverse: true,
        nameGap: left - 34,
      },
      visualMap: {
        type: 'continuous',
        min: 0,
        max: 1,
        dimension: 2,
        calculable: false,
        left: left + n * cell + 18,
        top: head.height,
        itemHeight: Math.min(n * cell - 40, 180),
        itemWidth: 12,
        text: ['100 %', '0 %'],
        textStyle: { color: MUTED, fontSize: 11 },
        inRange: { color: [...BLUES] },
      },
      series: [
        {
          type: 'heatmap',
          silent: true,
          data,
          label: {
            show: true,
            rich: {
              rows: { fontSize: cell >= 70 ? 16 : 13, fontWeight: 'bold', lineHeight: 20 },
              share: { fontSize: 11, lineHeight: 16 },
            },
          },
          itemStyle: { borderColor: '#ffffff', borderWidth: 2 },
        },
      ],
    },
  }
}

/** Characters of the longest line. */
function longest(labels: readonly (readonly string[])[]): number {
  return Math.max(...labels.flat().map((line) => Array.from(line).length))
}
