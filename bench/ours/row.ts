/**
 * node row.ts table.parquet rows trees threads
 *
 * Answers to one row at a time by a boosted model of so many trees, in this process, into arrays that are used again. Prints the median
 * of the microseconds of one answer over stretches of 1,000 rows, and the bytes that an answer leaves on the heap.
 */
import { gradientBoosting } from '../../src/learn/boosting/gradient-boosting.ts'
import { answersRows } from '../../src/learn/row-model.ts'
import { fitThreads } from '../../src/pipeline/fit-threads.ts'
import { answer } from './answer.ts'
import { readTable } from './read-table.ts'

const [file, rows, trees, threads] = process.argv.slice(2) as [string, string, string, string]
const { x, y, xTest } = await readTable(file, Number(rows), Number(threads))
const target = { task: 'classification' as const, codes: y, classes: ['0', '1'] }
const options = gradientBoosting.options.parse({ preset: 'lightgbm-compatible', maxIterations: Number(trees) })
const model = gradientBoosting.fit({ x, target, seed: 0, threads: fitThreads(Number(threads)) }, options)
if (!answersRows(model)) throw new Error('The model does not answer single rows.')
const row = new Float64Array(xTest.nColumns)
const probabilities = new Float64Array(2)
const STRETCH = 1000
const times: number[] = []
let heap = 0
let largest = 0
for (let first = 0; first + STRETCH <= xTest.nRows; first += STRETCH) {
  const before = process.memoryUsage().heapUsed
  const begun = performance.now()
  for (let i = first; i < first + STRETCH; i++) {
    for (let column = 0; column < row.length; column++) row[column] = xTest.data[column * xTest.nRows + i]!
    model.predictRow(row, probabilities)
    largest = Math.max(largest, probabilities[1]!)
  }
  times.push(((performance.now() - begun) * 1000) / STRETCH)
  heap = Math.max(0, process.memoryUsage().heapUsed - before) / STRETCH
}
times.sort((a, b) => a - b)
// The largest answer is used, so that no engine may leave the work out.
answer({ rowMicroseconds: times[Math.floor(times.length / 2)]!, heapBytesPerRow: Math.round(heap), largest })
