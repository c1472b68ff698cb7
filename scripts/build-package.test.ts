import { existsSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { startedModules } from './build-package.ts'

const SOURCES = path.resolve(import.meta.dirname, '../src')

test('modules that run in a thread or process of their own are found, and no two have one name, for they come to lie in one folder', () => {
  const started = startedModules(SOURCES)
  expect(started).toEqual(
    expect.arrayContaining([
      'data/versions/hash-thread',
      'packaging/onnx/probe-child',
      'pipeline/fit-thread',
      'pipeline/trial-worker',
      'store/blobs/package-thread',
    ]),
  )
  expect(started.filter((name) => !existsSync(path.join(SOURCES, `${name}.ts`)))).toEqual([])
  const names = started.map((name) => path.posix.basename(name))
  expect(new Set([...names, 'main']).size).toBe(names.length + 1)
})
