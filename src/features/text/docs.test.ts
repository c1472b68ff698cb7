import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { HashingOptions, TfidfOptions } from './text-options.ts'

const docs = readFileSync(new URL('../../../docs/text.md', import.meta.url), 'utf8')
const examples = Array.from(docs.matchAll(/```yaml\n([\s\S]*?)```/g), (match) => parse(match[1]!) as unknown)

test('docs/text.md shows every option with its default', () => {
  expect(examples).toEqual([TfidfOptions.parse({}), HashingOptions.parse({})])
})
