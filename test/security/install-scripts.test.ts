import { readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bellwether, ROOT } from '../support/cli.ts'

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly optional?: boolean; readonly hasInstallScript?: boolean }>
  >
}

test('what runs in production needs no install script: the only one there is fetches libraries for another processor', async () => {
  const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lock
  const scripted = Object.entries(packages).filter(([, { dev, hasInstallScript }]) => hasInstallScript && !dev)
  expect(scripted.map(([name]) => name)).toEqual(['node_modules/onnxruntime-node'])
  const { allowScripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
  expect(allowScripts['onnxruntime-node']).toBe(false)
  // It answers with what its package brings: `models export --onnx` checks every file in ONNX Runtime (test/e2e).
  expect((await bellwether(['--version'])).status).toBe(0)
})
