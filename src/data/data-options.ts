import { z } from 'zod'
import { dateParser } from '../table/parse-date.ts'
import { DataType } from '../table/schema.ts'
import { DataSource } from './sources/source-options.ts'

/** Cells that mean "missing" unless `data.read.missing` says otherwise. Exact, after trimming: `none` stays a value. */
export const DEFAULT_MISSING: readonly string[] = ['', 'NA', 'NaN', 'null', 'None', '?', 'N/A']

/** How a file is read. What is left out is found by looking at the file, and written down with the dataset's notes. */
export const ReadOptions = z.strictObject({
  delimiter: z
    .string()
    .length(1)
    .regex(/[^"\r\n\0]/, 'any character but a quote or a line end')
    .optional()
    .describe('Character between cells; by default the one of , ; tab | that fits the first lines.'),
  header: z
    .boolean()
    .optional()
    .describe('Whether the first line holds the names; found by comparing it with the lines below.'),
  names: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('Names of the columns in order; they replace the header where there is one.'),
  missing: z
    .array(z.string())
    .default([...DEFAULT_MISSING])
    .describe('Cells that mean "missing", compared after trimming, case counts; an empty cell always does.'),
  decimal: z
    .enum(['.', ','])
    .optional()
    .describe('Decimal sign; by default a comma where a column can only be read so.'),
  encoding: z
    .enum(['utf-8', 'utf-16', 'windows-1252', 'latin-1'])
    .optional()
    .describe('Encoding of a text file; UTF-8 or, by its byte order mark, UTF-16.'),
  table: z
    .union([z.int().positive(), z.string().min(1)])
    .optional()
    .describe(
      'For HTML: which table of the page, by its number from 1 or by a CSS selector; the largest where left out.',
    ),
  skipLines: z.int().nonnegative().default(0).describe('Lines before the header that are left out.'),
})
export type ReadOptions = z.output<typeof ReadOptions>

const CategoryValue = z.union([z.string(), z.number(), z.boolean()])

/** What the project file declares of one column; enforced in files and requests alike. */
export const ColumnOptions = z
  .strictObject({
    kind: z
      .enum(['number', 'category', 'date', 'text'])
      .optional()
      .describe('What the column holds; inferred where left out.'),
    dataType: DataType.optional().describe(
      'How a value is written; an inferred one is not enforced, a declared one is.',
    ),
    min: z.number().optional().describe('Smallest value allowed; makes the column a number.'),
    max: z.number().optional().describe('Largest value allowed; makes the column a number.'),
    categories: z
      .union([z.array(CategoryValue).min(1), z.record(z.string(), z.string())])
      .optional()
      .describe('The only values allowed: a list, or a map from code to meaning. Makes the column a category.'),
    labels: z
      .record(z.string(), z.string())
      .optional()
      .describe('Meaning of category codes, for people; other codes are allowed. Makes the column a category.'),
    required: z.boolean().default(false).describe('A missing value is refused.'),
    optional: z
      .boolean()
      .default(false)
      .describe('The file need not have the column; other declared columns must be there.'),
    unit: z.string().optional().describe('Unit of the numbers, for people.'),
    description: z.string().optional().describe('What the column means, for people.'),
    dateFormat: z
      .string()
      .optional()
      .describe('How the file writes dates, of yyyy MM dd HH mm ss and what stands between, such as dd/MM/yyyy.'),
    monotone: z
      .enum(['increasing', 'decreasing'])
      .optional()
      .describe(
        'The answer may only rise, or only fall, with the column; of two classes the probability of the second. Gradient boosting keeps to it, other kinds of model do not.',
      ),
    ignore: z.boolean().default(false).describe('Leave the column out altogether.'),
  })
  .superRefine((column, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    const kind = column.kind
    if (kind && column.dataType && !DATA_TYPES_OF[kind].includes(column.dataType)) {
      fault('dataType', `a ${kind} is written as ${DATA_TYPES_OF[kind].join(' or ')}, not ${column.dataType}`)
    }
    if (column.min !== undefined && column.max !== undefined && column.min > column.max)
      fault('min', 'must not be above max')
    if (kind && kind !== 'number' && column.min !== undefined)
      fault('min', `is for numbers, and the column is declared a ${kind}`)
    if (kind && kind !== 'number' && column.max !== undefined)
      fault('max', `is for numbers, and the column is declared a ${kind}`)
    if (kind && kind !== 'category' && column.labels)
      fault('labels', `are for a category, and the column is declared a ${kind}`)
    if (kind && kind !== 'category' && column.categories)
      fault('categories', `are for a category, and the column is declared a ${kind}`)
    if (column.monotone && ((kind && kind !== 'number') || column.categories || column.labels))
      fault('monotone', `is for numbers, and the column is declared a ${kind ?? 'category'}`)
    if (column.monotone && column.ignore) fault('monotone', 'is of no use where the column is ignored')
    if (column.optional && column.required) fault('optional', 'contradicts required; keep one of them')
    if (!kind && column.categories && (column.min !== undefined || column.max !== undefined)) {
      fault('categories', 'make the column a category, min and max a number; keep one of them')
    }
    if (column.dateFormat && dateParser(column.dateFormat) === null) {
      fault('dateFormat', 'must name year, month and day once each, of yyyy, MM or M, dd or d, such as dd/MM/yyyy')
    }
    if (kind && kind !== 'date' && column.dateFormat)
      fault('dateFormat', `is for dates, and the column is declared a ${kind}`)
  })
export type ColumnOptions = z.output<typeof ColumnOptions>

const DATA_TYPES_OF: Record<'number' | 'category' | 'date' | 'text', readonly string[]> = {
  number: ['integer', 'float'],
  category: ['string', 'integer', 'float', 'boolean'],
  date: ['date'],
  text: ['string'],
}

/** What happens to rows that break the schema. */
export const RejectPolicy = z.strictObject({
  action: z
    .enum(['reject', 'fail'])
    .default('reject')
    .describe(
      'reject: bad rows go to the rejects file with their reasons, the rest goes on; fail: one bad row is an error.',
    ),
  maxRejectedShare: z.number().min(0).max(1).default(0.05).describe('Largest share of bad rows that still goes on.'),
})
export type RejectPolicy = z.output<typeof RejectPolicy>

/** The `data` section of the project file. */
export const DataOptions = z
  .strictObject({
    source: DataSource.optional().describe(
      'Where the table is: a path or glob (CSV, TSV, Parquet, JSON, HTML) or an https or s3 address; or an object with `from` and what reading it takes, for databases and APIs. `--data` overrides it.',
    ),
    sources: z
      .record(
        z
          .string()
          .regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'letters, digits and underscores, as a table in SQL is named'),
        DataSource,
      )
      .optional()
      .describe('Several sources by name, which `query` joins; in place of `source`.'),
    query: z
      .string()
      .min(1)
      .optional()
      .describe("The SELECT over `sources` whose rows are the table; DuckDB's SQL. It reaches no file and no network."),
    read: ReadOptions.prefault({}).describe('How the file is read; what is left out is found by looking at it.'),
    target: z
      .string()
      .min(1)
      .nullable()
      .default(null)
      .describe('What is to be predicted: a column, or an expression. Clustering has none.'),
    id: z.string().min(1).nullable().default(null).describe('Column that names the student; never a feature.'),
    time: z.string().min(1).nullable().default(null).describe('Column that orders rows, for time splits and windows.'),
    retentionDays: z
      .int()
      .min(1)
      .max(36_500)
      .optional()
      .describe(
        'Days after which the rows of a dataset version, and its rejected rows, are destroyed; its schema and statistics stay. Kept where left out.',
      ),
    sensitive: z
      .array(z.string().min(1))
      .default([])
      .describe('Columns never required as features; used for fairness reports.'),
    columns: z
      .record(z.string(), ColumnOptions)
      .default({})
      .describe('Declared types, ranges and categories by column; the rest is inferred.'),
    rejects: RejectPolicy.prefault({}).describe('What happens to rows that break the schema.'),
  })
  .superRefine(({ source, sources, query }, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    if (sources && Object.keys(sources).length === 0) fault('sources', 'names no source')
    if (sources && source) fault('sources', 'and source exclude each other; keep one of them')
    if (sources && query === undefined) fault('query', 'is needed: the SELECT that joins data.sources')
    if (!sources && query !== undefined)
      fault('query', 'joins data.sources; a single database has its query in data.source')
  })
export type DataOptions = z.output<typeof DataOptions>
