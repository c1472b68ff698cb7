/** What these scripts read of a package.json; other keys pass through. */
export interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>
  readonly [key: string]: unknown
}

/**
 * The package.json that goes into the tarball: `exports` point at the built JavaScript and its types instead of the sources.
 * A manifest that is packed already comes back as it is.
 */
export function packedManifest<M extends Manifest>(manifest: M): M {
  const exports = Object.fromEntries(Object.entries(manifest.exports).map(([name, target]) => [name, built(target)]))
  return { ...manifest, exports }
}

function built(target: unknown): unknown {
  const source = typeof target === 'string' ? /^\.\/src\/(.+)\.ts$/.exec(target) : null
  return source ? { types: `./dist/${source[1]}.d.ts`, default: `./dist/${source[1]}.js` } : target
}
