import type { ModelManifest } from '../packaging/manifest.ts'
import type { Run } from '../track/tracking-store.ts'
import type { ValueDifference, Verdict } from './compare-packages.ts'
import type { Provenance } from './provenance.ts'

export interface ReasonFacts {
  readonly verdict: Verdict
  /** Of the manifests. */
  readonly differences: readonly ValueDifference[]
  readonly manifest: ModelManifest
  readonly run: Pick<Run, 'tags'>
  /** What the run was made again with. */
  readonly now: Provenance
}

/** What is known to be another one than when the run was made, in sentences; where files differ without a known reason, that. */
export function reasonsOf({ verdict, differences, manifest, run, now }: ReasonFacts): string[] {
  if (verdict === 'identical') return []
  const reasons: string[] = []
  const changed = (what: string, was: string, is: string) => {
    if (was !== is) reasons.push(`${what} was ${was}, and is ${is} now.`)
  }
  changed('Bellwether', manifest.bellwetherVersion, now.bellwether)
  changed('Node.js', manifest.node, now.node)
  const packages = [...new Set([...Object.keys(manifest.dependencies), ...Object.keys(now.dependencies)])].sort()
  for (const name of packages)
    changed(name, manifest.dependencies[name] ?? 'not there', now.dependencies[name] ?? 'not there')
  const platform = run.tags['bellwether.platform']
  if (platform) changed('The platform', machineOf(platform), machineOf(now.platform))
  if (manifest.code && now.git) changed("The commit of the project's folder", manifest.code.commit, now.git.commit)
  if (manifest.code?.dirty) reasons.push("The project's folder had changes that were not committed.")
  const options = differences.filter(({ path }) => path.startsWith('project.')).map(({ path }) => path.slice(8))
  if (options.length > 0) reasons.push(`Options differ: ${options.join(', ')}.`)
  if (reasons.length === 0)
    reasons.push('No reason is known: data, options, seed and program are the same. Please report it as a fault.')
  return reasons
}

/** `linux-x64` of `linux-x64, 2 cores`: how many cores there are changes no model. */
function machineOf(platform: string): string {
  return platform.split(',', 1)[0]!
}
