/**
 * npm runs this before it packs: builds `dist/` and the dashboard, then puts the tarball's package.json in the checkout's place.
 * `postpack.ts` puts that back; after packing that was cut short, `npm run postpack` does.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { buildPackage } from './build-package.ts'
import { buildDashboard } from './dashboard-build.ts'
import { type Manifest, packedManifest } from './packed-manifest.ts'

const root = path.resolve(import.meta.dirname, '..')
const manifest = path.join(root, 'package.json')
const kept = path.join(root, '.package.checkout.json')

try {
  await buildPackage(root)
  if ((await buildDashboard(root)) === 'no-vite')
    throw new Error('Packing needs the development dependencies: run `npm ci` first.')
  const current = readFileSync(manifest, 'utf8')
  const packed = `${JSON.stringify(packedManifest(JSON.parse(current) as Manifest), null, 2)}\n`
  // After packing that was cut short the manifest is the tarball's, and the checkout's own was kept before.
  if (current !== packed) writeFileSync(kept, current)
  writeFileSync(manifest, packed)
  process.stderr.write('The package is built.\n')
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
