import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import type { SparseMatrix } from '../../table/sparse-matrix.ts'
import { fitCountVectoriser } from './count-vectoriser.ts'
import { ENGLISH_STOP_WORDS } from './english-stop-words.ts'
import { HashingVectoriser } from './hashing-vectoriser.ts'
import { restoreText } from './restore-text.ts'
import { CountOptions, HashingOptions, TfidfOptions } from './text-options.ts'
import { fitTfidfVectoriser } from './tfidf-vectoriser.ts'

type Options = Readonly<Record<string, unknown>>
type Checks = readonly [number, number, number]
interface Csr {
  readonly indptr: readonly number[]
  readonly indices: readonly number[]
  readonly values: readonly number[]
}

/** Golden figures from scikit-learn, made by tools/parity/text_characters.py; each file names the versions. */
function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as T
}
const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')

function checksOf({ nRows, indptr, indices, values }: SparseMatrix): Checks {
  let [sum, weighed] = [0, 0]
  for (let row = 0; row < nRows; row++) {
    for (let entry = indptr[row]!; entry < indptr[row + 1]!; entry++) {
      sum += values[entry]!
      weighed += values[entry]! * (row + 1) * ((indices[entry]! % 1009) + 1)
    }
  }
  return [values.length, sum, weighed]
}

function expectChecks(matrix: SparseMatrix, expected: Checks): void {
  const ours = checksOf(matrix)
  expect(ours[0]).toBe(expected[0])
  for (const i of [1, 2] as const) {
    expect(Math.abs(ours[i] - expected[i])).toBeLessThanOrEqual(1e-10 * Math.max(1, Math.abs(expected[i])))
  }
}

function expectEntries(matrix: SparseMatrix, { indptr, indices, values }: Csr): void {
  expect(Array.from(matrix.indptr)).toEqual(indptr)
  expect(Array.from(matrix.indices)).toEqual(indices)
  for (const [i, value] of values.entries()) expect(Math.abs(matrix.values[i]! - value)).toBeLessThan(1e-12)
}

const corpus = fixture<{
  documents: string[]
  cases: ({ options: Options; nTerms: number; termsSha256: string; checks: Checks; names?: string[] } & Partial<Csr>)[]
  hashing: { options: Options; checks: Checks }
  stopWordsSha256: string
  english: Csr & { texts: string[]; names: string[] }
}>('characters')

describe('terms of characters are those of scikit-learn', () => {
  test.each(corpus.cases)('$options', ({ options, nTerms, termsSha256, checks, names, indptr, indices, values }) => {
    const { fitted, matrix } = fitCountVectoriser(corpus.documents, CountOptions.parse(options))
    if (names) expect(fitted.names).toEqual(names)
    expect(fitted.names.length).toBe(nTerms)
    expect(sha256(fitted.names.join('\n'))).toBe(termsSha256)
    expectChecks(matrix, checks)
    if (indptr && indices && values) expectEntries(matrix, { indptr, indices, values })
    expect(fitted.transform(corpus.documents)).toEqual(matrix)
    expect(restoreText(structuredClone(fitted.state())).transform(corpus.documents)).toEqual(matrix)
  })

  test('hashed', () => {
    const { options, checks } = corpus.hashing
    expectChecks(new HashingVectoriser(HashingOptions.parse(options)).transform(corpus.documents), checks)
  })
})

describe('the built-in stop words', () => {
  test('are the 318 of scikit-learn', () => {
    expect(new Set(ENGLISH_STOP_WORDS).size).toBe(318)
    expect(sha256([...ENGLISH_STOP_WORDS].sort().join('\n'))).toBe(corpus.stopWordsSha256)
  })

  test('are left out before neighbours meet, and need no warning', () => {
    const { texts, names, ...expected } = corpus.english
    const options = TfidfOptions.parse({ stopWords: 'english', ngramRange: [1, 2] })
    const { fitted, matrix } = fitTfidfVectoriser(texts, options)
    expect(fitted.names).toEqual(names)
    expect(fitted.warnings).toEqual([])
    expectEntries(matrix, expected)
  })
})

describeWithDatasets('characters and stop words of the real posts', () => {
  const posts = fixture<{
    file: string
    fileSha256: string
    cases: {
      options: Options
      nTerms: number
      termsSha256: string
      indptrSha256: string
      indicesSha256: string
      checks: Checks
    }[]
  }>('posts-characters')
  let texts: string[] = []

  beforeAll(() => {
    const bytes = readFileSync(dataset('cross-validated', posts.file))
    expect(sha256(bytes)).toBe(posts.fileSha256)
    const lines = bytes.toString('utf8').split('\n').filter(Boolean)
    texts = lines.map((line) => (JSON.parse(line) as { Question_content: string }).Question_content)
  })

  test.each(posts.cases)('$options', { timeout: 120_000 }, ({ options, nTerms, termsSha256, ...expected }) => {
    const { fitted, matrix } = fitTfidfVectoriser(texts, TfidfOptions.parse(options))
    const digest = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
      sha256(new Uint8Array(buffer, byteOffset, byteLength))
    expect(fitted.names.length).toBe(nTerms)
    expect(sha256(fitted.names.join('\n'))).toBe(termsSha256)
    expect(digest(matrix.indptr)).toBe(expected.indptrSha256)
    expect(digest(matrix.indices)).toBe(expected.indicesSha256)
    expectChecks(matrix, expected.checks)
  })
})
