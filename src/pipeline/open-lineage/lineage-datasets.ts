import type { LoadedDataset } from '../../data/load-dataset.ts'
import { sourceKind } from '../../data/sources/source-options.ts'
import { type DataPlace, publicAddress, sqliteFile, type TableSource } from '../../data/table-source.ts'
import type { TableProfile } from '../../table/profile.ts'
import type { TableSchema } from '../../table/schema.ts'
import { facet } from './lineage-event.ts'

/** A dataset of an event. */
export interface LineageDataset {
  readonly namespace: string
  readonly name: string
  readonly facets?: Readonly<Record<string, object>>
  readonly inputFacets?: Readonly<Record<string, object>>
  readonly outputFacets?: Readonly<Record<string, object>>
}

/**
 * What a table was read from, by OpenLineage's rules of naming, so that it meets the datasets of what wrote it. Without user names, passwords and queries.
 * @see https://openlineage.io/docs/spec/naming
 */
export function sourceDatasets(place: DataPlace): LineageDataset[] {
  if (typeof place === 'object' && 'sources' in place) return Object.values(place.sources).map(sourceDataset)
  return [sourceDataset(place)]
}

function sourceDataset(source: TableSource): LineageDataset {
  const from = typeof source === 'string' ? source : source.from
  const kind = sourceKind(from)
  if (kind === 'files') return sourceOf('file', from, `file://${encodeURI(from)}`)
  if (kind === 'sqlite') return sourceOf('file', sqliteFile(from), `file://${encodeURI(sqliteFile(from))}`)
  const address = publicAddress(from)
  if (!URL.canParse(address)) return sourceOf('unknown', 'unknown', null)
  const { protocol, host, pathname } = new URL(address)
  const name = kind === 'web' ? pathname : decodeURIComponent(pathname.replace(/^\/+/, ''))
  return sourceOf(`${protocol}//${host}`, name || '/', address)
}

function sourceOf(namespace: string, name: string, uri: string | null): LineageDataset {
  if (uri === null) return { namespace, name }
  return { namespace, name, facets: { dataSource: facet('DatasourceDatasetFacet', { name: namespace, uri }) } }
}

export interface TableFacts {
  readonly namespace: string
  readonly project: string
  readonly dataset: Pick<LoadedDataset, 'id' | 'nRows' | 'schema' | 'profile'>
  /** Columns of which nothing but the name and the type is told: identifiers and sensitive ones. */
  readonly hidden: readonly string[]
}

/** The dataset version that was read. */
export function tableDataset({ namespace, project, dataset }: TableFacts): LineageDataset {
  return {
    namespace,
    name: `${project}.data`,
    facets: {
      version: facet('DatasetVersionDatasetFacet', { datasetVersion: dataset.id }),
      datasetType: facet('DatasetTypeDatasetFacet', { datasetType: 'TABLE' }),
      schema: facet('SchemaDatasetFacet', { fields: fieldsOf(dataset.schema) }),
      dataSource: facet('DatasourceDatasetFacet', { name: namespace, uri: `urn:${dataset.id}` }),
    },
  }
}

/** As an input: with how many rows there are, and what they are like. */
export function tableInput(facts: TableFacts): LineageDataset {
  const { dataset, hidden } = facts
  return {
    ...tableDataset(facts),
    inputFacets: {
      inputStatistics: facet('InputStatisticsInputDatasetFacet', { rowCount: dataset.nRows }),
      dataQualityMetrics: facet('DataQualityMetricsInputDatasetFacet', {
        rowCount: dataset.nRows,
        columnMetrics: metricsOf(dataset.profile, new Set(hidden)),
      }),
    },
  }
}

export function tableOutput(facts: TableFacts): LineageDataset {
  const outputStatistics = facet('OutputStatisticsOutputDatasetFacet', { rowCount: facts.dataset.nRows })
  return { ...tableDataset(facts), outputFacets: { outputStatistics } }
}

/** A model version, as what a run gives. */
export function modelDataset(
  namespace: string,
  model: { readonly name: string; readonly version: number },
): LineageDataset {
  return {
    namespace,
    name: `${model.name}.model`,
    facets: {
      version: facet('DatasetVersionDatasetFacet', { datasetVersion: String(model.version) }),
      datasetType: facet('DatasetTypeDatasetFacet', { datasetType: 'MODEL' }),
    },
  }
}

function fieldsOf({ columns }: TableSchema): object[] {
  return columns.map(({ name, dataType, description }, i) => ({
    name,
    type: dataType.toUpperCase(),
    ...(description ? { description } : {}),
    ordinal_position: i + 1,
  }))
}

function metricsOf({ columns }: TableProfile, hidden: ReadonlySet<string>): Record<string, object> {
  const metrics = columns.map(({ name, kind, count, missing, distinct, distribution }) => {
    const numbers = kind === 'number' && distribution && !hidden.has(name)
    const { p05, p25, p50, p75, p95 } = distribution?.quantiles ?? {}
    return [
      name,
      {
        nullCount: missing,
        count,
        ...(hidden.has(name) ? {} : { distinctCount: distinct }),
        ...(numbers
          ? {
              min: distribution.min,
              max: distribution.max,
              sum: distribution.mean * count,
              quantiles: { '0.05': p05, '0.25': p25, '0.5': p50, '0.75': p75, '0.95': p95 },
            }
          : {}),
      },
    ] as const
  })
  return Object.fromEntries(metrics)
}
