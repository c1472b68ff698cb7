import { BellwetherError } from '../errors.ts'
import type { Column } from '../table/column.ts'
import type { Matrix } from '../table/matrix.ts'
import { nearest } from '../table/nearest.ts'
import { deriveSeed } from '../table/random.ts'
import type { TableSchema } from '../table/schema.ts'
import type { AnyMatrix } from '../table/sparse-matrix.ts'
import { columnOf, type Table } from '../table/table.ts'
import { type Target, targetLength } from '../table/target.ts'
import type { BlockFit } from './block.ts'
import { ColumnFeatures, type DerivedColumn, withDerived } from './column-features.ts'
import { columnOfType, compileExpression } from './expression/evaluate.ts'
import type { ExpressionColumn } from './expression/types.ts'
import type { FeatureEncoding, FeatureOptions } from './feature-options.ts'
import type { FeatureWarning } from './feature-warning.ts'
import { fitCategoryBlock } from './fit-category.ts'
import { fitTermsBlock } from './fit-terms.ts'
import type { FittedFeatures } from './fitted-features.ts'
import { fitNumericBlock, type Measure } from './numeric-block.ts'
import { checkColumnOptions, dateParts, invalid, numericPlan, termsPlan, textMeasures } from './resolve-options.ts'

export interface FitFeaturesInput {
  /** The training rows and no others: the caller selects them first. */
  readonly table: Table
  readonly schema: TableSchema
  /** Columns that may become features: neither the target nor its columns, nor identifiers. */
  readonly inputs: readonly string[]
  /** Target of the training rows; only target encoding reads it. */
  readonly target: Target
  readonly options: FeatureOptions
  readonly encoding: FeatureEncoding
  /** Seeds the folds of target encoding. */
  readonly seed: number
}

export interface FeatureFit {
  readonly fitted: FittedFeatures
  /**
   * The matrix to train on. With target encoding it is not what `fitted.transform` gives for the same rows: there, a row's encoding
   * knows nothing of its own target.
   */
  readonly matrix: AnyMatrix
  readonly warnings: readonly FeatureWarning[]
}

/**
 * Learns from training rows how columns become numbers.
 * @throws FEATURES_INVALID, EXPRESSION_INVALID for faults of the options; NO_FEATURES when no column has anything to tell.
 */
export function fitFeatures(input: FitFeaturesInput): FeatureFit {
  const { table, options, target, encoding } = input
  if (table.nRows === 0) throw new BellwetherError('NO_FEATURES', 'There are no training rows to learn features from.')
  if (targetLength(target) !== table.nRows) {
    throw new BellwetherError('INTERNAL', `The target has ${targetLength(target)} rows, the table ${table.nRows}.`)
  }
  const wanted = new Set(input.inputs)
  const inputs = input.schema.columns.filter((column) => wanted.has(column.name))
  const derived = compileDerived(input, inputs)
  checkNames(input, derived)
  const full = withDerived(table, derived)

  const dropped = new Set(options.drop)
  const sources = [...inputs.map(({ name }) => name), ...derived.map(({ name }) => name)]
  const used = sources.filter((name) => !dropped.has(name))
  const fits = used.map((name) => fitColumn(input, name, columnOf(full, name)))
  const termsFits = used.flatMap((name) => {
    const column = columnOf(full, name)
    if (column.kind !== 'text') return []
    const plan = termsPlan(options, name, encoding, column.values)
    return plan ? [fitTermsBlock(name, column.values, plan)] : []
  })
  const warnings = [...fits, ...termsFits].flatMap((fit) => fit.warnings)
  const termsBlocks = termsFits.flatMap((fit) => fit.block ?? [])
  const blocks = fits.flatMap((fit) => fit.block ?? [])
  if (blocks.length + termsBlocks.length === 0) {
    const reasons =
      warnings.length > 0
        ? ` ${warnings
            .map((warning) => warning.message)
            .slice(0, 5)
            .join(' ')}`
        : ''
    throw new BellwetherError('NO_FEATURES', `No column is left to learn from.${reasons}`)
  }

  const needed = neededColumns(
    [...blocks, ...termsBlocks].map((block) => block.source),
    derived,
  )
  const fitted = new ColumnFeatures(
    encoding,
    inputs.map(({ name }) => name).filter((name) => needed.has(name)),
    derived.filter(({ name }) => needed.has(name)),
    blocks,
    termsBlocks,
  )
  const matrix = fitted.trainingMatrix(
    table,
    (dense) => writeCrossFitted(dense, fits),
    termsFits.flatMap((fit) => fit.training ?? []),
  )
  return { fitted, matrix, warnings }
}

/** Later derived columns may read earlier ones; none may read what is no feature. */
function compileDerived({ schema, options }: FitFeaturesInput, inputs: readonly ExpressionColumn[]): DerivedColumn[] {
  const known: ExpressionColumn[] = [...inputs]
  const taken = new Set(schema.columns.map((column) => column.name))
  const barred = schema.columns
    .map((column) => column.name)
    .filter((name) => !inputs.some((column) => column.name === name))
  return Object.entries(options.derived).map(([name, text]) => {
    const place = `features.derived.${name}`
    if (taken.has(name))
      throw invalid(place, `there is already a column "${name}"; give the derived one a name of its own`)
    const expression = compileExpression(text, { columns: known, barred }, place)
    known.push(columnOfType(name, expression.type))
    return { name, expression }
  })
}

/** @throws FEATURES_INVALID when `drop` or `columns` name a column that does not exist. */
function checkNames({ schema, options }: FitFeaturesInput, derived: readonly DerivedColumn[]): void {
  const known = new Set([...schema.columns.map((column) => column.name), ...derived.map(({ name }) => name)])
  const refuse = (name: string, path: string) => {
    if (known.has(name)) return
    const near = nearest(name, known)
    throw invalid(path, `there is no column "${name.slice(0, 80)}"${near ? `; did you mean "${near}"?` : ''}`)
  }
  for (const [i, name] of options.drop.entries()) refuse(name, `features.drop[${i}]`)
  for (const name of Object.keys(options.columns)) refuse(name, `features.columns.${name.slice(0, 80)}`)
}

function fitColumn(
  { table, target, options, encoding, seed }: FitFeaturesInput,
  source: string,
  column: Column,
): BlockFit {
  checkColumnOptions(options, source, column.kind)
  if (column.kind === 'category') {
    const seedOfColumn = deriveSeed(seed, 'target-encoding', source)
    return fitCategoryBlock({ source, column, target, options, encoding, seed: seedOfColumn })
  }
  const plan = numericPlan(options, source, encoding)
  return fitNumericBlock(source, column, table.nRows, measuresOf(source, column, options), plan)
}

function measuresOf(source: string, column: Exclude<Column, { kind: 'category' }>, options: FeatureOptions): Measure[] {
  switch (column.kind) {
    case 'number':
      return [{ kind: 'value' }]
    case 'text':
      return textMeasures(options, source).map((measure) => ({ kind: 'text', measure }))
    case 'date': {
      let reference = Number.NEGATIVE_INFINITY
      for (const value of column.values) if (value > reference) reference = value
      if (!Number.isFinite(reference)) reference = 0
      return dateParts(options, source).map((part) => ({ kind: 'date', part, reference }))
    }
  }
}

/** The sources of the blocks and all that is read to compute them. */
function neededColumns(sources: readonly string[], derived: readonly DerivedColumn[]): Set<string> {
  const needed = new Set(sources)
  for (const { name, expression } of derived.toReversed()) {
    if (needed.has(name)) for (const column of expression.columns) needed.add(column)
  }
  return needed
}

/** Puts cross-fitted columns in their places among the transformed training rows. */
function writeCrossFitted(matrix: Matrix, fits: readonly BlockFit[]): void {
  let begin = 0
  for (const { block, training } of fits) {
    if (!block) continue
    if (training) matrix.data.set(training, begin)
    begin += block.names.length * matrix.nRows
  }
}
