import type { CustomSeriesOption } from 'echarts'

/**
 * Horizontal intervals with end strokes, on a category axis that runs down.
 * @param intervals [low, high] of each category, in order; null draws none.
 */
export function intervalMarks(
  intervals: readonly (readonly [number, number] | null)[],
  style: { readonly colour: (i: number) => string; readonly width: number },
): CustomSeriesOption {
  return {
    type: 'custom',
    silent: true,
    z: 5,
    data: intervals.flatMap((interval, i) => (interval === null ? [] : [[i, interval[0], interval[1]]])),
    encode: { x: [1, 2], y: 0 },
    renderItem: (_, api) => {
      const i = Number(api.value(0))
      const [x1, y] = api.coord([api.value(1), i]) as [number, number]
      const [x2] = api.coord([api.value(2), i]) as [number, number]
      const line = (ax: number, ay: number, bx: number, by: number) => ({
        type: 'line' as const,
        shape: { x1: ax, y1: ay, x2: bx, y2: by },
        style: { stroke: style.colour(i), lineWidth: style.width },
      })
      return { type: 'group', children: [line(x1, y, x2, y), line(x1, y - 4, x1, y + 4), line(x2, y - 4, x2, y + 4)] }
    },
  }
}
