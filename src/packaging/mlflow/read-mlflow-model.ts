import { canonicalHash } from '../../data/dataset-version.ts'
import { BellwetherError } from '../../errors.ts'
import { type AnsweringPipeline, answeringPipeline } from '../../evaluate/answering-pipeline.ts'
import { emptyTable } from '../../table/empty-table.ts'
import { profileTable, type TableProfile } from '../../table/profile.ts'
import { VERSION } from '../../version.ts'
import { FORMAT_VERSION, type ModelManifest } from '../manifest.ts'
import { externalFiles, withExternalData } from '../onnx/external-data.ts'
import type { ForeignSignature } from '../onnx/foreign-binding.ts'
import { FOREIGN_ESTIMATOR } from '../onnx/foreign-files.ts'
import { foreignPipeline } from '../onnx/foreign-pipeline.ts'
import { type ImportedModel, importModel } from '../onnx/import-model.ts'
import { inspectOnnx } from '../onnx/inspect-model.ts'
import type { OnnxFile } from '../onnx/read-model.ts'
import type { PredictingSignature } from '../signature.ts'
import type { WrittenFile } from '../write-package.ts'
import { MLMODEL_FILE } from './mlflow-files.ts'
import { type MlModel, notServable, parseMlModel } from './mlmodel.ts'

/** The parts of a model that answers, as `readPackage` gives them. */
export interface MlflowModel {
  readonly manifest: ModelManifest & { readonly task: PredictingSignature['task'] }
  readonly signature: PredictingSignature
  readonly pipeline: AnsweringPipeline
  readonly profile: TableProfile
}

/**
 * A model that was logged with MLflow's ONNX flavour and a signature, ready to answer. Other flavours are pickles or code: such a version is stored and
 * handed back, and its files are not even opened here.
 * @param read Gives a file's content, checked against its hash.
 * @throws MODEL_NOT_SERVABLE saying why; ONNX_RUNTIME_MISSING, and what `read` throws
 */
export async function readMlflowModel(
  files: readonly WrittenFile[],
  read: (file: WrittenFile) => Promise<Uint8Array>,
): Promise<MlflowModel> {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const model = parseMlModel(await read(byPath.get(MLMODEL_FILE)!))
  if (model.onnx === null) {
    throw notServable(
      `Its flavours are ${model.flavors.join(', ') || 'none'}: those are pickles or code, which are stored and handed back, and never loaded here.`,
    )
  }
  if (model.inputs === null) throw notServable('It was logged with the ONNX flavour, but without a signature.')
  const graph = byPath.get(model.onnx)
  if (!graph) throw notServable(`Its ONNX file ${JSON.stringify(model.onnx.slice(0, 80))} is not among its files.`)
  try {
    const bytes = await wholeGraph(await read(graph), graph.path, byPath, read)
    return loaded(model, files, bytes, await importModel(bytes, said(model, inspectOnnx(bytes))))
  } catch (error) {
    const isUnfit = error instanceof BellwetherError && error.code.startsWith('ONNX_')
    throw isUnfit && error.code !== 'ONNX_RUNTIME_MISSING' ? notServable(error.message, error) : error
  }
}

/** The graph with its weights, which lie beside it under names that are looked up and never opened as paths. */
async function wholeGraph(
  bytes: Uint8Array,
  path: string,
  byPath: ReadonlyMap<string, WrittenFile>,
  read: (file: WrittenFile) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  let names: string[]
  try {
    names = externalFiles(bytes)
  } catch (cause) {
    throw notServable('Its ONNX file is cut off, damaged, or something else.', cause)
  }
  if (names.length === 0) return bytes
  const folder = path.slice(0, path.lastIndexOf('/') + 1)
  const contents = new Map<string, Uint8Array>()
  for (const name of names) {
    const file = byPath.get(`${folder}${name}`)
    if (file) contents.set(name, await read(file))
  }
  return withExternalData(bytes, contents)
}

/** What MLflow's signature says of the columns, in the order in which the graph takes them. */
function said(model: MlModel, file: OnnxFile): ForeignSignature {
  const target = model.said.target ?? (model.outputs.length === 1 ? model.outputs[0]!.name : null)
  const about = { ...model.said, ...(target ? { target } : {}) }
  const specs = model.inputs!
  // A signature of tensors names no columns.
  if (specs.every(({ type }) => type === 'tensor')) return about
  const unfit = specs.find(({ type }) => !COLUMN_TYPES.has(type))
  if (unfit) throw notServable(`Its signature has a column of the type "${unfit.type.slice(0, 40)}"; a table has none.`)
  const unnamed = specs.some(({ name }) => !name)
  if (unnamed) throw notServable('Its signature has columns without names.')
  const inputs = specs.map(({ name, required, optional }) => ({
    name: name!,
    required: required ?? optional !== true,
  }))
  return { ...about, inputs: inOrder(inputs, file) }
}

const COLUMN_TYPES = new Set(['boolean', 'integer', 'long', 'float', 'double', 'string'])

/** MLflow gives a graph of several inputs each column by its name, and a graph of one input all of them side by side. */
function inOrder<Input extends { readonly name: string }>(inputs: readonly Input[], file: OnnxFile): Input[] {
  const constants = new Set(file.graph.constants.map(({ name }) => name))
  const names = file.graph.inputs.map(({ name }) => name).filter((name) => !constants.has(name))
  if (names.length === 1) return [...inputs]
  return names.map((name) => {
    const input = inputs.find((one) => one.name === name)
    if (!input) throw notServable(`Its graph takes an input "${name.slice(0, 80)}", which its signature does not name.`)
    return input
  })
}

function loaded(
  { name, mlflowVersion }: MlModel,
  files: readonly WrittenFile[],
  bytes: Uint8Array,
  { file, binding, signature }: ImportedModel,
): MlflowModel {
  const schema = { columns: signature.inputs }
  const empty = emptyTable(signature.inputs)
  return {
    signature,
    pipeline: answeringPipeline({ members: [foreignPipeline(bytes, binding)] }),
    profile: profileTable(empty, schema),
    manifest: {
      formatVersion: FORMAT_VERSION,
      bellwetherVersion: VERSION,
      name,
      task: signature.task,
      estimator: FOREIGN_ESTIMATOR,
      params: { producer: file.producer, irVersion: file.irVersion, opsets: Object.fromEntries(file.opsets) },
      seed: 0,
      dataset: { id: canonicalHash(empty, schema), rows: 0 },
      rows: { train: 0, test: 0 },
      code: null,
      dependencies: { mlflow: mlflowVersion },
      node: process.versions.node,
      metrics: {},
      gates: [],
      conformal: null,
      project: {},
      licence: 'not said',
      intendedUse: 'not said',
      notes: ['Logged with MLflow: what it learnt from is not known here.'],
      files: files.map(({ path, hash, sizeBytes }) => ({ path, hash, sizeBytes })),
    },
  }
}
