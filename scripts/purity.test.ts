import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { findImpurities } from './testing/impurities.ts'

const root = path.resolve(import.meta.dirname, '..')
const PURE_FILES = ['src/errors.ts', 'src/{table,features,learn,evaluate}/**/*.ts']

describe('the finder of impure code', () => {
  test.each([
    ['const a = Math.random()', 'Math.random'],
    ['const a = Date.now()', 'Date.now'],
    ['const a = new Date()', 'new Date()'],
    ['const a = Date()', 'Date()'],
    ['if (process.env.A) throw 1', 'process'],
    ['const a = { process }', 'process'],
    ['await globalThis.fetch("x")', 'globalThis'],
    ['fetch("x")', 'fetch'],
    ['const a = import.meta.url', 'import.meta'],
    ['setTimeout(() => 1, 2)', 'setTimeout'],
    ['console.log(1)', 'console'],
    ['const a = crypto.randomUUID()', 'crypto'],
  ])('names %s', (source, use) => {
    expect(findImpurities(source)).toEqual([{ line: 1, use }])
  })

  test.each([
    ['// Math.random() and Date.now()\nconst a = "process.env"'],
    ['const a = new Date(12)'],
    ['const a = Date.UTC(2026, 1, 1)'],
    ['const f = (process: string) => process.length'],
    ['const a = { fetch: 1 }\nexport const b = a.fetch'],
    ['export interface A { performance: number }'],
    ['export const a = Math.max(1, 2)'],
  ])('finds nothing in %j', (source) => {
    expect(findImpurities(source)).toEqual([])
  })
})

test('the learning core reaches for no clock, no randomness, no network and no host', () => {
  const files = PURE_FILES.flatMap((pattern) => globSync(pattern, { cwd: root })).filter(
    (file) => !/\.test\.ts$|-contract\.ts$|[/\\]testing[/\\]/.test(file),
  )
  expect(files.length).toBeGreaterThan(5)
  const found = files.flatMap((file) =>
    findImpurities(readFileSync(path.join(root, file), 'utf8'), file).map(
      (impurity) => `${file}:${impurity.line} ${impurity.use}`,
    ),
  )
  expect(found).toEqual([])
})
