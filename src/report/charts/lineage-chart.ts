import type { LineageGraph, LineageKind } from '../../track/lineage/lineage.ts'
import { lineageLabel } from '../../track/lineage/mermaid.ts'
import type { Chart, ChartOptions } from './chart.ts'
import { wrap } from './text.ts'
import { base, heading, INK, MUTED, PALETTE } from './theme.ts'

const ORDER: readonly LineageKind[] = ['source', 'dataset', 'run', 'version', 'prediction']
const COLUMN = 230
const ROW = 56
const BOX = [180, 40] as const
/** More boxes than these are no picture any more. */
const MOST_NODES = 200

/** What was made from what, from left to right: sources, dataset versions, runs, model versions, predictions. The node that was asked for has a thick line. */
export function lineageChart(graph: LineageGraph, options: ChartOptions = {}): Chart {
  const shown = graph.nodes.length <= MOST_NODES ? graph.nodes : nearest(graph)
  const keys = new Set(shown.map(({ key }) => key))
  const columns = ORDER.map((kind) => shown.filter((node) => node.kind === kind)).filter((nodes) => nodes.length > 0)
  const most = Math.max(...columns.map((nodes) => nodes.length))
  const left = graph.nodes.length - shown.length
  const width = Math.max(420, columns.length * COLUMN + 40)
  const head = heading('Lineage', options, left > 0 ? [`${left} more are not drawn`] : [], width)
  const height = Math.round(head.height + most * ROW + 24)
  const places = new Map<string, readonly [number, number]>()
  for (const [i, nodes] of columns.entries()) {
    for (const [j, { key }] of nodes.entries())
      places.set(key, [20 + i * COLUMN + COLUMN / 2, head.height + ((j + 0.5) * most * ROW) / nodes.length])
  }
  const edges = graph.edges.filter(({ from, to }) => keys.has(from) && keys.has(to))
  const lines = edges.map(({ from, to }) => {
    const [[x1, y1], [x2, y2]] = [places.get(from)!, places.get(to)!]
    // From one side of a box to the facing side of the other; what taught a run lies to its right.
    const half = (Math.sign(x2 - x1) * BOX[0]) / 2
    const [start, end] = [x1 + half, x2 - half]
    const shape = { x1: start, y1, x2: end, y2, cpx1: (start + end) / 2, cpy1: y1, cpx2: (start + end) / 2, cpy2: y2 }
    return { type: 'bezierCurve' as const, shape, style: { stroke: MUTED, lineWidth: 1.2, fill: 'none' }, z: 1 }
  })
  const boxes = shown.map((node) => {
    const [x, y] = places.get(node.key)!
    const colour = PALETTE[ORDER.indexOf(node.kind)]!
    const style = { fill: '#ffffff', stroke: colour, lineWidth: node.key === graph.start ? 3 : 1.2 }
    const text = wrap(lineageLabel(node), 28).slice(0, 2).join('\n')
    return {
      type: 'rect' as const,
      shape: { x: x - BOX[0] / 2, y: y - BOX[1] / 2, width: BOX[0], height: BOX[1], r: 4 },
      style,
      textContent: {
        type: 'text' as const,
        style: { text, fill: INK, fontSize: 11, lineHeight: 14, align: 'center' as const },
        // Drawn by its own z, not its box's: without one it lies behind the box.
        z: 3,
      },
      textConfig: { position: 'inside' as const },
      z: 2,
    }
  })
  return {
    width,
    height,
    title: head.text,
    description: `${ORDER.map((kind) => [kind, graph.nodes.filter((node) => node.kind === kind).length] as const)
      .filter(([, n]) => n > 0)
      .map(([kind, n]) => `${n} ${kind}${n === 1 ? '' : 's'}`)
      .join(', ')}, joined by ${graph.edges.length} steps.`,
    option: { ...base, title: head.title, graphic: { elements: [...lines, ...boxes] } },
  }
}

/** The nodes that are fewest steps from the one that was asked for. */
function nearest({ nodes, edges, start }: LineageGraph): LineageGraph['nodes'] {
  const neighbours = Map.groupBy(
    edges.flatMap(({ from, to }) => [
      [from, to],
      [to, from],
    ]),
    ([from]) => from!,
  )
  const found = new Set([start])
  for (const key of found) {
    if (found.size >= MOST_NODES) break
    for (const [, to] of neighbours.get(key) ?? []) if (found.size < MOST_NODES) found.add(to!)
  }
  return nodes.filter(({ key }) => found.has(key))
}
