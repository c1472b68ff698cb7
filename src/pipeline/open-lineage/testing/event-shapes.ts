import { z } from 'zod'

/**
 * What an OpenLineage run event has to look like, by specification 2-0-2 and the facets that we send, at the versions named in their addresses. Facets that are
 * not listed here are refused, so that a new one brings its shape along.
 * @see https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
const uri = z.string().regex(/^[a-z][a-z0-9+.-]*:\S+$/i)
const uuid = z.string().regex(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const count = z.int().nonnegative()

function facet<Shape extends z.ZodRawShape>(name: string, version: string, shape: Shape) {
  const address = `https://openlineage.io/spec/facets/${version}/${name}.json#/$defs/${name}`
  return z.strictObject({ _producer: uri, _schemaURL: z.literal(address), ...shape })
}

const RunName = z.strictObject({ runId: uuid })
const JobName = z.strictObject({ namespace: z.string().min(1), name: z.string().min(1) })

const RunFacets = z.strictObject({
  parent: facet('ParentRunFacet', '1-2-0', {
    run: RunName,
    job: JobName,
    root: z.strictObject({ run: RunName, job: JobName }),
  }).optional(),
  errorMessage: facet('ErrorMessageRunFacet', '1-0-1', {
    message: z.string(),
    programmingLanguage: z.string(),
    stackTrace: z.string().optional(),
  }).optional(),
  processing_engine: facet('ProcessingEngineRunFacet', '1-1-1', { version: z.string(), name: z.string() }).optional(),
  bellwether_run: z
    .strictObject({
      _producer: uri,
      _schemaURL: uri,
      runId: z.string().regex(/^[0-9a-f]{32}$/),
      task: z.string(),
      project: z.string(),
    })
    .optional(),
})

const JobFacets = z.strictObject({
  jobType: facet('JobTypeJobFacet', '2-0-4', {
    processingType: z.enum(['BATCH', 'STREAMING', 'SERVICE']),
    integration: z.string(),
    jobType: z.string(),
  }),
  documentation: facet('DocumentationJobFacet', '1-1-0', { description: z.string() }).optional(),
})

const DatasetFacets = z.strictObject({
  version: facet('DatasetVersionDatasetFacet', '1-0-1', { datasetVersion: z.string() }).optional(),
  datasetType: facet('DatasetTypeDatasetFacet', '1-0-1', { datasetType: z.string() }).optional(),
  dataSource: facet('DatasourceDatasetFacet', '1-0-1', { name: z.string(), uri }).optional(),
  schema: facet('SchemaDatasetFacet', '1-2-0', {
    fields: z.array(
      z.strictObject({
        name: z.string(),
        type: z.string(),
        description: z.string().optional(),
        ordinal_position: z.int().positive(),
      }),
    ),
  }).optional(),
})

const Dataset = { namespace: z.string().min(1), name: z.string().min(1), facets: DatasetFacets.optional() }

const InputFacets = z.strictObject({
  inputStatistics: facet('InputStatisticsInputDatasetFacet', '1-0-0', { rowCount: count }),
  dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', '1-0-3', {
    rowCount: count,
    columnMetrics: z.record(
      z.string(),
      z.strictObject({
        nullCount: count,
        distinctCount: count.optional(),
        count: z.number(),
        sum: z.number().optional(),
        min: z.number().optional(),
        max: z.number().optional(),
        quantiles: z.record(z.string(), z.number()).optional(),
      }),
    ),
  }),
})

const OutputFacets = z.strictObject({
  outputStatistics: facet('OutputStatisticsOutputDatasetFacet', '1-0-2', { rowCount: count }),
})

export const RunEventShape = z.strictObject({
  eventType: z.enum(['START', 'RUNNING', 'COMPLETE', 'ABORT', 'FAIL', 'OTHER']),
  eventTime: z.iso.datetime(),
  producer: uri,
  schemaURL: z.literal('https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'),
  run: z.strictObject({ runId: uuid, facets: RunFacets }),
  job: z.strictObject({ namespace: z.string().min(1), name: z.string().min(1), facets: JobFacets }),
  inputs: z.array(z.strictObject({ ...Dataset, inputFacets: InputFacets.optional() })),
  outputs: z.array(z.strictObject({ ...Dataset, outputFacets: OutputFacets.optional() })),
})
export type RunEventShape = z.output<typeof RunEventShape>
