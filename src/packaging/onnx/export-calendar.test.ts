import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CalendarPart, calendarPart } from '../../features/date-parts.ts'
import { calendarNodes } from './export-calendar.ts'
import { GraphBuilder } from './graph-builder.ts'
import { openOnnx } from './onnx-session.ts'
import { writeOnnxModel } from './write-model.ts'

const PARTS: readonly CalendarPart[] = ['year', 'quarter', 'month', 'dayOfMonth', 'dayOfWeek', 'dayOfYear', 'hour']

test.each(PARTS)('%s of any date is in ONNX what it is here', (part) => {
  const builder = new GraphBuilder([])
  const ms = builder.input('ms', 'double', '')
  const output = builder.output(calendarNodes(builder, part, ms), 'part', 'double', 1)
  const graph = builder.graph('calendar', [ms])
  const session = openOnnx(writeOnnxModel({ producerVersion: '0', doc: '', metadata: {}, graph }))
  const edges = [
    '1970-01-01',
    '1969-12-31T23:59:59.999Z',
    '2000-02-29',
    '1900-03-01',
    '2100-02-28',
    '2024-12-31',
    '0000-02-29',
  ]
  const anyTime = fc.oneof(
    fc.integer({ min: -8.63e15, max: 8.64e15 }),
    fc.integer({ min: Date.UTC(1890, 0, 1), max: Date.UTC(2110, 0, 1) }),
    fc.constantFrom(Number.NaN, 8.64e15 + 1, 8.64e15, ...edges.map((day) => Date.parse(day))),
  )
  fc.assert(
    fc.property(fc.array(anyTime, { minLength: 50, maxLength: 50 }), (times) => {
      const feeds = { ms: { type: 'float64' as const, dims: [times.length, 1], data: Float64Array.from(times) } }
      const answers = session.run(feeds, [output])[output]!.data as ArrayLike<number>
      expect(Array.from(answers)).toEqual(times.map((time) => calendarPart(part, time)))
    }),
  )
  session.close()
})
