import type { ForeignSignature } from './foreign-binding.ts'
import { type BoundModel, bindModel } from './foreign-binding.ts'
import { inspectOnnx } from './inspect-model.ts'
import { probeModel } from './probe-model.ts'
import type { OnnxFile } from './read-model.ts'

export interface ImportedModel extends BoundModel {
  readonly file: OnnxFile
}

/**
 * Everything between an ONNX file of unknown origin and a version: looked through, bound to columns and classes, and run once in a process of
 * its own. Nothing is registered yet.
 * @throws ONNX_INVALID, ONNX_NOT_TABULAR, ONNX_RUN_FAILED, ONNX_RUNTIME_MISSING
 */
export async function importModel(bytes: Uint8Array, said: ForeignSignature): Promise<ImportedModel> {
  const file = inspectOnnx(bytes)
  const bound = bindModel(file, said)
  await probeModel(bytes, bound)
  return { file, ...bound }
}
