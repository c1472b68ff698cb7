/** What a column that filters name holds. */
export interface AttributeColumn {
  /** SQL of the value, on the target's own table. */
  readonly sql: string
  readonly type: 'text' | 'number'
  readonly nullable?: boolean
}

/** A group of named values beside the target's table, such as params. */
export interface KeyedGroup {
  readonly table: string
  /** Joins the group's row `g` to the target's row. */
  readonly joins: string
  readonly type: 'text' | 'number'
  /** The columns of its table that name the owner, where there is an index of values by key: few rows are found from there. */
  readonly indexed?: readonly string[]
  /** An owner may have several values of one key, of which any may match. */
  readonly several?: boolean
  /** Filters on these keys match what has no such value, too, where they ask for "not equal": MLflow's clients rely on it. */
  readonly absentDiffers?: readonly string[]
}

/** A group of attributes of rows beside the target's, such as the datasets that went into a run. */
export interface RelatedGroup {
  /** FROM of the related rows, by themselves. */
  readonly rows: string
  /** Joins the related row to the target's row. */
  readonly joins: string
  /** The related row's column that names the target's row. */
  readonly owner: string
  readonly columns: Readonly<Record<string, string>>
}

/** A table, what queries call it, and the columns of its key. */
export interface TargetRows {
  readonly table: string
  readonly alias: string
  readonly id: readonly string[]
}

/** What columns of ids are called where they are selected: those of a key, in its order. */
export const OWNERS = ['owner', 'owner_2'] as const

/** Columns of a key, as they are selected. */
export function selectedIds(id: readonly string[], alias = ''): string {
  return id.map((column, index) => `${alias === '' ? '' : `${alias}.`}${column} AS ${OWNERS[index]}`).join(', ')
}

/** What can be searched, and by which names. */
export interface SearchTarget {
  readonly what: string
  /** Where the rows are, and the columns that the indexed groups name; left out where there are none. */
  readonly rows?: TargetRows
  readonly attributes: Readonly<Record<string, AttributeColumn>>
  readonly keyed: Readonly<Record<string, KeyedGroup>>
  readonly related?: Readonly<Record<string, RelatedGroup>>
}

const ATTRIBUTE_GROUPS = new Set(['attribute', 'attributes', 'attr', 'run'])

export function isAttributeGroup(group: string | null): boolean {
  return group === null || ATTRIBUTE_GROUPS.has(group.toLowerCase())
}

const runs: SearchTarget & { rows: TargetRows } = {
  what: 'runs',
  rows: { table: 'runs', alias: 'r', id: ['id'] },
  attributes: {
    run_id: { sql: 'r.id', type: 'text' },
    run_name: { sql: 'r.name', type: 'text' },
    'run name': { sql: 'r.name', type: 'text' },
    user_id: { sql: 'r.user_id', type: 'text' },
    status: { sql: 'r.status', type: 'text' },
    artifact_uri: {
      sql: `COALESCE(r.artifact_uri, 'mlflow-artifacts:/' || r.experiment_id || '/' || r.id || '/artifacts')`,
      type: 'text',
    },
    experiment_id: { sql: 'r.experiment_id', type: 'text' },
    lifecycle_stage: { sql: 'r.lifecycle_stage', type: 'text' },
    start_time: { sql: 'r.start_time', type: 'number' },
    created: { sql: 'r.start_time', type: 'number' },
    end_time: { sql: 'r.end_time', type: 'number', nullable: true },
    duration: { sql: '(r.end_time - r.start_time)', type: 'number', nullable: true },
  },
  keyed: {
    metric: {
      table: 'latest_metrics',
      joins: 'g.run_id = r.id',
      type: 'number',
      indexed: ['run_id'],
    },
    param: { table: 'params', joins: 'g.run_id = r.id', type: 'text', indexed: ['run_id'] },
    tag: { table: 'tags', joins: 'g.run_id = r.id', type: 'text', indexed: ['run_id'] },
  },
  related: {
    dataset: {
      rows: `(SELECT d.run_id, d.name, d.digest, t.value AS context FROM dataset_inputs d
        LEFT JOIN dataset_input_tags t
          ON t.run_id = d.run_id AND t.name = d.name AND t.digest = d.digest AND t.key = 'mlflow.data.context') d`,
      joins: 'd.run_id = r.id',
      owner: 'd.run_id',
      columns: { name: 'd.name', digest: 'd.digest', context: 'd.context' },
    },
  },
}

const experiments: SearchTarget = {
  what: 'experiments',
  attributes: {
    name: { sql: 'e.name', type: 'text' },
    experiment_id: { sql: 'e.id', type: 'text' },
    lifecycle_stage: { sql: 'e.lifecycle_stage', type: 'text' },
    creation_time: { sql: 'e.created_time', type: 'number' },
    created: { sql: 'e.created_time', type: 'number' },
    last_update_time: { sql: 'e.updated_time', type: 'number' },
  },
  keyed: { tag: { table: 'experiment_tags', joins: 'g.experiment_id = e.id', type: 'text' } },
}

const PROMPT_TAG = 'mlflow.prompt.is_prompt'

const registeredModels: SearchTarget = {
  what: 'registered models',
  attributes: {
    name: { sql: 'm.name', type: 'text' },
    description: { sql: `COALESCE(m.description, '')`, type: 'text' },
    creation_timestamp: { sql: 'm.created_time', type: 'number' },
    last_updated_timestamp: { sql: 'm.updated_time', type: 'number' },
    timestamp: { sql: 'm.updated_time', type: 'number' },
  },
  keyed: {
    tag: { table: 'registered_model_tags', joins: 'g.model = m.name', type: 'text', absentDiffers: [PROMPT_TAG] },
  },
}

/** A source of our own versions, as `sourceOf` in mlflow/version-rows.ts says it. */
const OWN_SOURCE = `COALESCE(v.source, 'mlflow-artifacts:/registry/' || v.model || '/' || v.version)`

const modelVersions: SearchTarget & { rows: TargetRows } = {
  what: 'model versions',
  rows: { table: 'model_versions', alias: 'v', id: ['model', 'version'] },
  attributes: {
    name: { sql: 'v.model', type: 'text' },
    version_number: { sql: 'v.version', type: 'number' },
    version: { sql: 'v.version', type: 'number' },
    run_id: { sql: 'v.run_id', type: 'text' },
    source_path: { sql: OWN_SOURCE, type: 'text' },
    source: { sql: OWN_SOURCE, type: 'text' },
    user_id: { sql: `COALESCE(v.user_id, '')`, type: 'text' },
    current_stage: { sql: 'v.stage', type: 'text' },
    status: { sql: 'v.status', type: 'text' },
    creation_timestamp: { sql: 'v.created_time', type: 'number' },
    last_updated_timestamp: { sql: 'v.updated_time', type: 'number' },
  },
  keyed: {
    tag: {
      table: 'model_version_tags',
      joins: 'g.model = v.model AND g.version = v.version',
      type: 'text',
      indexed: ['model', 'version'],
      absentDiffers: [PROMPT_TAG],
    },
  },
}

const loggedModels: SearchTarget & { rows: TargetRows } = {
  what: 'logged models',
  rows: { table: 'logged_models', alias: 'l', id: ['id'] },
  attributes: {
    name: { sql: 'l.name', type: 'text' },
    model_id: { sql: 'l.id', type: 'text' },
    experiment_id: { sql: 'l.experiment_id', type: 'text' },
    model_type: { sql: 'l.model_type', type: 'text', nullable: true },
    status: { sql: 'l.status', type: 'text' },
    source_run_id: { sql: 'l.source_run_id', type: 'text', nullable: true },
    artifact_uri: { sql: 'l.artifact_uri', type: 'text' },
    creation_timestamp: { sql: 'l.created_time', type: 'number' },
    creation_time: { sql: 'l.created_time', type: 'number' },
    last_updated_timestamp: { sql: 'l.updated_time', type: 'number' },
    last_updated_time: { sql: 'l.updated_time', type: 'number' },
  },
  keyed: {
    // One for each dataset that it was measured with. With a column that the index of values has not, SQLite asks a model by the table's key.
    metric: {
      table: 'logged_model_metrics',
      joins: 'g.model_id = l.id AND g.step = g.step',
      type: 'number',
      indexed: ['model_id'],
      several: true,
    },
    param: { table: 'logged_model_params', joins: 'g.model_id = l.id', type: 'text', indexed: ['model_id'] },
    tag: { table: 'logged_model_tags', joins: 'g.model_id = l.id', type: 'text', indexed: ['model_id'] },
  },
}

export const SEARCH_TARGETS = { runs, experiments, registeredModels, modelVersions, loggedModels } as const
