import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Filter, parseFilter, parseOrder } from './filter.ts'

const refused = (text: string) => {
  try {
    parseFilter(text)
  } catch (error) {
    return (error as { code?: string }).code
  }
  return null
}

describe('a filter', () => {
  test('of nothing is null', () => {
    expect(parseFilter('')).toBeNull()
    expect(parseFilter(' \n ')).toBeNull()
  })

  test('AND binds more closely than OR, and parentheses more than both', () => {
    const shape = (text: string): unknown => {
      const walk = (filter: Filter): unknown => {
        if ('items' in filter) return [filter.type, ...filter.items.map(walk)]
        return 'item' in filter ? ['not', walk(filter.item)] : filter.name.key
      }
      return walk(parseFilter(text)!)
    }
    expect(shape("a = 'x' OR b = 'x' AND c = 'x'")).toEqual(['or', 'a', ['and', 'b', 'c']])
    expect(shape("(a = 'x' or b = 'x') and not c = 'x'")).toEqual(['and', ['or', 'a', 'b'], ['not', 'c']])
  })

  test('names have a group, and odd keys are quoted', () => {
    expect(parseFilter('metrics.`my acc.1` >= -1.5e-3')).toMatchObject({
      name: { group: 'metrics', key: 'my acc.1' },
      comparator: '>=',
      value: -0.0015,
    })
    expect(parseFilter("tag.\"a b\" = 'it''s'")).toMatchObject({ name: { group: 'tag', key: 'a b' }, value: "it's" })
    expect(parseFilter("tag.mlflow.prompt.is_prompt != 'true'")).toMatchObject({
      name: { group: 'tag', key: 'mlflow.prompt.is_prompt' },
    })
    expect(parseFilter("status='FINISHED'")).toMatchObject({ name: { group: null, key: 'status' } })
  })

  test('lists, LIKE and NULL are clauses of their own', () => {
    expect(parseFilter("run_id NOT IN ('a', 'b',)")).toMatchObject({ type: 'in', negated: true, values: ['a', 'b'] })
    expect(parseFilter("name not like 'a%'")).toMatchObject({ type: 'not', item: { comparator: 'LIKE' } })
    expect(parseFilter('params.x IS NOT NULL')).toMatchObject({ type: 'null', negated: true })
  })

  test.each([
    "a = 'x' b",
    "a = 'x",
    'a = x',
    'a IN ()',
    'a',
    "= 'x'",
    "a = 'x' AND",
    "(a = 'x'",
    "a = 'x')",
    'a IS 5',
    "'a' = 'x'",
    'a ; DROP TABLE runs',
    '('.repeat(1000),
    Array.from({ length: 400 }, () => 'a = 1').join(' OR '),
  ])('that is none is refused: %s', (text) => expect(refused(text)).toBe('FILTER_INVALID'))

  test('any text is read or refused, in a time that grows with its length', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect([null, 'FILTER_INVALID']).toContain(refused(text))
      }),
    )
    const started = performance.now()
    refused(`${'a.'.repeat(100_000)}b = 'x'`)
    refused("'".repeat(200_000))
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

test('an order is a name with or without its direction', () => {
  expect(parseOrder(['metrics.acc DESC', '`run name`', 'start_time asc'])).toMatchObject([
    { name: { group: 'metrics', key: 'acc' }, ascending: false },
    { name: { key: 'run name' }, ascending: true },
    { name: { key: 'start_time' }, ascending: true },
  ])
  expect(() => parseOrder(['a DESCENDING'])).toThrow('order_by')
})
