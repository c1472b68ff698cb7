import type {
  ArtifactEntry,
  KeyValue,
  LoggedModel,
  TrackedExperiment,
  TrackedMetric,
  TrackedModel,
  TrackedRun,
  TrackedRunInfo,
  TrackedVersion,
} from '../../track/mlflow-model.ts'

/** Entities as MLflow's protocol writes them: snake_case; what is not set and empty lists are left out; a double that is not finite is a text. */

type Wire = Readonly<Record<string, unknown>>

export function wireExperiment(experiment: TrackedExperiment): Wire {
  return {
    experiment_id: experiment.id,
    name: experiment.name,
    artifact_location: experiment.artifactLocation,
    lifecycle_stage: experiment.lifecycleStage,
    last_update_time: experiment.updatedTime,
    creation_time: experiment.createdTime,
    ...list('tags', experiment.tags.map(wireTag)),
  }
}

export function wireRunInfo(info: TrackedRunInfo): Wire {
  return {
    run_uuid: info.id,
    run_id: info.id,
    run_name: info.name,
    experiment_id: info.experimentId,
    user_id: info.userId,
    status: info.status,
    start_time: info.startTime,
    ...set('end_time', info.endTime),
    artifact_uri: info.artifactUri,
    lifecycle_stage: info.lifecycleStage,
  }
}

export function wireRun(run: TrackedRun): Wire {
  const inputs = {
    ...list(
      'dataset_inputs',
      run.datasetInputs.map(({ dataset, tags }) => ({
        ...list('tags', tags.map(wireTag)),
        dataset: {
          name: dataset.name,
          digest: dataset.digest,
          source_type: dataset.sourceType,
          source: dataset.source,
          ...set('schema', dataset.schema),
          ...set('profile', dataset.profile),
        },
      })),
    ),
    ...list(
      'model_inputs',
      run.modelInputs.map((model_id) => ({ model_id })),
    ),
  }
  const outputs = list(
    'model_outputs',
    run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })),
  )
  return {
    info: wireRunInfo(run.info),
    data: {
      ...list('metrics', run.metrics.map(wireMetric)),
      ...list('params', run.params.map(wireTag)),
      ...list('tags', run.tags.map(wireTag)),
    },
    inputs,
    outputs,
  }
}

export function wireMetric(metric: TrackedMetric): Wire {
  return {
    key: metric.key,
    value: wireDouble(metric.value),
    timestamp: metric.timestamp,
    step: metric.step,
    ...set('dataset_name', metric.datasetName),
    ...set('dataset_digest', metric.datasetDigest),
    ...set('model_id', metric.modelId),
    ...set('run_id', metric.runId),
  }
}

export function wireDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

export function wireLoggedModel(model: LoggedModel): Wire {
  return {
    info: {
      model_id: model.id,
      experiment_id: model.experimentId,
      name: model.name,
      creation_timestamp_ms: model.createdTime,
      last_updated_timestamp_ms: model.updatedTime,
      artifact_uri: model.artifactUri,
      status: model.status,
      ...set('model_type', model.modelType),
      ...set('source_run_id', model.sourceRunId),
      ...set('status_message', model.statusMessage),
      ...list('tags', model.tags.map(wireTag)),
    },
    data: {
      ...list('params', model.params.map(wireTag)),
      ...list('metrics', model.metrics.map(wireMetric)),
    },
  }
}

export function wireModel(model: TrackedModel): Wire {
  return {
    name: model.name,
    creation_timestamp: model.createdTime,
    last_updated_timestamp: model.updatedTime,
    ...set('description', model.description),
    ...list('latest_versions', model.latestVersions.map(wireVersion)),
    ...list('tags', model.tags.map(wireTag)),
    ...list(
      'aliases',
      model.aliases.map(({ alias, version }) => ({ alias, version: String(version) })),
    ),
  }
}

export function wireVersion(version: TrackedVersion): Wire {
  return {
    name: version.model,
    version: String(version.version),
    creation_timestamp: version.createdTime,
    last_updated_timestamp: version.updatedTime,
    ...set('user_id', version.userId),
    current_stage: version.stage,
    description: version.description ?? '',
    source: version.source,
    run_id: version.runId ?? '',
    status: version.status,
    ...set('status_message', version.statusMessage),
    ...list('tags', version.tags.map(wireTag)),
    run_link: version.runLink ?? '',
    ...list('aliases', version.aliases),
    ...set('model_id', version.modelId),
  }
}

export function wireFile(entry: ArtifactEntry): Wire {
  return {
    path: entry.path,
    is_dir: entry.isFolder,
    ...(entry.sizeBytes === null ? {} : { file_size: entry.sizeBytes }),
  }
}

export function wirePage(name: string, items: readonly Wire[], nextPageToken: string | null): Wire {
  return { ...list(name, items), ...set('next_page_token', nextPageToken) }
}

function wireTag({ key, value }: KeyValue): Wire {
  return { key, value }
}

function set(name: string, value: unknown): Wire {
  return value === null || value === undefined ? {} : { [name]: value }
}

export function list(name: string, items: readonly unknown[]): Wire {
  return items.length === 0 ? {} : { [name]: items }
}
