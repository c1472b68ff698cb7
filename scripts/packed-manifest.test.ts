import { expect, test } from 'vitest'
import { packedManifest } from './packed-manifest.ts'

const checkout = {
  name: 'bellwether',
  exports: { './learn': './src/learn/index.ts', './package.json': './package.json' },
  dependencies: { zod: '1.0.0' },
}

test('the packed manifest exports built files with their types, and is the same otherwise', () => {
  expect(packedManifest(checkout)).toEqual({
    ...checkout,
    exports: {
      './learn': { types: './dist/learn/index.d.ts', default: './dist/learn/index.js' },
      './package.json': './package.json',
    },
  })
})

test('packing what is packed already changes nothing', () => {
  expect(packedManifest(packedManifest(checkout))).toEqual(packedManifest(checkout))
})
