import { expect, test } from 'vitest'
import type { TableSchema } from '../table/schema.ts'
import { resolveRoles } from './roles.ts'

const NONE = { id: null, time: null, sensitive: [] }

function schemaOf(...names: string[]): TableSchema {
  return {
    columns: names.map((name) => ({
      name,
      kind: 'number',
      dataType: 'float',
      declared: { required: false },
      observed: { missing: 0, distinct: 5, min: 0, max: 4, categories: [] },
    })),
  }
}

test('neither the target nor an identifier, a time or a sensitive column is an input, whatever its name', () => {
  const schema = schemaOf('__proto__', 'constructor', 'toString', 'when', 'x')
  const roles = resolveRoles(schema, {
    target: '__proto__',
    id: 'constructor',
    time: 'when',
    sensitive: ['toString'],
  })
  expect(roles.inputs).toEqual(['x'])
  expect(roles.barred).toEqual(['__proto__', 'constructor', 'toString', 'when'])
})

test('every column that an expression as target reads is barred from the features', () => {
  const roles = resolveRoles(schemaOf('a', 'b', 'c'), { ...NONE, target: 'a + b > 3' })
  expect(roles.inputs).toEqual(['c'])
})

test('an identifier cannot be the target, nor a part of it', () => {
  for (const target of ['a', 'a > 3'])
    expect(() => resolveRoles(schemaOf('a', 'b'), { ...NONE, target, id: 'a' })).toThrow(
      expect.objectContaining({ code: 'PROJECT_INVALID' }),
    )
})

test('a column that no request could carry is refused as a feature before anything is trained', () => {
  expect(() => resolveRoles(schemaOf('__proto__', 'x', 'y'), { ...NONE, target: 'y' })).toThrow(
    expect.objectContaining({ code: 'PROJECT_INVALID', message: expect.stringContaining('__proto__') }),
  )
})

test('a name that the table lacks is answered with the one that was meant', () => {
  expect(() => resolveRoles(schemaOf('grade', 'age'), { ...NONE, target: 'grades' })).toThrow(
    expect.objectContaining({
      code: 'COLUMN_NOT_FOUND',
      details: [{ path: 'data.target', message: 'did you mean "grade"?' }],
    }),
  )
})
