import { VERSION } from '../../version.ts'

/** Versions of the specification that events are written by. */
export const RUN_EVENT_SCHEMA = 'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
const FACET_VERSIONS = {
  DataQualityMetricsInputDatasetFacet: '1-0-3',
  DatasetTypeDatasetFacet: '1-0-1',
  DatasetVersionDatasetFacet: '1-0-1',
  DatasourceDatasetFacet: '1-0-1',
  DocumentationJobFacet: '1-1-0',
  ErrorMessageRunFacet: '1-0-1',
  InputStatisticsInputDatasetFacet: '1-0-0',
  JobTypeJobFacet: '2-0-4',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  ParentRunFacet: '1-2-0',
  ProcessingEngineRunFacet: '1-1-1',
  SchemaDatasetFacet: '1-2-0',
} as const

/** Names the program that tells. */
export const PRODUCER = `urn:bellwether:${VERSION}`

/** A facet: what it says, who says it, and which schema it follows. */
export function facet(name: keyof typeof FACET_VERSIONS, content: object): object {
  return {
    _producer: PRODUCER,
    _schemaURL: `https://openlineage.io/spec/facets/${FACET_VERSIONS[name]}/${name}.json#/$defs/${name}`,
    ...content,
  }
}

/** A facet that is our own. */
export function ownFacet(name: string, content: object): object {
  return { _producer: PRODUCER, _schemaURL: `urn:bellwether:facet:${name}:1`, ...content }
}
