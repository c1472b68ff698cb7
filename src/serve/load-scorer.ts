import { type PackageSource, readAnyPackage } from '../packaging/read-package.ts'
import type { ModelVersion } from '../track/model-registry.ts'
import { createScorer, type Scorer } from './scorer.ts'

/** Loads a version's files, checks them against their hashes, and lets the model answer its own example before anyone else asks. */
export async function loadScorer(version: ModelVersion, packages: PackageSource, newId: () => string): Promise<Scorer> {
  const scorer = createScorer(await readAnyPackage(packages, version.files))
  scorer.smoke(newId)
  return scorer
}
