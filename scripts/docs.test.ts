import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ERRORS } from '../src/errors.ts'
import { readGroups } from './docs/errors-page.ts'
import { typeInWords } from './docs/json-schema.ts'
import { PAGES } from './docs/pages.ts'

const root = path.resolve(import.meta.dirname, '..')
const read = (name: string) => readFileSync(path.join(root, name), 'utf8')

describe('pages made from the code', () => {
  test.each(Object.entries(PAGES))('docs/%s is what the code gives', (name, page) => {
    const file = `docs/${name}`
    const committed = existsSync(path.join(root, file)) ? read(file) : ''
    expect(committed, `${file} is out of date: run \`npm run docs\` and commit it`).toBe(page())
  })

  test.each(Object.keys(PAGES).filter((name) => name.endsWith('.md')))('docs/%s is linked from the README', (name) => {
    expect(read('README.md')).toContain(`(docs/${name})`)
  })

  test('a link within a page leads to a heading', () => {
    for (const [name, page] of Object.entries(PAGES).filter(([name]) => name.endsWith('.md'))) {
      const text = page()
      const anchors = Array.from(text.matchAll(/^#+ (.+)$/gm), ([, heading]) =>
        heading!
          .toLowerCase()
          .replaceAll(' ', '-')
          .replaceAll(/[^a-z0-9_-]/g, ''),
      )
      const links = Array.from(text.matchAll(/\]\(#([^)]+)\)/g), ([, anchor]) => anchor!)
      expect(
        links.filter((link) => !anchors.includes(link)),
        name,
      ).toEqual([])
    }
  })

  test('every key of the project file and every option says what it means', () => {
    for (const name of ['project-file.md', 'estimators.md']) {
      const unexplained = PAGES[name]!()
        .split('\n')
        .filter((line) => line.startsWith('| `') && line.split(' | ')[3]?.replace(/ ?\|$/, '').trim() === '')
      expect(unexplained, name).toEqual([])
    }
  })
})

describe('error codes', () => {
  const product = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => !/\.test\.ts$|[/\\]testing[/\\]/.test(file) && file !== path.join('src', 'errors.ts'))
    .map(read)

  test('every code that is thrown is in the table', () => {
    const thrown = new Set(
      product.flatMap((source) =>
        Array.from(source.matchAll(/new BellwetherError\(\s*'([^']+)'/g), ([, code]) => code!),
      ),
    )
    expect(thrown.size).toBeGreaterThan(50)
    expect([...thrown].filter((code) => !(code in ERRORS))).toEqual([])
  })

  test('every code of the table is raised somewhere, not only told in the API guide', () => {
    const used = new Set(
      product.flatMap((source) =>
        Array.from(source.replaceAll(/errorAnswers\([^)]*\)/g, '').matchAll(/'([A-Z][A-Z_]+)'/g), ([, code]) => code!),
      ),
    )
    expect(Object.keys(ERRORS).filter((code) => !used.has(code))).toEqual([])
  })

  test('a code above every group comment is not left out in silence', () => {
    expect(() => readGroups("export const ERRORS = {\n  USAGE: { status: 400, hint: '' },\n}")).toThrow('USAGE')
  })
})

test.each([
  [{ type: 'integer', minimum: 2, maximum: 9 }, 'whole number from 2 to 9'],
  [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 'number above 0 and below 1'],
  [{ type: 'array', items: { enum: ['a', 'b'] } }, 'list of `a`, `b`'],
  [{ type: 'object', additionalProperties: { type: 'string' } }, 'map from name to text'],
  [{ anyOf: [{ type: 'number' }, { const: 'auto' }] }, 'number or `auto`'],
])('%j reads as "%s"', (schema, words) => {
  expect(typeInWords(schema)).toBe(words)
})
