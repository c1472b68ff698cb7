import { expect, test } from 'vitest'
import type { ColumnSchema } from '../../../../../src/table/schema.ts'
import { groupFields, matchesSearch } from './field-groups.ts'

function column(name: string, kind: ColumnSchema['kind'] = 'number'): ColumnSchema {
  return {
    name,
    kind,
    dataType: 'float',
    declared: { required: false },
    observed: { missing: 0, distinct: 1, min: 0, max: 1, categories: [] },
  }
}

test('a small form is one group without a title', () => {
  expect(groupFields([column('a'), column('b', 'category')])).toEqual([
    { title: '', columns: [column('a'), column('b', 'category')] },
  ])
})

test('many fields group by kind, and families of names apart', () => {
  const units = ['credited', 'enrolled', 'approved'].map((part) => column(`Units 1st sem (${part})`))
  const columns = [
    ...units,
    ...['Course', 'Debtor', 'Gender'].map((name) => column(name, 'category')),
    ...['Age', 'GDP', 'Grade (1)', 'Rate (%)'].map((name) => column(name)),
  ]
  const groups = groupFields(columns)
  expect(groups.map((group) => group.title)).toEqual(['Choices', 'Numbers', 'Units 1st sem'])
  expect(groups.map((group) => group.columns.length)).toEqual([3, 4, 3])
})

test('every field is in one group', () => {
  const columns = Array.from({ length: 40 }, (_, index) =>
    column(`part_${index % 5}_${index}`, index % 2 === 0 ? 'number' : 'text'),
  )
  const names = groupFields(columns).flatMap((group) => group.columns.map((member) => member.name))
  expect(names.toSorted()).toEqual(columns.map((member) => member.name).toSorted())
})

test('a search finds a field by its name, its description and the meaning of its codes, in any order of words', () => {
  const course = { ...column('Course', 'category'), description: 'Study programme', labels: { 9500: 'Nursing' } }
  expect(['course', 'programme STUDY', 'nurs', ''].map((search) => matchesSearch(course, search))).toEqual([
    true,
    true,
    true,
    true,
  ])
  expect(matchesSearch(course, 'grade')).toBe(false)
})
