import type { Idle, Memory, Turn } from './measure.ts'
import { median } from './records.ts'

export interface Turns {
  readonly server: string
  readonly turns: readonly Turn[]
}

/** What was measured; null for a row that was not asked for. Ours is the first of `servers`, FastAPI with one worker the second. */
export interface ServeResults {
  readonly servers: readonly Turns[] | null
  readonly startSeconds: number | null
  readonly memory: Memory | null
  readonly idle: Idle | null
}

/** Medians over a server's turns. */
export function middle({ turns }: Turns): Turn {
  const of = (key: keyof Turn) => median(turns.map((turn) => turn[key]))
  return {
    perSecond: of('perSecond'),
    halfP50Ms: of('halfP50Ms'),
    halfP99Ms: of('halfP99Ms'),
    rowsPerSecond: of('rowsPerSecond'),
  }
}

/** Memory is flat when what came after the first fifth is within a tenth, or 20 MiB, of it. */
export function isFlat({ earlyMib, endMib }: Memory): boolean {
  return endMib <= earlyMib + Math.max(20, earlyMib / 10)
}

export function verdict(met: boolean, aimed: boolean): string {
  return aimed ? 'aim reached' : met ? 'reached, not the aim' : '**missed**'
}

/** Two tables in Markdown: what was asked with what came, then each server. */
export function serveReport({ servers, startSeconds, memory, idle }: ServeResults): string {
  const rows: string[][] = []
  const bar = (name: string, must: string, aim: string, measured: string, met: boolean, aimed: boolean) =>
    rows.push([name, must, aim, measured, verdict(met, aimed)])
  const shown = servers?.map((each) => ({ server: each.server, ...middle(each) })) ?? []
  const [ours, peer] = shown
  if (ours && peer) {
    const single = ours.perSecond / peer.perSecond
    const many = ours.rowsPerSecond / peer.rowsPerSecond
    const against = (own: number, other: number) => `${Math.round(own)} beside ${Math.round(other)}`
    bar(
      'single-row requests a second, one process, beside FastAPI',
      ...(['30 x', '80 x'] as const),
      `**${single.toFixed(1)} x** (${against(ours.perSecond, peer.perSecond)})`,
      ...([single >= 30, single >= 80] as const),
    )
    const { halfP99Ms: p99 } = ours
    bar('p99 at half of that load', '10 ms', '5 ms', `**${p99.toFixed(2)} ms**`, p99 < 10, p99 < 5)
    bar(
      '100-row requests, rows a second, beside FastAPI',
      ...(['10 x', '30 x'] as const),
      `**${many.toFixed(1)} x** (${against(ours.rowsPerSecond, peer.rowsPerSecond)})`,
      ...([many >= 10, many >= 30] as const),
    )
  }
  if (startSeconds !== null)
    bar(
      'start to ready with 20 models',
      ...(['1 s', '0.5 s'] as const),
      `**${startSeconds.toFixed(2)} s**`,
      ...([startSeconds < 1, startSeconds < 0.5] as const),
    )
  if (memory) {
    const flat = isFlat(memory)
    bar(
      `memory after ${memory.seconds} s at full load`,
      'flat, under 300 MiB',
      '200 MiB',
      `**${Math.round(memory.endMib)} MiB**, ${Math.round(memory.earlyMib)} after a fifth of the time, at most ${Math.round(memory.peakMib)}`,
      flat && memory.endMib < 300,
      flat && memory.endMib < 200,
    )
  }
  if (idle) {
    const met = idle.lost === 0 && idle.failures === 0
    const all = met && idle.connections >= 10_000
    const name = `${idle.connections} idle keep-alive connections beside the load`
    const measured = `**${idle.lost + idle.failures} errors**, ${Math.round(idle.perSecond)} answers a second beside them`
    rows.push([name, 'no error', '', measured, all ? 'reached' : met ? 'fewer than 10,000' : '**missed**'])
  }
  const table = (head: string[], align: string, body: readonly string[][]) =>
    [`| ${head.join(' | ')} |`, align, ...body.map((cells) => `| ${cells.join(' | ')} |`), ''].join('\n')
  const asked = table(['measure', 'must', 'aim', 'measured', ''], '|---|---|---|---|---|', rows)
  if (shown.length === 0) return asked
  const each = shown.map((of) => [
    of.server,
    of.perSecond.toFixed(0),
    of.halfP50Ms.toFixed(2),
    of.halfP99Ms.toFixed(2),
    of.rowsPerSecond.toFixed(0),
  ])
  const head = ['', 'single rows/s', 'p50 at half, ms', 'p99 at half, ms', '100-row requests, rows/s']
  return `${asked}\n${table(head, '|---|---:|---:|---:|---:|', each)}`
}
