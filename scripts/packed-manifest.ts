/** What these scripts read of a package.json; other keys pass through. */
export interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly scripts: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

/** As `bin/bellwether.js` checks it. */
const PACKAGE_NODE = '>=24'

/**
 * The package.json that goes into the tarball: `exports` point at the built JavaScript and its types instead of the sources, and
 * `engines` names the Node that it runs on; a checkout brings that Node along and asks only for one that npm runs on.
 * A manifest that is packed already comes back as it is.
 */
export function packedManifest<M extends Manifest>(manifest: M): M {
  const exports = Object.fromEntries(Object.entries(manifest.exports).map(([name, target]) => [name, built(target)]))
  // npm asks whoever installs to approve a script of this name.
  const { prepare: _, ...scripts } = manifest.scripts
  return { ...manifest, scripts, engines: { node: PACKAGE_NODE }, exports }
}

function built(target: unknown): unknown {
  const source = typeof target === 'string' ? /^\.\/src\/(.+)\.ts$/.exec(target) : null
  return source ? { types: `./dist/${source[1]}.d.ts`, default: `./dist/${source[1]}.js` } : target
}
