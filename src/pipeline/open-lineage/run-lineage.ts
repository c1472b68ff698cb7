import { createHash } from 'node:crypto'
import { BellwetherError } from '../../errors.ts'
import { VERSION } from '../../version.ts'
import type { PreparedRun } from '../prepare-run.ts'
import type { ProjectOptions } from '../project.ts'
import type { RunEvent } from '../run-events.ts'
import {
  type LineageDataset,
  modelDataset,
  sourceDatasets,
  type TableFacts,
  tableDataset,
  tableInput,
  tableOutput,
} from './lineage-datasets.ts'
import { facet, ownFacet, PRODUCER, RUN_EVENT_SCHEMA } from './lineage-event.ts'

type EventType = 'START' | 'RUNNING' | 'COMPLETE' | 'ABORT' | 'FAIL'

/** What of a prepared run or clustering lineage tells. */
export interface LineageFacts {
  readonly dataset: PreparedRun['dataset']
  readonly options: Pick<ProjectOptions, 'name' | 'task' | 'description'> & {
    readonly data: Pick<ProjectOptions['data'], 'id' | 'sensitive'>
  }
}

interface Step {
  readonly name: string
  readonly id: string
}

/**
 * Tells a run as OpenLineage events: the run as a job, `<project>`, and each of its steps as a job of its own below it, `<project>.search` and so on. The
 * ids of the runs are Bellwether's own, in the form of a UUID; those of steps follow from them. Nothing of a row is told, and of identifiers and sensitive
 * columns names and types alone.
 * @see https://openlineage.io/spec/2-0-2/OpenLineage.json
 */
export class RunLineage {
  readonly #facts: LineageFacts
  readonly #table: TableFacts
  readonly #namespace: string
  readonly #send: (event: object) => void
  readonly #clock: () => number
  #runId: string | null = null
  #step: Step | null = null
  #model: { name: string; version: number } | null = null

  constructor(
    facts: LineageFacts,
    { namespace, send, clock }: { namespace: string; send: (event: object) => void; clock: () => number },
  ) {
    const { options, dataset } = facts
    this.#facts = facts
    this.#namespace = namespace
    this.#send = send
    this.#clock = clock
    const hidden = [...options.data.sensitive, ...(options.data.id === null ? [] : [options.data.id])]
    this.#table = { namespace, project: options.name, dataset, hidden }
  }

  /** Follows a run. */
  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'run-opened':
        this.#runId = event.runId
        this.#ofRun('START', { inputs: sourceDatasets(this.#facts.dataset.source) })
        this.#begin('read')
        this.#end('COMPLETE', {
          inputs: sourceDatasets(this.#facts.dataset.source),
          outputs: [tableOutput(this.#table)],
        })
        this.#ofRun('RUNNING', { inputs: [tableInput(this.#table)] })
        return
      case 'search-started':
        this.#begin('search')
        return
      case 'search-ended':
        this.#end('COMPLETE', {})
        return
      case 'stage':
        this.#end('COMPLETE', {})
        this.#begin(event.stage)
        return
      case 'registered':
        this.#model = { name: event.model, version: event.version }
        return
      default:
        return
    }
  }

  /** The run has ended with a model version. */
  complete(): void {
    const outputs = this.#model ? [modelDataset(this.#namespace, this.#model)] : []
    this.#end('COMPLETE', { outputs })
    this.#ofRun('COMPLETE', { inputs: [tableInput(this.#table)], outputs })
    this.#runId = null
  }

  /** The run has failed or was stopped. A run that had not begun has told nothing. */
  fail(error: unknown): void {
    const stopped = error instanceof BellwetherError && error.code === 'CANCELLED'
    const type = stopped ? 'ABORT' : 'FAIL'
    // Other errors may quote anything.
    const message = error instanceof BellwetherError ? `${error.code}: ${error.message}` : 'INTERNAL'
    const facets: Record<string, object> = stopped
      ? {}
      : { errorMessage: facet('ErrorMessageRunFacet', { message, programmingLanguage: 'TypeScript' }) }
    this.#end(type, { facets })
    this.#ofRun(type, { inputs: [tableInput(this.#table)], facets })
    this.#runId = null
  }

  #begin(name: string): void {
    if (this.#runId === null) return
    this.#step = { name, id: uuidOf(`${this.#runId} ${name}`) }
    this.#ofStep(this.#step, 'START', {})
  }

  #end(type: EventType, more: More): void {
    if (this.#step === null) return
    this.#ofStep(this.#step, type, more)
    this.#step = null
  }

  #ofRun(type: EventType, { facets = {}, inputs = [], outputs = [] }: More): void {
    if (this.#runId === null) return
    const { name, description, task } = this.#facts.options
    this.#send({
      ...this.#head(type),
      run: {
        runId: dashed(this.#runId),
        facets: {
          processing_engine: ENGINE,
          bellwether_run: ownFacet('run', { runId: this.#runId, task, project: name }),
          ...facets,
        },
      },
      job: {
        namespace: this.#namespace,
        name,
        facets: {
          jobType: jobType('JOB'),
          ...(description ? { documentation: facet('DocumentationJobFacet', { description }) } : {}),
        },
      },
      inputs,
      outputs,
    })
  }

  #ofStep({ name, id }: Step, type: EventType, { facets = {}, inputs, outputs = [] }: More): void {
    const project = this.#facts.options.name
    const run = { runId: dashed(this.#runId!) }
    const job = { namespace: this.#namespace, name: project }
    this.#send({
      ...this.#head(type),
      run: { runId: id, facets: { parent: facet('ParentRunFacet', { run, job, root: { run, job } }), ...facets } },
      job: { namespace: this.#namespace, name: `${project}.${name}`, facets: { jobType: jobType('TASK') } },
      inputs: inputs ?? (name === 'read' ? sourceDatasets(this.#facts.dataset.source) : [tableDataset(this.#table)]),
      outputs,
    })
  }

  #head(eventType: EventType): object {
    const eventTime = new Date(this.#clock()).toISOString()
    return { eventType, eventTime, producer: PRODUCER, schemaURL: RUN_EVENT_SCHEMA }
  }
}

interface More {
  readonly facets?: Readonly<Record<string, object>>
  readonly inputs?: readonly LineageDataset[]
  readonly outputs?: readonly LineageDataset[]
}

const ENGINE = facet('ProcessingEngineRunFacet', { name: 'Bellwether', version: VERSION })

function jobType(type: 'JOB' | 'TASK'): object {
  return facet('JobTypeJobFacet', { processingType: 'BATCH', integration: 'BELLWETHER', jobType: type })
}

/** 32 hexadecimal digits in the form of a UUID. */
function dashed(id: string): string {
  return id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** The same UUID for the same text (RFC 9562, version 8: of our own making, from SHA-256). */
function uuidOf(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return dashed(`${hex.slice(0, 12)}8${hex.slice(13, 16)}${variant}${hex.slice(17, 32)}`)
}
