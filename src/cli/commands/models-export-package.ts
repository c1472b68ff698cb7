import path from 'node:path'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { writeArchive } from '../../packaging/archive/package-archive.ts'
import { readAnyPackage } from '../../packaging/read-package.ts'
import { SEAL_FILE } from '../../packaging/sign-manifest.ts'
import type { Home } from '../../store/open-home.ts'
import type { ModelVersion } from '../../track/model-registry.ts'
import { note, printJson } from '../output.ts'

/** Writes a version as one file for another installation, once every byte of it has been checked. */
export async function exportPackage(
  home: Home,
  found: ModelVersion,
  target: string,
  options: Record<string, unknown>,
): Promise<number> {
  await readAnyPackage(home.blobs, found.files)
  const { model, version, estimator, runId, datasetId, createdTime, metrics } = found
  const origin = { model, version, estimator, runId, datasetId, createdTime, metrics }
  const bytes = await writeArchive(origin, found.files, home.blobs)
  const file = path.resolve(target)
  await writeFileWhole(file, bytes)
  const signed = found.files.some((each) => each.path === SEAL_FILE)
  if (options['json']) printJson({ model, version, file, sizeBytes: bytes.length, signed })
  else note(`${model} version ${version}: ${bytes.length} bytes to ${target}, ${signed ? 'signed' : 'not signed'}`)
  return 0
}
