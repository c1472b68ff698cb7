import type { AnalysisOptions, HashingOptions } from '../../features/text/text-options.ts'
import type { ColumnKind } from '../../table/column.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/**
 * A value per record in the graph, shape (N, 1), or (1, 1) where it is written out.
 * - number, boolean, date: double; NaN is missing, a boolean is 0 or 1, a date milliseconds since 1970 UTC.
 * - text: string; `missing` is a boolean tensor, null where the empty string says it.
 */
export type ColumnValue =
  | { readonly type: 'number' | 'boolean' | 'date'; readonly tensor: TensorName; readonly literal?: number }
  | {
      readonly type: 'text'
      readonly tensor: TensorName
      readonly missing: TensorName | null
      readonly literal?: string
      readonly numericCodes?: boolean
    }

/** What a graph's input is made of, and what whoever calls it must know. */
export interface OnnxInput {
  /** Name in the graph. */
  readonly name: string
  readonly type: 'double' | 'string'
  /** The input or derived column that it is read from. */
  readonly column: string
  /** `word-list`: the words of a text in their order, a row padded with empty texts; `hashed`: its terms hashed into columns. */
  readonly measure: 'value' | 'length' | 'words' | 'word-list' | 'hashed'
  /** How texts are taken apart, for `word-list` and `hashed`: options of the vectoriser. */
  readonly analysis?: AnalysisOptions | HashingOptions
  /** What the caller works out beforehand, because ONNX has no exact word for it; null where the value goes in as it is. */
  readonly precomputed: string | null
}

export const MILLISECONDS = 'milliseconds since 1970-01-01 UTC of the date; NaN where it is missing'

/** The columns that the graph reads: inputs, declared when they are first asked for, and values made from them. */
export class ColumnScope {
  readonly builder: GraphBuilder
  readonly #inputs: Map<string, OnnxInput>
  readonly #derived = new Map<string, ColumnValue>()
  readonly #read = new Map<string, ColumnValue>()

  /** @param inputs Of the whole graph: features of several models share them. */
  constructor(builder: GraphBuilder, inputs: Map<string, OnnxInput>) {
    this.builder = builder
    this.#inputs = inputs
  }

  get inputs(): readonly OnnxInput[] {
    return [...this.#inputs.values()]
  }

  /** A derived column's value. */
  define(name: string, value: ColumnValue): void {
    this.#derived.set(name, value)
  }

  /** What was derived under that name. */
  derived(name: string): ColumnValue | undefined {
    return this.#derived.get(name)
  }

  /** An input of numbers as it comes, infinities among them. */
  numbers(column: string, kind: 'number' | 'date', precomputed: string | null = null): TensorName {
    const said = kind === 'date' ? MILLISECONDS : precomputed
    return this.#input({ name: column, type: 'double', column, measure: 'value', precomputed: said })
  }

  /** A measure of a text, worked out by the caller. */
  textMeasure(column: string, measure: 'length' | 'words'): TensorName {
    const name = measure === 'length' ? `length(${column})` : `wordCount(${column})`
    const precomputed =
      measure === 'length' ? 'characters (code points) of the text' : 'words of the text, as white space parts them'
    return this.#input({
      name,
      type: 'double',
      column,
      measure,
      precomputed: `${precomputed}; NaN where it is missing`,
    })
  }

  /** The words of a text, string, shape (N, most words of a record). */
  wordList(column: string, analysis: AnalysisOptions): TensorName {
    const rules = [
      ...(analysis.stripHtml ? ['tags of HTML left out and entities decoded first'] : []),
      analysis.lowercase ? 'in small letters' : 'as they are written',
      ...(analysis.stripAccents === 'none' ? [] : ['accents off']),
      ...(analysis.stopWords.length > 0 ? ['without the stop words'] : []),
    ]
    return this.#input({
      name: this.#apart(`words(${column})`, column, analysis),
      type: 'string',
      column,
      measure: 'word-list',
      analysis,
      precomputed: `the words of the text in their order (runs of two and more letters, digits and underscores; ${rules.join(', ')}), rows padded with empty texts`,
    })
  }

  /** The hashed terms of a text, double, shape (N, nFeatures). */
  hashed(column: string, options: HashingOptions): TensorName {
    return this.#input({
      name: this.#apart(`hashed(${column})`, column, options),
      type: 'double',
      column,
      measure: 'hashed',
      analysis: options,
      precomputed: `the terms of the text hashed into ${options.nFeatures} columns (MurmurHash3) and normalised`,
    })
  }

  /** Two models may take one column apart in two ways. */
  #apart(name: string, column: string, analysis: object): string {
    let free = name
    const same = (other: OnnxInput) =>
      other.column === column && JSON.stringify(other.analysis) === JSON.stringify(analysis)
    for (let i = 2; this.#inputs.has(free) && !same(this.#inputs.get(free)!); i++) free = `${name} (${i})`
    return free
  }

  texts(column: string, precomputed: string | null = null): TensorName {
    return this.#input({ name: column, type: 'string', column, measure: 'value', precomputed })
  }

  /** The value of a column for expressions and categories. */
  value(column: { readonly name: string; readonly kind: ColumnKind; readonly dataType: string }): ColumnValue {
    const known = this.#derived.get(column.name) ?? this.#read.get(column.name)
    if (known) return known
    const value = this.#readInput(column)
    this.#read.set(column.name, value)
    return value
  }

  #readInput({ name, kind, dataType }: { name: string; kind: ColumnKind; dataType: string }): ColumnValue {
    if (kind === 'number' || kind === 'date') {
      return { type: kind, tensor: this.builder.finite(this.numbers(name, kind)) }
    }
    const tensor = this.texts(name)
    if (kind === 'category' && dataType === 'boolean') return { type: 'boolean', tensor: this.#booleans(tensor) }
    return { type: 'text', tensor, missing: null, numericCodes: dataType === 'integer' || dataType === 'float' }
  }

  /** 1 for "true", NaN for "" and 0 for all else, as expressions read a boolean column. */
  #booleans(tensor: TensorName): TensorName {
    const { builder } = this
    const codes = builder.mlNode('LabelEncoder', [tensor], {
      keys_strings: { strings: ['true', ''] },
      values_int64s: { ints: [1, 2] },
      default_int64: { int: 0 },
    })
    const numbers = builder.cast(codes, 'double')
    return builder.where(builder.node('Equal', [codes, builder.integers([2])]), builder.number(Number.NaN), numbers)
  }

  #input(input: OnnxInput): TensorName {
    if (!this.#inputs.has(input.name)) {
      this.#inputs.set(input.name, input)
      const missing = input.type === 'double' ? 'NaN where it is missing' : 'an empty text where it is missing'
      this.builder.input(input.name, input.type, input.precomputed ?? missing, widthOf(input))
    }
    return input.name
  }
}

function widthOf({ name, measure, analysis }: OnnxInput): number | string {
  if (measure === 'word-list') return `most ${name}`
  return measure === 'hashed' ? (analysis as HashingOptions).nFeatures : 1
}
