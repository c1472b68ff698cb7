import { expect, test } from 'vitest'
import { packedManifest } from './packed-manifest.ts'

const checkout = {
  name: 'bellwether',
  engines: { node: '>=20' },
  exports: { './learn': './src/learn/index.ts', './package.json': './package.json' },
  scripts: { start: 'node bin/bellwether.js start', prepare: 'node scripts/prepare.js' },
  dependencies: { zod: '1.0.0' },
}

test('the packed manifest names built files with their types and the Node that it needs, and has no script for installing', () => {
  expect(packedManifest(checkout)).toEqual({
    ...checkout,
    scripts: { start: 'node bin/bellwether.js start' },
    engines: { node: '>=24' },
    exports: {
      './learn': { types: './dist/learn/index.d.ts', default: './dist/learn/index.js' },
      './package.json': './package.json',
    },
  })
})

test('packing what is packed already changes nothing', () => {
  expect(packedManifest(packedManifest(checkout))).toEqual(packedManifest(checkout))
})
