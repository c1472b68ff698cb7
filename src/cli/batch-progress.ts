import { Presets, SingleBar } from 'cli-progress'
import { note } from './output.ts'

const LINE_EVERY_MS = 5000

/** Tells how far a batch is, on standard error: a bar on a terminal, a line now and then elsewhere. */
export function batchProgress(nRows: number): { at(rows: number): void; stop(): void } {
  const started = Date.now()
  const terminal = process.stderr.isTTY === true
  let first = 0
  let bar: SingleBar | null = null
  let lastLine = started
  const rate = (rows: number) => Math.round((rows - first) / Math.max((Date.now() - started) / 1000, 0.001))
  return {
    at(rows) {
      // Rows of an earlier attempt took no time of this one.
      if (first === 0 && rows > 4096) first = rows
      if (terminal) {
        if (!bar) {
          const format = '{bar} {percentage}%  {value}/{total} rows  {rate} rows/s'
          bar = new SingleBar({ format, hideCursor: true, barsize: 28, stream: process.stderr }, Presets.shades_classic)
          bar.start(nRows, rows, { rate: rate(rows) })
        }
        bar.update(rows, { rate: rate(rows) })
        return
      }
      if (Date.now() - lastLine < LINE_EVERY_MS) return
      lastLine = Date.now()
      note(`${rows} of ${nRows} rows (${Math.floor((100 * rows) / nRows)} %), ${rate(rows)} rows/s`)
    },
    stop() {
      bar?.stop()
      bar = null
    },
  }
}
