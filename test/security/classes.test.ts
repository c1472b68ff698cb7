import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = readFileSync(path.join(ROOT, 'docs/security.md'), 'utf8')

/** What a server of models is attacked by. */
const CLASSES = [
  'path traversal',
  'SSRF: redirects, rebinding, forms of addresses',
  'code in a model file; a file that lies about itself',
  'hostile archives, decompression bombs',
  'routes without authentication',
  'default and bootstrap credentials',
  'forged and expired tokens, `alg: none`',
  'key guessing',
  'SQL injection, both stores',
  'command injection',
  'prototype pollution',
  'formulas in exports',
  'request smuggling, Host',
  'CORS, pages of other origins',
  'ReDoS in filters',
  'oversized and deep bodies',
  'slow and silent clients',
  'floods, rates, overload',
  'rows and secrets in errors and logs',
  'copying a model',
  'dependencies',
]

interface Row {
  readonly name: string
  readonly tests: readonly { readonly file: string; readonly title: string }[]
}

/** Rows of the table in docs/security.md: `| class | "title" in `file`; … |`. */
function rows(): Row[] {
  const section = PAGE.split('### Attacks and their tests\n')[1] ?? ''
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| attack'))
    .map((line) => {
      const [, name = '', cell = ''] = line.split(/(?<!\\)\|/).map((part) => part.trim())
      return {
        name,
        tests: [...cell.matchAll(/"([^"]+)" in `([^`]+)`/g)].map(([, title = '', file = '']) => ({ title, file })),
      }
    })
}

test('the page names a test for every class of attack, and for no other', () => {
  expect(rows().map(({ name }) => name)).toEqual(CLASSES)
})

describe.each(rows())('$name', ({ tests }) => {
  test('has a test', () => expect(tests.length).toBeGreaterThan(0))

  test.each(tests)('"$title" is in $file, and runs', ({ title, file }) => {
    const place = path.join(ROOT, file)
    expect(existsSync(place), `there is no ${file}`).toBe(true)
    const text = readFileSync(place, 'utf8')
    // As the argument of a test or of a suite that is not skipped.
    const at = text.indexOf(title)
    expect(at, `${file} has no test "${title}"`).toBeGreaterThan(0)
    const before = text.slice(Math.max(0, at - 600), at)
    expect(before).toMatch(/(?:test|describe)(?:\.each)?[^;]*\(\s*['"`]$/)
    expect(before).not.toMatch(/\.(?:skip|todo)[^;]*\(\s*['"`]$/)
  })
})
