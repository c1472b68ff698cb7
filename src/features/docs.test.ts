import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { columnOfType, compileExpression } from './expression/evaluate.ts'
import type { ExpressionColumn } from './expression/types.ts'
import { FeatureOptions } from './feature-options.ts'

const docs = readFileSync(new URL('../../docs/features.md', import.meta.url), 'utf8')
const examples = Array.from(
  docs.matchAll(/```yaml\n([\s\S]*?)```/g),
  (match) => parse(match[1]!) as { features: unknown },
)

test('docs/features.md shows every option with its default', () => {
  expect(examples[0]!.features).toEqual(FeatureOptions.parse({}))
})

test('every example of docs/features.md is valid, and its expressions compile', () => {
  const columns: ExpressionColumn[] = [
    ...['1st sem (approved)', '1st sem (enrolled)', '1st sem (grade)', '2nd sem (grade)'].map(
      (name): ExpressionColumn => ({ name: `Curricular units ${name}`, kind: 'number', dataType: 'float' }),
    ),
    { name: 'enrolled', kind: 'date', dataType: 'date' },
    { name: 'body', kind: 'text', dataType: 'string' },
    { name: 'age', kind: 'number', dataType: 'integer' },
    { name: 'debtor', kind: 'category', dataType: 'boolean' },
  ]
  let nExpressions = 0
  for (const { features } of examples) {
    for (const [name, text] of Object.entries(FeatureOptions.parse(features).derived)) {
      columns.push(columnOfType(name, compileExpression(text, { columns }, name).type))
      nExpressions++
    }
  }
  expect(nExpressions).toBe(6)
})
