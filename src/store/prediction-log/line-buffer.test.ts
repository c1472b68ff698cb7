import { expect, test } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

test('lines come out as UTF-8 in their order, each with a line feed, however often the place had to grow', () => {
  const lines = Array.from({ length: 5000 }, (_, i) => `{"i":${i},"text":"${'é€𝄞x'.repeat(i % 40)}"}`)
  const buffer = new LineBuffer()
  let bytes = 0
  for (const line of lines) bytes += buffer.add(line)
  expect(buffer.bytes().toString('utf8')).toBe(`${lines.join('\n')}\n`)
  expect(buffer.length).toBe(bytes)
  expect(buffer.count).toBe(5000)
  expect(buffer.capacity).toBeGreaterThan(64 * 1024)
})

test('a line longer than all room is taken whole', () => {
  const buffer = new LineBuffer()
  buffer.add('a')
  buffer.add('€'.repeat(300_000))
  expect(buffer.bytes().toString('utf8')).toBe(`a\n${'€'.repeat(300_000)}\n`)
})

test('a cleared buffer holds nothing of before, and keeps its place', () => {
  const buffer = new LineBuffer()
  buffer.add('x'.repeat(200_000))
  const { capacity } = buffer
  buffer.clear()
  expect([buffer.count, buffer.length]).toEqual([0, 0])
  buffer.add('y')
  expect(buffer.bytes().toString('utf8')).toBe('y\n')
  expect(buffer.capacity).toBe(capacity)
})
