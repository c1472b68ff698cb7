import { parse } from 'yaml'
import { z } from 'zod'
import { BellwetherError } from '../../errors.ts'
import { ForeignSignature } from '../onnx/foreign-binding.ts'
import { MLMODEL_FILE } from './mlflow-files.ts'

/** The file is a page of text. */
const MAX_BYTES = 4 * 1024 * 1024

const ColumnSpec = z.object({
  type: z.string(),
  name: z.string().nullish(),
  required: z.boolean().nullish(),
  /** In files of MLflow before 2.10. */
  optional: z.boolean().nullish(),
})

const Document = z.object({
  flavors: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()),
  signature: z.object({ inputs: z.string().nullish(), outputs: z.string().nullish() }).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  mlflow_version: z.string().nullish(),
  name: z.string().nullish(),
  artifact_path: z.string().nullish(),
})

/** What may be said of an ONNX model that its file does not say: `metadata={"bellwether": {"classes": […]}}` of `log_model`. */
const Said = ForeignSignature.pick({ target: true, classes: true, scores: true, output: true })

export interface MlModel {
  readonly flavors: readonly string[]
  /** Name of the file with the ONNX graph; null without that flavour. */
  readonly onnx: string | null
  readonly mlflowVersion: string
  readonly name: string
  /** null where the model was logged without a signature. */
  readonly inputs: readonly z.output<typeof ColumnSpec>[] | null
  readonly outputs: readonly z.output<typeof ColumnSpec>[]
  readonly said: z.output<typeof Said>
}

/** @throws MODEL_NOT_SERVABLE for what is no `MLmodel` file */
export function parseMlModel(bytes: Uint8Array): MlModel {
  let document: z.output<typeof Document>
  let inputs: MlModel['inputs'] = null
  let outputs: MlModel['outputs'] = []
  let said: MlModel['said'] = {}
  try {
    if (bytes.length > MAX_BYTES) throw new RangeError(`${bytes.length} bytes`)
    // The core schema makes plain values alone; aliases are counted, so that none can blow it up.
    document = Document.parse(parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes), { maxAliasCount: 10 }))
    const { signature, metadata } = document
    if (signature?.inputs) inputs = z.array(ColumnSpec).parse(JSON.parse(signature.inputs))
    if (signature?.outputs) outputs = z.array(ColumnSpec).parse(JSON.parse(signature.outputs))
    if (metadata?.['bellwether'] !== undefined) said = Said.parse(metadata['bellwether'])
  } catch (cause) {
    throw notServable(`Its file ${MLMODEL_FILE} can't be read.`, cause)
  }
  const onnx = Object.hasOwn(document.flavors, 'onnx') ? (document.flavors['onnx'] ?? {}) : null
  const data = onnx?.['data']
  return {
    flavors: Object.keys(document.flavors),
    onnx: onnx && (typeof data === 'string' ? data : 'model.onnx'),
    mlflowVersion: document.mlflow_version ?? '',
    name: document.name ?? document.artifact_path ?? 'model',
    inputs,
    outputs,
    said,
  }
}

export function notServable(why: string, cause?: unknown): BellwetherError {
  return new BellwetherError('MODEL_NOT_SERVABLE', `The model was logged with MLflow, and is not served. ${why}`, {
    cause,
  })
}
