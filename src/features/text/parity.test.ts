import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { byCodePoint } from '../../table/code-point-order.ts'
import { checkSparseMatrix, type SparseMatrix } from '../../table/sparse-matrix.ts'
import { fitCountVectoriser } from './count-vectoriser.ts'
import { fitVocabulary } from './fit-vocabulary.ts'
import type { FittedText } from './fitted-text.ts'
import { HashingVectoriser } from './hashing-vectoriser.ts'
import { murmurHash3 } from './murmur-hash.ts'
import { isCombining } from './strip-accents.ts'
import { CountOptions, HashingOptions, TfidfOptions } from './text-options.ts'
import { fitTfidfVectoriser } from './tfidf-vectoriser.ts'
import { isWordCharacter } from './word-characters.ts'

/** Golden figures from scikit-learn, made by tools/parity/text.py; each file names the versions. */
function fixture<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8')) as T
}

/** Logarithms may differ in their last bit; what follows are a few products and one division. */
const TOLERANCE = 1e-12

function expectClose(actual: ArrayLike<number>, expected: readonly number[], tolerance = TOLERANCE): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++) {
    const bound = tolerance * Math.max(1e-3, Math.abs(expected[i]!))
    if (Math.abs(actual[i]! - expected[i]!) > bound) expect(actual[i]).toBe(expected[i])
  }
}

type Options = Readonly<Record<string, unknown>>
interface Csr {
  readonly indptr: readonly number[]
  readonly indices: readonly number[]
  readonly values: readonly number[]
}
interface Case extends Csr {
  readonly options: Options
  readonly names: readonly string[]
}
/** How many entries, their sum, and their sum weighed by place; each entry has a part in them. */
type Checks = readonly [number, number, number]

const corpus = fixture<{
  documents: string[]
  fewDocuments: number[]
  analyses: Case[]
  limits: Case[]
  ties: { maxFeatures: number; above: string[]; tied: string[] }[]
  weights: { options: Options; idf: number[] | null; values: number[] }[]
  hashing: ({ options: Options; checks: Checks } & Partial<Csr>)[]
  unseen: (Csr & { texts: string[] })[]
  hashes: { text: string; seed: number; hash: number }[]
  productChecks: Checks[]
}>('corpus')
const { documents } = corpus

function expectEntries(matrix: SparseMatrix, expected: Csr): void {
  expect(Array.from(matrix.indptr)).toEqual(expected.indptr)
  expect(Array.from(matrix.indices)).toEqual(expected.indices)
  expectClose(matrix.values, expected.values)
}

function expectChecks({ nRows, indptr, indices, values }: SparseMatrix, [nEntries, sum, weighed]: Checks): void {
  let ourSum = 0
  let ourWeighed = 0
  let size = 0
  for (let row = 0; row < nRows; row++) {
    for (let entry = indptr[row]!; entry < indptr[row + 1]!; entry++) {
      const weight = (row + 1) * ((indices[entry]! % 1009) + 1)
      ourSum += values[entry]!
      ourWeighed += values[entry]! * weight
      size += Math.abs(values[entry]! * weight)
    }
  }
  expect(values.length).toBe(nEntries)
  // Signed entries cancel each other, and what is left keeps the rounding of all of them.
  expect(Math.abs(ourSum - sum)).toBeLessThanOrEqual(1e-11 * Math.max(1, size))
  expect(Math.abs(ourWeighed - weighed)).toBeLessThanOrEqual(1e-11 * Math.max(1, size))
}

describe('characters are told apart as by Python', () => {
  const tables = fixture<{ word: number[]; combining: number[]; unassigned: number[] }>('unicode')
  const marked = (ranges: readonly number[]): Uint8Array => {
    const codePoints = new Uint8Array(0x110000)
    for (let i = 0; i < ranges.length; i += 2) codePoints.fill(1, ranges[i]!, ranges[i + 1]! + 1)
    return codePoints
  }
  const word = marked(tables.word)
  const combining = marked(tables.combining)
  const unassigned = marked(tables.unassigned)

  test('every code point that its Unicode knows belongs to words, or does not, as there', () => {
    const different: number[] = []
    for (let code = 0; code < 0x110000; code++) {
      if (unassigned[code] === 0 && isWordCharacter(code) !== (word[code] === 1)) different.push(code)
    }
    expect(different).toEqual([])
  })

  test('every mark that its Unicode knows combines, or does not, as there', () => {
    const different: number[] = []
    const mark = /^\p{M}$/u
    for (let code = 0; code < 0x110000; code++) {
      if (unassigned[code] === 1 || (code >= 0xd800 && code < 0xe000)) continue
      const character = String.fromCodePoint(code)
      // A character that decomposes is never asked for: its parts are.
      if (character.normalize('NFKD') !== character) continue
      if ((mark.test(character) && isCombining(character)) !== (combining[code] === 1)) different.push(code)
    }
    expect(different).toEqual([])
  })
})

describe('terms are counted as by CountVectorizer', () => {
  test.each(corpus.analyses)('$options', ({ options, names, ...expected }) => {
    const { fitted, matrix } = fitCountVectoriser(documents, CountOptions.parse(options))
    expect(fitted.names).toEqual(names)
    expectEntries(checkSparseMatrix(matrix), expected)
    expectEntries(checkSparseMatrix(fitted.transform(documents)), expected)
  })
})

describe('rare and frequent terms are left out as by CountVectorizer', () => {
  test.each(corpus.limits)('$options', ({ options, names, ...expected }) => {
    const { fitted, matrix } = fitCountVectoriser(documents, CountOptions.parse(options))
    expect(fitted.names).toEqual(names)
    expectEntries(matrix, expected)
    expectEntries(fitted.transform(documents), expected)
  })

  test.each(corpus.ties)(
    'maxFeatures $maxFeatures: of terms that are as frequent, the first by code point stay',
    (tie) => {
      const { fitted } = fitCountVectoriser(documents, CountOptions.parse({ maxFeatures: tie.maxFeatures }))
      const kept = [...tie.above, ...tie.tied.slice(0, tie.maxFeatures - tie.above.length)]
      expect(fitted.names).toEqual(kept.sort(byCodePoint))
    },
  )
})

describe('terms are weighed as by TfidfVectorizer', () => {
  const few = corpus.fewDocuments.map((i) => documents[i]!)
  test.each(corpus.weights)('$options', ({ options, idf, values }) => {
    const { fitted, matrix } = fitTfidfVectoriser(few, TfidfOptions.parse(options))
    if (idf === null) expect(fitted.idf).toBeNull()
    else expectClose(fitted.idf!, idf)
    expectClose(matrix.values, values)
    expect(fitted.transform(few)).toEqual(matrix)
  })

  test('texts that were not fitted on get the weights of those that were', () => {
    const { fitted } = fitTfidfVectoriser(documents, TfidfOptions.parse({ ngramRange: [1, 2], sublinearTf: true }))
    for (const { texts, ...expected } of corpus.unseen) expectEntries(fitted.transform(texts), expected)
  })

  test('every way to take texts apart goes with every way to weigh', () => {
    const pairs = corpus.analyses.flatMap((analysis) => corpus.weights.map((weight) => ({ analysis, weight })))
    expect(pairs.length).toBe(corpus.productChecks.length)
    pairs.forEach(({ analysis, weight }, i) => {
      const options = TfidfOptions.parse({ ...analysis.options, ...weight.options })
      expectChecks(fitTfidfVectoriser(documents, options).matrix, corpus.productChecks[i]!)
    })
  })
})

describe('terms are hashed as by HashingVectorizer', () => {
  test('MurmurHash3 gives the same numbers', () => {
    const ours = corpus.hashes.map(({ text, seed }) => {
      const bytes = new TextEncoder().encode(`..${text}.`)
      return murmurHash3(bytes, 2, bytes.length - 1, seed)
    })
    expect(ours).toEqual(corpus.hashes.map(({ hash }) => hash))
  })

  test.each(corpus.hashing)('$options', ({ options, checks, indptr, indices, values }) => {
    const matrix = new HashingVectoriser(HashingOptions.parse(options)).transform(documents)
    expectChecks(matrix, checks)
    if (indptr && indices && values) expectEntries(matrix, { indptr, indices, values })
  })
})

describeWithDatasets('TF-IDF and hashing of the real posts', () => {
  const posts = fixture<{
    file: string
    nTexts: number
    fileSha256: string
    cases: {
      kind: 'tfidf' | 'hashing'
      options: Options
      nTerms?: number
      termsSha256?: string
      frequencySha256?: string
      countsSha256?: string
      idf?: [number, number][]
      indptrSha256: string
      indicesSha256: string
      checks: Checks
      rows: { row: number; values: number[]; sum: number }[]
    }[]
  }>('posts')
  const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex')
  const digest = (array: Uint32Array | Float64Array) =>
    sha256(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
  let texts: string[] = []

  beforeAll(() => {
    const bytes = readFileSync(dataset('cross-validated', posts.file))
    expect(sha256(bytes)).toBe(posts.fileSha256)
    const lines = bytes.toString('utf8').split('\n')
    texts = lines.filter(Boolean).map((line) => (JSON.parse(line) as { Question_content: string }).Question_content)
    expect(texts.length).toBe(posts.nTexts)
  })

  test.each(posts.cases)('$kind $options', (expected) => {
    let fitted: FittedText
    if (expected.kind === 'tfidf') {
      const options = TfidfOptions.parse(expected.options)
      const tfidf = fitTfidfVectoriser(texts, options).fitted
      const vocabulary = fitVocabulary(texts, options)
      expect(tfidf.names.length).toBe(expected.nTerms)
      expect(sha256(tfidf.names.join('\n'))).toBe(expected.termsSha256)
      expect(digest(vocabulary.documentFrequency)).toBe(expected.frequencySha256)
      expect(digest(vocabulary.matrix.values)).toBe(expected.countsSha256)
      expectClose(
        expected.idf!.map(([column]) => tfidf.idf![column]!),
        expected.idf!.map(([, idf]) => idf),
      )
      fitted = tfidf
    } else {
      fitted = new HashingVectoriser(HashingOptions.parse(expected.options))
    }
    const matrix = fitted.transform(texts)
    expect(digest(matrix.indptr)).toBe(expected.indptrSha256)
    expect(digest(matrix.indices)).toBe(expected.indicesSha256)
    expectChecks(matrix, expected.checks)
    for (const { row, values, sum } of expected.rows) {
      const ours = matrix.values.subarray(matrix.indptr[row]!, matrix.indptr[row + 1]!)
      expectClose(ours.slice(0, values.length), values)
      expect(Math.abs(ours.reduce((total, value) => total + value, 0) - sum)).toBeLessThan(1e-11)
    }
  })
})
