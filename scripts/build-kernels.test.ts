import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { KERNELS_BASE64, SHARED_KERNELS_BASE64 } from '../src/learn/kernels/kernels-wasm.ts'
import { noteNotRun } from '../test/support/test-notes.ts'
import { compileKernels, hasKernelCompiler, KERNELS_FILE, kernelsModule } from './kernels/compile.ts'

const root = path.resolve(import.meta.dirname, '..')
const NAME = 'kernels rebuilt from their sources'

test('the kernels in the repository are two whole modules, in a file as the build writes it', () => {
  const bytes = {
    own: Buffer.from(KERNELS_BASE64, 'base64'),
    shared: Buffer.from(SHARED_KERNELS_BASE64, 'base64'),
  }
  const { validate } = (globalThis as unknown as { WebAssembly: { validate(bytes: Uint8Array): boolean } }).WebAssembly
  expect([validate(bytes.own), validate(bytes.shared)]).toEqual([true, true])
  expect(readFileSync(path.join(root, KERNELS_FILE), 'utf8') === kernelsModule(bytes)).toBe(true)
})

if (hasKernelCompiler(root)) {
  describe(NAME, () => {
    test('are the bytes in the repository', async () => {
      const bytes = await compileKernels(root)
      const outOfDate = `${KERNELS_FILE} is out of date: run \`npm run build:kernels\` and commit it`
      expect(Buffer.from(bytes.own).toString('base64') === KERNELS_BASE64, outOfDate).toBe(true)
      expect(Buffer.from(bytes.shared).toString('base64') === SHARED_KERNELS_BASE64, outOfDate).toBe(true)
      expect(readFileSync(path.join(root, KERNELS_FILE), 'utf8') === kernelsModule(bytes), outOfDate).toBe(true)
    })
  })
} else {
  noteNotRun(NAME, 'needs the AssemblyScript compiler (run `npm ci` with the development dependencies)')
}
