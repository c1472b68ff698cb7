import type { TermsState } from '../../features/block-state.ts'
import type { TfidfState } from '../../features/text/text-state.ts'
import type { ColumnScope } from './column-scope.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'
import { unsupported } from './unsupported.ts'

/** More hashed columns than a caller should send for each record. */
const MOST_HASHED = 2 ** 14

/**
 * The terms of a text column: double, shape (N, nColumns). The caller takes texts apart into words, since no operator knows letters and
 * digits of all scripts as scikit-learn does; the graph makes terms of neighbours, counts and weighs them. Hashed terms come in whole.
 * @throws ONNX_EXPORT_UNSUPPORTED for hashing into more columns than anyone would send
 */
export function termsTensor(
  { source, text }: TermsState,
  scope: ColumnScope,
): { tensor: TensorName; nColumns: number } {
  const { builder } = scope
  if (text.type === 'hashing') {
    const { nFeatures } = text.options
    if (nFeatures > MOST_HASHED) {
      throw unsupported(
        `The terms of column "${source}" are hashed into ${nFeatures} columns, and ONNX has no operator that hashes like us; use tfidf or counts, or at most ${MOST_HASHED} hashed columns.`,
      )
    }
    return { tensor: scope.hashed(source, text.options), nColumns: nFeatures }
  }
  const { stripHtml, analyser, lowercase, stripAccents, ngramRange, stopWords, binary } = text.options
  if (analyser !== 'word') {
    throw unsupported(
      `The terms of column "${source}" are made of characters (analyser: ${analyser}), and ONNX takes words; use words, or hashing into at most ${MOST_HASHED} columns.`,
    )
  }
  const words = scope.wordList(source, { stripHtml, analyser, lowercase, stripAccents, ngramRange, stopWords })
  const counts = countTerms(builder, words, text.names, ngramRange)
  const once = binary ? capped(builder, counts) : counts
  return { tensor: text.type === 'tfidf' ? weigh(builder, once, text) : once, nColumns: text.names.length }
}

/** How often each term stands in each record; terms that are not listed count nothing. */
function countTerms(
  builder: GraphBuilder,
  words: TensorName,
  names: readonly string[],
  [fewest, most]: readonly [number, number],
): TensorName {
  const terms = names.map((name, column) => ({ words: name.split(' '), column }))
  const pool: string[] = []
  const starts: number[] = []
  const columns: number[] = []
  for (let length = 1; length <= most; length++) {
    starts.push(pool.length)
    for (const term of terms) {
      if (term.words.length !== length) continue
      pool.push(...term.words)
      columns.push(term.column)
    }
  }
  const counts = builder.node('TfIdfVectorizer', [words], {
    mode: { string: 'TF' },
    min_gram_length: { int: fewest },
    max_gram_length: { int: most },
    max_skip_count: { int: 0 },
    ngram_counts: { ints: starts },
    ngram_indexes: { ints: columns },
    pool_strings: { strings: pool },
  })
  return builder.cast(counts, 'double')
}

function capped(builder: GraphBuilder, counts: TensorName): TensorName {
  const one = builder.number(1)
  return builder.where(builder.node('Greater', [counts, one]), one, counts)
}

/** tf * idf / norm, tf = count or 1 + ln(count); what is 0 stays 0. */
function weigh(builder: GraphBuilder, counts: TensorName, { idf, options }: TfidfState): TensorName {
  const zero = builder.number(0)
  let weights = counts
  if (options.sublinearTf) {
    const damped = builder.node('Add', [builder.node('Log', [counts]), builder.number(1)])
    weights = builder.where(builder.node('Greater', [counts, zero]), damped, zero)
  }
  if (idf) weights = builder.node('Mul', [weights, builder.doubles(idf)])
  if (options.norm === 'none') return weights
  const sizes = options.norm === 'l2' ? builder.node('Mul', [weights, weights]) : weights
  const sum = builder.node('ReduceSum', [sizes, builder.integers([1])], { keepdims: { int: 1 } })
  const norm = options.norm === 'l2' ? builder.node('Sqrt', [sum]) : sum
  const divisor = builder.where(builder.node('Greater', [norm, zero]), norm, builder.number(1))
  return builder.node('Div', [weights, divisor])
}
