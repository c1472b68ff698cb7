import { BellwetherError } from '../../errors.ts'
import { type AnsweringPipeline, answeringPipeline } from '../../evaluate/answering-pipeline.ts'
import type { FittedPipeline } from '../../learn/fitted-pipeline.ts'
import { compileRecordReader } from '../../table/records.ts'
import { canonicalJson } from '../canonical-json.ts'
import { isClustering, type LoadedModel, type PackageSource, readAnyPackage } from '../read-package.ts'
import type { WrittenFile } from '../write-package.ts'
import { checkRecords } from './check-records.ts'
import { exportOnnx, type OnnxExport } from './export-pipeline.ts'
import { type Agreement, compareOnnx } from './onnx-answers.ts'

/**
 * A version that can be exported, or was imported.
 * @throws ONNX_EXPORT_UNSUPPORTED for a clustering, and as `readAnyPackage`
 */
export async function readExportable(blobs: PackageSource, files: readonly WrittenFile[]): Promise<LoadedModel> {
  const loaded = await readAnyPackage(blobs, files)
  if (!isClustering(loaded)) return loaded
  throw new BellwetherError(
    'ONNX_EXPORT_UNSUPPORTED',
    `This version of "${loaded.manifest.name}" is a clustering (${loaded.manifest.estimator}); clusterings are not exported.`,
  )
}

/** How far an exported file's answers may be from ours. */
const TOLERANCE = 1e-5

/**
 * A model version as one ONNX file. @throws ONNX_EXPORT_UNSUPPORTED
 * @param version Its number in the registry; null for one that is not registered.
 */
export function exportVersion({ manifest, signature, pipeline }: ExportedParts, version: number | null): OnnxExport {
  return exportOnnx(answering(pipeline), {
    name: manifest.name,
    version,
    bellwetherVersion: manifest.bellwetherVersion,
    signature: canonicalJson(signature),
  })
}

/** What of a loaded version goes into the file. */
export type ExportedParts = Pick<LoadedModel, 'manifest' | 'signature'> & {
  readonly pipeline: FittedPipeline | AnsweringPipeline
}

/**
 * Lets ONNX Runtime and the pipeline answer the same rows: the signature's example, and with each column in turn missing, unknown, small
 * and large.
 * @throws ONNX_EXPORT_UNSUPPORTED when they differ: the file is not to be used; ONNX_RUNTIME_MISSING
 */
export function checkExport({ signature, pipeline }: ExportedParts, exported: OnnxExport): Agreement {
  const { table, allFaults } = compileRecordReader(signature.inputs)(checkRecords(signature))
  if (allFaults.length > 0) throw new BellwetherError('INTERNAL', `The example is at fault: ${allFaults[0]!.path}.`)
  const agreement = compareOnnx(exported, answering(pipeline), table)
  if (agreement.otherLabels > 0 || !(agreement.largestDifference <= TOLERANCE)) {
    const { rows, otherLabels, largestDifference } = agreement
    throw new BellwetherError(
      'ONNX_EXPORT_UNSUPPORTED',
      `The exported file answers otherwise than the model: of ${rows} rows ${otherLabels} have another label, and answers differ by up to ${largestDifference}.`,
    )
  }
  return agreement
}

function answering(pipeline: FittedPipeline | AnsweringPipeline): AnsweringPipeline {
  return 'members' in pipeline ? pipeline : answeringPipeline({ members: [pipeline] })
}
