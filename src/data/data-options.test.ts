import { expect, test } from 'vitest'
import { z } from 'zod'
import { DataOptions } from './data-options.ts'

test('a target alone is a whole data section', () => {
  expect(DataOptions.parse({ target: 'G3' })).toMatchObject({
    target: 'G3',
    id: null,
    time: null,
    sensitive: [],
    columns: {},
    rejects: { action: 'reject', maxRejectedShare: 0.05 },
    read: { missing: ['', 'NA', 'NaN', 'null', 'None', '?', 'N/A'], skipLines: 0 },
  })
})

test.each([
  [{ target: '' }, 'target'],
  [{ target: 'y', source: 'postgres://u:word@db/x' }, 'source'],
  [{ target: 'y', source: 'a.csv', sources: { a: 'a.csv' }, query: 'SELECT 1' }, 'sources'],
  [{ target: 'y', sources: { a: 'a.csv' } }, 'query'],
  [{ target: 'y', query: 'SELECT 1' }, 'query'],
  [{ target: 'y', targt: 1 }, ''],
  [{ target: 'y', read: { delimiter: ';;' } }, 'read.delimiter'],
  [{ target: 'y', read: { delimiter: '"' } }, 'read.delimiter'],
  [{ target: 'y', read: { encoding: 'ebcdic' } }, 'read.encoding'],
  [{ target: 'y', columns: { a: { kind: 'number', categories: ['1'] } } }, 'columns.a.categories'],
  [{ target: 'y', columns: { a: { min: 2, max: 1 } } }, 'columns.a.min'],
  [{ target: 'y', columns: { a: { kind: 'text', min: 2 } } }, 'columns.a.min'],
  [{ target: 'y', columns: { a: { kind: 'number', dataType: 'string' } } }, 'columns.a.dataType'],
  [{ target: 'y', columns: { a: { dateFormat: 'somehow' } } }, 'columns.a.dateFormat'],
  [{ target: 'y', columns: { a: { categories: ['1'], max: 2 } } }, 'columns.a.categories'],
  [{ target: 'y', rejects: { maxRejectedShare: 2 } }, 'rejects.maxRejectedShare'],
])('%j is refused at %s', (input, place) => {
  const result = DataOptions.safeParse(input)
  expect(result.success).toBe(false)
  expect(result.error!.issues.map((issue) => issue.path.join('.'))).toContain(place)
})

test('every option says what it does', () => {
  const undescribed: string[] = []
  const visit = (node: unknown, at: string): void => {
    const { properties } = node as { properties?: Record<string, { description?: string }> }
    for (const [key, child] of Object.entries(properties ?? {})) {
      if (!child.description) undescribed.push(`${at}.${key}`)
      visit(child, `${at}.${key}`)
      visit((child as { additionalProperties?: unknown }).additionalProperties ?? {}, `${at}.${key}.*`)
    }
  }
  visit(z.toJSONSchema(DataOptions, { io: 'input' }), 'data')
  expect(undescribed).toEqual([])
})
