import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { BoundedSink, type LogOutput } from './bounded-sink.ts'

/** An output that takes nothing until it is let. */
function stuckOutput() {
  let release = () => {}
  const written: string[] = []
  const open = new Promise<void>((resolve) => {
    release = resolve
  })
  const output: LogOutput = {
    async write(bytes) {
      await open
      written.push(bytes.toString())
    },
    writeSync(bytes) {
      written.push(bytes.toString())
      return true
    },
  }
  return { output, written, release: () => release() }
}

test('lines come out in order, together, and writing does not wait', async () => {
  const { output, written, release } = stuckOutput()
  release()
  const sink = new BoundedSink(output)
  for (let i = 0; i < 1000; i++) sink.write(`${i}\n`)
  expect(written).toEqual([])
  await sink.flush()
  expect(written.join('')).toBe(Array.from({ length: 1000 }, (_, i) => `${i}\n`).join(''))
  expect(written.length).toBeLessThan(5)
})

test('an output that takes nothing costs lines beyond the bound; how many is counted, and said once it takes some again', async () => {
  const { output, written, release } = stuckOutput()
  const sink = new BoundedSink(output, { maxWaiting: 1000, droppedLine: (dropped) => `dropped ${dropped}\n` })
  for (let i = 0; i < 300; i++) {
    sink.write('123456789\n')
    if (i % 50 === 0) await sleep(1)
  }
  expect(sink.dropped).toBeGreaterThan(50)
  expect(sink.dropped).toBeLessThan(250)
  const { dropped } = sink
  release()
  await sink.flush()
  sink.write('after\n')
  await sink.flush()
  const lines = written.join('').trimEnd().split('\n')
  expect(lines.filter((line) => line === `dropped ${dropped}`)).toHaveLength(1)
  expect(lines.filter((line) => line === '123456789')).toHaveLength(300 - dropped)
  expect(lines.at(-1)).toBe('after')
})

test('flushing ends after its time although nobody reads', async () => {
  const { output } = stuckOutput()
  const sink = new BoundedSink(output)
  sink.write('x\n')
  const started = Date.now()
  await sink.close(100)
  expect(Date.now() - started).toBeLessThan(5000)
})

test('what waits, and what an unfinished write holds, is written at once when the process ends', async () => {
  const { output, written } = stuckOutput()
  const sink = new BoundedSink(output)
  sink.write('in flight\n')
  await sleep(5)
  sink.write('waiting\n')
  sink.flushSync()
  expect(written.join('')).toBe('in flight\nwaiting\n')
})

test('an output that fails costs its lines alone', async () => {
  let failing = true
  const written: string[] = []
  const sink = new BoundedSink({
    async write(bytes) {
      if (failing) throw new Error('ENOSPC')
      written.push(bytes.toString())
    },
    writeSync: () => false,
  })
  sink.write('a\n')
  await sink.flush()
  failing = false
  sink.write('b\n')
  await sink.flush()
  expect({ written, dropped: sink.dropped }).toEqual({ written: ['b\n'], dropped: 1 })
})
