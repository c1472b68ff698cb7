import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { byCodePoint } from '../../table/code-point-order.ts'
import { checkSparseMatrix, type SparseMatrix, selectSparseRows, toDenseMatrix } from '../../table/sparse-matrix.ts'
import type { State } from '../../table/state.ts'
import { fitCountVectoriser } from './count-vectoriser.ts'
import { HashingVectoriser } from './hashing-vectoriser.ts'
import { restoreText } from './restore-text.ts'
import { hashTerm } from './term-hash.ts'
import { TermTable } from './term-table.ts'
import { CountOptions, HashingOptions, TfidfOptions } from './text-options.ts'
import { fitTfidfVectoriser } from './tfidf-vectoriser.ts'
import { wordsOf } from './word-reader.ts'

const counts = (options: Record<string, unknown> = {}) => CountOptions.parse(options)
const tfidf = (options: Record<string, unknown> = {}) => TfidfOptions.parse(options)
const hashing = (options: Record<string, unknown> = {}) => HashingOptions.parse(options)

/** Texts of few words, so that they meet again, with names that objects have of their own, astral letters and lone surrogates. */
const word = fc.constantFrom(
  'the',
  'The',
  'fox',
  'é',
  'été',
  '𝓐𝓑',
  '𝓐',
  '学习',
  '__proto__',
  'constructor',
  '😀',
  '\ud800',
  'x',
)
const text = fc.oneof(
  fc.array(fc.tuple(word, fc.constantFrom(' ', '  ', ', ', '-', '\n', ''))).map((parts) => parts.flat().join('')),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
)
const texts = fc.array(fc.oneof({ weight: 9, arbitrary: text }, { weight: 1, arbitrary: fc.constant(null) }), {
  maxLength: 8,
})
const ngrams = fc.constantFrom([1, 1], [1, 2], [2, 2], [2, 4])

/** The slow twin: a regular expression and strings. */
function naiveTerms(document: string | null, [fewest, most]: readonly number[], lowercase: boolean): string[] {
  const words = ((lowercase ? document?.toLowerCase() : document) ?? '').match(/[\p{L}\p{N}_]{2,}/gu) ?? []
  const terms: string[] = []
  for (let n = fewest!; n <= most!; n++) {
    for (let i = 0; i + n <= words.length; i++) terms.push(words.slice(i, i + n).join(' '))
  }
  return terms
}

/** Each row as pairs of name and value, for comparing across column orders. */
function rowsOf(matrix: SparseMatrix): [string, number][][] {
  return Array.from({ length: matrix.nRows }, (_, row) =>
    Array.from(matrix.indices.subarray(matrix.indptr[row]!, matrix.indptr[row + 1]!), (column, i): [string, number] => [
      matrix.names[column]!,
      matrix.values[matrix.indptr[row]! + i]!,
    ]),
  )
}

describe('counting', () => {
  test('gives what a regular expression and a map give', () => {
    fc.assert(
      fc.property(texts, ngrams, fc.boolean(), (documents, ngramRange, lowercase) => {
        const wanted = documents.map((document) => {
          const count = new Map<string, number>()
          for (const term of naiveTerms(document, ngramRange, lowercase)) count.set(term, (count.get(term) ?? 0) + 1)
          return [...count].sort(([a], [b]) => byCodePoint(a, b))
        })
        const learn = () => fitCountVectoriser(documents, counts({ ngramRange, lowercase }))
        if (wanted.every((row) => row.length === 0)) {
          expect(codeOf(learn)).toBe('TEXT_NO_TERMS')
          return
        }
        const { fitted, matrix } = learn()
        expect(rowsOf(checkSparseMatrix(matrix))).toEqual(wanted)
        expect(fitted.transform(documents)).toEqual(matrix)
      }),
    )
  })

  test('keeps a term exactly when its share of the documents lies within the limits', () => {
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 8 }), (documents, minDf, maxDf) => {
        fc.pre(minDf <= maxDf)
        const frequency = new Map<string, number>()
        for (const document of documents) {
          for (const term of new Set(naiveTerms(document, [1, 1], true))) {
            frequency.set(term, (frequency.get(term) ?? 0) + 1)
          }
        }
        const wanted = [...frequency].filter(([, n]) => n >= minDf && n <= maxDf).map(([term]) => term)
        const learn = () => fitCountVectoriser(documents, counts({ minDf, maxDf }))
        if (wanted.length === 0) expect(codeOf(learn)).toBe('TEXT_NO_TERMS')
        else expect(learn().fitted.names).toEqual(wanted.sort(byCodePoint))
      }),
    )
  })

  test('does not hang on the order of the documents', () => {
    fc.assert(
      fc.property(texts, (documents) => {
        const some = [...documents, 'some words']
        const there = fitTfidfVectoriser(some, tfidf()).matrix
        const back = fitTfidfVectoriser(some.toReversed(), tfidf()).matrix
        const reversed = Uint32Array.from(some, (_, i) => some.length - 1 - i)
        expect(selectSparseRows(back, reversed)).toEqual(there)
      }),
    )
  })

  test('with a table that finds the number of each term, as a map does', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 300 }), (terms) => {
        const table = new TermTable()
        const map = new Map<string, number>()
        for (const term of terms) {
          if (!map.has(term)) map.set(term, map.size)
          expect(table.addText(term)).toBe(map.get(term))
        }
        expect(table.size).toBe(map.size)
        for (const [term, number] of map) expect(table.text(number)).toBe(term)
        const absent = Uint8Array.of(0xff, 0xff)
        expect(table.find(absent, 0, 2, hashTerm(absent, 2))).toBe(-1)
      }),
    )
  })
})

describe('weighing', () => {
  test('gives each text with a known term the length 1', () => {
    fc.assert(
      fc.property(texts, fc.constantFrom('l1', 'l2'), fc.boolean(), (documents, norm, sublinearTf) => {
        const { matrix } = fitTfidfVectoriser([...documents, 'some words'], tfidf({ norm, sublinearTf }))
        for (const row of rowsOf(matrix)) {
          const size = row.reduce((sum, [, value]) => sum + (norm === 'l2' ? value * value : Math.abs(value)), 0)
          if (row.length > 0) expect(size).toBeCloseTo(1, 12)
        }
      }),
    )
  })

  test('a row never depends on the other rows', () => {
    fc.assert(
      fc.property(texts, fc.nat(), (documents, pick) => {
        fc.pre(documents.length > 0)
        const i = pick % documents.length
        const fits = [
          fitTfidfVectoriser([...documents, 'the fox'], tfidf({ ngramRange: [1, 2] })).fitted,
          new HashingVectoriser(hashing({ nFeatures: 16, ngramRange: [1, 2] })),
        ]
        for (const fitted of fits) {
          const alone = fitted.transform([documents[i]!])
          expect(rowsOf(alone)[0]).toEqual(rowsOf(fitted.transform(documents))[i])
        }
      }),
    )
  })

  test('hashed terms without signs and norm add up to the number of terms', () => {
    fc.assert(
      fc.property(texts, ngrams, (documents, ngramRange) => {
        const options = hashing({ nFeatures: 5, alternateSign: false, norm: 'none', ngramRange })
        const dense = toDenseMatrix(checkSparseMatrix(new HashingVectoriser(options).transform(documents)))
        documents.forEach((document, row) => {
          let sum = 0
          for (let column = 0; column < 5; column++) sum += dense.data[column * dense.nRows + row]!
          expect(sum).toBe(naiveTerms(document, ngramRange, true).length)
        })
      }),
    )
  })
})

describe('stop words', () => {
  test('leave before neighbours are put together', () => {
    const { fitted } = fitCountVectoriser(['cat in the hat'], counts({ stopWords: ['in', 'the'], ngramRange: [2, 2] }))
    expect(fitted.names).toEqual(['cat hat'])
  })

  test('that texts are never taken apart into have a warning', () => {
    const { fitted } = fitCountVectoriser(['we do not'], counts({ stopWords: ["don't", 'We', 'not'] }))
    expect(fitted.names).toEqual(['do', 'we'])
    expect(fitted.warnings).toHaveLength(1)
    expect(fitted.warnings[0]).toContain('don, we')
    expect(fitCountVectoriser(['we do not'], counts({ stopWords: ['not', 'x'] })).fitted.warnings).toEqual([])
  })
})

describe('hostile and empty texts', () => {
  test.each([[[]], [['']], [[null, null]], [['a b c', '😀 . !']], [['\ud800\udfff\ud800 \udfff']]])(
    'no words at all: %j',
    (documents) => {
      expect(codeOf(() => fitTfidfVectoriser(documents, tfidf()))).toBe('TEXT_NO_TERMS')
      expect(new HashingVectoriser(hashing()).transform(documents).values.length).toBe(0)
    },
  )

  test('stop words and limits that leave no term are named', () => {
    const documents = ['the fox', 'the dog', 'fox dog the']
    const message = (options: Record<string, unknown>) => {
      try {
        fitTfidfVectoriser(documents, tfidf(options))
      } catch (error) {
        return (error as Error).message
      }
      return null
    }
    expect(message({ stopWords: ['the', 'fox', 'dog'] })).toContain('not a stop word')
    expect(message({ minDf: 3, stopWords: ['the'] })).toContain('None of the 2 terms stands in at least 3')
    expect(message({ minDf: 4 })).toContain('of 3 texts a term would have to stand in at least 4')
    expect(message({ ngramRange: [4, 4] })).toContain('4 words in a row')
    expect(codeOf(() => fitTfidfVectoriser(documents, tfidf({ minDf: 2, maxDf: 0.5 })))).toBe('FEATURES_INVALID')
  })

  test('one word of 10 MB is a term like another', () => {
    const long = 'é'.repeat(5_000_000) + 'x'.repeat(5_000_000)
    const { fitted, matrix } = fitTfidfVectoriser([long, 'short words'], tfidf({ ngramRange: [1, 2] }))
    expect(fitted.names.slice(0, 3)).toEqual(['short', 'short words', 'words'])
    expect(fitted.names[3] === long).toBe(true)
    expect(Array.from(matrix.indices)).toEqual([3, 0, 1, 2])
    expect(Array.from(fitted.transform([long]).indices)).toEqual([3])
    expect(new HashingVectoriser(hashing({ alternateSign: false })).transform([long]).values).toEqual(
      Float64Array.of(1),
    )
  })

  test('a text of 10 MB is taken apart in one go, and the next short one after it', () => {
    const long = 'ab cd ef 學習 '.repeat(770_000)
    const { fitted, matrix } = fitCountVectoriser([long, 'ab'], counts())
    expect(rowsOf(matrix)).toEqual([['ab', 'cd', 'ef', '學習'].map((term) => [term, 770_000]), [['ab', 1]]])
    expect(fitted.transform([long, 'ab'])).toEqual(matrix)
  })

  test('lone halves of pairs separate words and are never taken together', () => {
    expect(wordsOf('ab\ud835cd \udcd0ef\ud835', counts())).toEqual(['ab', 'cd', 'ef'])
    expect(wordsOf('𝓐 𝓐𝓑', counts())).toEqual(['𝓐𝓑'])
  })

  test('options out of their bounds are refused', () => {
    for (const options of [
      { ngramRange: [2, 1] },
      { ngramRange: [1, 11] },
      { minDf: -1 },
      { minDf: 1.5 },
      { maxDf: 2.5 },
    ]) {
      expect(CountOptions.safeParse(options).success).toBe(false)
    }
    expect(HashingOptions.safeParse({ nFeatures: 0 }).success).toBe(false)
    expect(HashingOptions.safeParse({ minDf: 2 }).success).toBe(false)
  })
})

describe('a state', () => {
  const documents = ['The fox', 'the dog and the 𝓐𝓑', null, 'été']
  const all = [
    fitCountVectoriser(documents, counts({ ngramRange: [1, 2], binary: true })).fitted,
    fitTfidfVectoriser(documents, tfidf({ stripAccents: 'unicode', stopWords: ['the'] })).fitted,
    fitTfidfVectoriser(documents, tfidf({ useIdf: false, maxFeatures: 2 })).fitted,
    new HashingVectoriser(hashing({ nFeatures: 64 })),
  ]
  test.each(all.map((fitted) => [(fitted.state() as { type: string }).type, fitted] as const))(
    'of %s gives a vectoriser that transforms to the same bits',
    (_, fitted) => {
      const state = structuredClone(fitted.state())
      const restored = restoreText(state)
      const unseen = [...documents, 'a fox, été ete', '']
      expect(restored.names).toEqual(fitted.names)
      expect(restored.transform(unseen)).toEqual(fitted.transform(unseen))
      expect(restored.state()).toEqual(state)
    },
  )

  test('that is damaged is refused', () => {
    const good = all[1]!.state() as { readonly [key: string]: State }
    const damaged: State[] = [
      null,
      'tfidf',
      { ...good, type: 'pickle' },
      { ...good, version: 2 },
      { ...good, more: 1 },
      { ...good, names: ['and', 'and', 'dog', 'ete', 'fox'] },
      { ...good, names: ['dog', 'and', 'ete', 'fox', '𝓐𝓑'] },
      { ...good, names: [] },
      { ...good, idf: Float64Array.of(1, 2) },
      { ...good, idf: (good['idf'] as Float64Array).map(() => Number.NaN) },
      { ...good, idf: null },
      { ...good, options: { ...(good['options'] as { [key: string]: State }), norm: 'l3' } },
    ]
    expect(codeOf(() => restoreText(good))).toBeNull()
    for (const state of damaged) expect(codeOf(() => restoreText(state))).toBe('FEATURES_STATE_INVALID')
  })
})
