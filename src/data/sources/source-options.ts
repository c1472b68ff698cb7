import { z } from 'zod'

const Parameter = z.string().min(1).max(200)

/** How the next page of a JSON API is asked for. */
export const PagingOptions = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('none') }),
  z.strictObject({ by: z.literal('link') }).describe('The answer has a `Link` header with rel="next" (RFC 8288).'),
  z.strictObject({
    by: z.literal('next'),
    path: z.string().min(1).describe('Where the answer has the address of the next page, such as paging.next.'),
  }),
  z.strictObject({
    by: z.literal('cursor'),
    path: z.string().min(1).describe('Where the answer has the cursor of the next page, such as meta.cursor.'),
    parameter: Parameter.default('cursor').describe('Query parameter that carries it.'),
  }),
  z.strictObject({
    by: z.literal('page'),
    parameter: Parameter.default('page').describe('Query parameter with the number of the page.'),
    first: z.int().nonnegative().default(1).describe('Number of the first page.'),
    size: z.int().positive().optional().describe('Records a page; a shorter page is then the last.'),
    sizeParameter: Parameter.optional().describe('Query parameter with that size.'),
  }),
  z.strictObject({
    by: z.literal('offset'),
    parameter: Parameter.default('offset').describe('Query parameter with the number of records to skip.'),
    size: z.int().positive().default(100).describe('Records a page; a shorter page is the last.'),
    sizeParameter: Parameter.default('limit').describe('Query parameter with that size.'),
  }),
])
export type PagingOptions = z.output<typeof PagingOptions>

/** A JSON API that answers a page of records at a time. */
export const ApiOptions = z.strictObject({
  records: z
    .string()
    .default('')
    .describe('Where an answer has its list of records, such as data.items; empty: the answer is the list.'),
  paging: PagingOptions.default({ by: 'none' }).describe('How the next page is asked for.'),
  maxPages: z.int().min(1).max(100_000).default(1000).describe('More pages than these are an error.'),
  pauseMs: z.int().min(0).max(60_000).default(0).describe('Pause between two pages.'),
})
export type ApiOptions = z.output<typeof ApiOptions>

const NO_PASSWORD = 'holds a password; leave it out and set PGPASSWORD, so that it is kept nowhere'

/** One place that a table comes from, with what reading it takes. */
export const SourceOptions = z
  .strictObject({
    from: z
      .string()
      .min(1)
      .describe(
        'Path or glob of files (CSV, TSV, Parquet, JSON, HTML), https:// address, s3://bucket/key, postgres:// address or sqlite:FILE.',
      ),
    query: z.string().min(1).optional().describe('For a database: the SELECT whose rows are the table.'),
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits')
      .optional()
      .describe('For an address: SHA-256 that the document must have.'),
    api: ApiOptions.optional().describe('For an address: it is a JSON API that answers in pages.'),
    headersFromEnv: z
      .record(z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, 'a header name'), z.string().min(1))
      .default({})
      .describe(
        'For an address: header -> environment variable that holds its value, such as Authorization: API_TOKEN.',
      ),
    allowPrivate: z.boolean().default(false).describe('For an address: it may be one of a private network.'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('For s3: address of the object store; AWS where left out, or AWS_ENDPOINT_URL_S3.'),
    region: z.string().min(1).optional().describe('For s3: region of the bucket.'),
    fileColumn: z
      .string()
      .min(1)
      .optional()
      .describe('For a glob: name of a further column with the name of the file that a row is from.'),
  })
  .superRefine((source, context) => {
    const fault = (key: string, message: string) => context.addIssue({ code: 'custom', path: [key], message })
    const kind = sourceKind(source.from)
    const isDatabase = kind === 'postgres' || kind === 'sqlite'
    if (isDatabase && source.query === undefined) fault('query', 'is needed: the SELECT whose rows are the table')
    if (!isDatabase && source.query !== undefined)
      fault('query', 'is for databases; tables of other sources are joined by data.sources and data.query')
    if (kind !== 'web' && (source.sha256 !== undefined || source.api || Object.keys(source.headersFromEnv).length > 0))
      fault('from', 'sha256, api and headersFromEnv are for https addresses')
    if (source.api && source.sha256 !== undefined) fault('sha256', 'is for one document, and an API answers in pages')
    if (kind === 'postgres' && URL.canParse(source.from) && new URL(source.from).password !== '')
      fault('from', NO_PASSWORD)
  })
export type SourceOptions = z.output<typeof SourceOptions>

/** `data.source` of a project file. */
export const DataSource = z.union([
  z
    .string()
    .min(1)
    .refine((text) => !(sourceKind(text) === 'postgres' && URL.canParse(text) && new URL(text).password !== ''), {
      message: NO_PASSWORD,
    }),
  SourceOptions,
])

export type SourceKind = 'files' | 'web' | 's3' | 'postgres' | 'sqlite' | 'other'

/** What kind of place a text names, by its scheme alone. */
export function sourceKind(from: string): SourceKind {
  if (/^https?:\/\//i.test(from)) return 'web'
  if (/^s3:\/\//i.test(from)) return 's3'
  if (/^postgres(ql)?:\/\//i.test(from)) return 'postgres'
  if (/^sqlite:/i.test(from)) return 'sqlite'
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(from) ? 'other' : 'files'
}
