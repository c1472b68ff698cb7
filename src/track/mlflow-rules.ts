import { posix } from 'node:path'
import { BellwetherError } from '../errors.ts'
import type { KeyValue, TrackedMetric } from './mlflow-model.ts'

/** MLflow's limits (mlflow/utils/validation.py of 3.11), in characters. */
export const LIMITS = {
  key: 250,
  paramValue: 6000,
  tagValue: 8000,
  experimentName: 500,
  experimentTagValue: 20_000,
  registryTagValue: 100_000,
  datasetName: 500,
  datasetDigest: 36,
  datasetSource: 65_535,
  datasetSchema: 1_048_575,
  datasetProfile: 16_777_215,
  inputTagKey: 255,
  inputTagValue: 500,
  alias: 255,
  batchMetrics: 1000,
  batchParams: 100,
  batchTags: 100,
  batchEntities: 1000,
  batchBytes: 1_000_000,
} as const

const KEY = /^[/\p{L}\p{N}_.\- :]*$/u
const EXPERIMENT_ID = /^[a-zA-Z0-9][\w-]{0,63}$/
const RUN_ID = /^[a-zA-Z0-9][\w-]{0,255}$/
const ALIAS = /^[\w-]+$/

export function invalidParameter(path: string, message: string): BellwetherError {
  return new BellwetherError('INVALID_INPUT', message, { details: [{ path, message }] })
}

/** A value in a message, short: it may be long, and it may be somebody's. */
export function shownValue(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null'
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

export function invalidValue(path: string, value: unknown, why: string): BellwetherError {
  return invalidParameter(path, `Invalid value ${shownValue(value)} for parameter '${path}' supplied: ${why}`)
}

/** A key of a metric, param or tag: it may be shown as a path, so it has to be its own normal form. @throws INVALID_INPUT */
export function checkKey(key: string, path: string): void {
  if (key === '') throw invalidParameter(path, `Missing value for required parameter '${path}'.`)
  if (!KEY.test(key)) {
    throw invalidValue(
      path,
      key,
      'Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).',
    )
  }
  const normal = posix.normalize(key).replace(/(?<=.)\/$/, '')
  if (normal !== key || key === '.' || key.startsWith('..') || key.startsWith('/')) {
    throw invalidValue(
      path,
      key,
      `Names may be treated as files in certain cases, and must not resolve to other names when treated as such. This name would resolve to '${normal}'`,
    )
  }
  checkLength(path, key, LIMITS.key)
}

/** @throws INVALID_INPUT */
export function checkLength(path: string, value: string, limit: number): void {
  if (value.length > limit) throw invalidParameter(path, `'${path}' exceeds the maximum length of ${limit} characters`)
}

export function checkMetric(metric: TrackedMetric, path: string): void {
  checkKey(metric.key, `${path}name`)
  if (!Number.isSafeInteger(metric.timestamp) || metric.timestamp < 0)
    throw invalidValue(`${path}timestamp`, metric.timestamp, 'Timestamp must be a nonnegative long (64-bit integer)')
  if (!Number.isSafeInteger(metric.step))
    throw invalidValue(`${path}step`, metric.step, 'Step must be a valid long (64-bit integer).')
}

/** PostgreSQL can't hold it, and SQLite's text functions end there: a search would take what follows for not there. @throws INVALID_INPUT */
function refuseNul(value: string, path: string): void {
  if (value.includes('\0'))
    throw invalidParameter(path, `'${path}' holds the character NUL (U+0000), which can't be kept`)
}

/** A param as it is kept: a value that is too long is cut, as MLflow's server does. */
export function keptParam({ key, value }: KeyValue, path: string): KeyValue {
  checkKey(key, `${path}key`)
  refuseNul(value, `${path}value`)
  return { key, value: value.slice(0, LIMITS.paramValue) }
}

export function keptTag({ key, value }: KeyValue, path: string): KeyValue {
  checkKey(key, `${path}key`)
  refuseNul(value, `${path}value`)
  return { key, value: value.slice(0, LIMITS.tagValue) }
}

export function checkTag({ key, value }: KeyValue, limit: number): void {
  checkKey(key, 'key')
  refuseNul(value, 'value')
  checkLength('value', value, limit)
}

export function checkExperimentName(name: string): void {
  if (name.trim() === '') throw invalidValue('name', name, 'Experiment name cannot be empty.')
  checkLength('name', name, LIMITS.experimentName)
}

export function checkExperimentId(id: string): void {
  if (!EXPERIMENT_ID.test(id)) throw invalidParameter('experiment_id', `Invalid experiment ID: '${id.slice(0, 80)}'`)
}

export function isRunId(id: string): boolean {
  return RUN_ID.test(id)
}

export function checkModelName(name: string): void {
  if (name === '' || name.trim() === '') throw invalidParameter('name', 'Registered model name cannot be empty.')
  if (/[/:]/.test(name))
    throw invalidParameter(
      'name',
      `Invalid registered model name: ${shownValue(name)}. Names cannot contain a slash or a colon.`,
    )
  checkLength('name', name, LIMITS.key)
}

export function checkAlias(alias: string): void {
  if (!ALIAS.test(alias))
    throw invalidParameter(
      'alias',
      `Invalid alias name: ${shownValue(alias)}. Names may only contain alphanumerics, underscores (_), and dashes (-).`,
    )
  checkLength('alias', alias, LIMITS.alias)
  if (alias.toLowerCase() === 'latest')
    throw invalidParameter('alias', "'latest' alias name (case insensitive) is reserved.")
  if (/^v\d+$/i.test(alias)) throw invalidParameter('alias', `Version alias name '${alias}' is reserved.`)
}

export function checkLoggedModelName(name: string): void {
  if (name === '' || /[/:.%"']/.test(name))
    throw invalidParameter(
      'name',
      `Invalid model name (${shownValue(name)}) provided. Model name must be a non-empty string and cannot contain the following characters: ('/', ':', '.', '%', '"', "'")`,
    )
}

/** Decoded once by the router; whatever may look like a way out afterwards is refused. @throws INVALID_INPUT */
export function checkArtifactPath(path: string): string {
  const parts = path.split('/')
  const unsafe =
    path.length > 1000 ||
    /[\\\p{Cc}]/u.test(path) ||
    /%(?:2e|2f|5c|00|25)/i.test(path) ||
    path.startsWith('/') ||
    /^[a-zA-Z]:/.test(path) ||
    /^[a-zA-Z][\w+.-]*:\//.test(path) ||
    parts.includes('..')
  if (unsafe) throw invalidParameter('path', 'Invalid path')
  return parts.filter((part) => part !== '' && part !== '.').join('/')
}
