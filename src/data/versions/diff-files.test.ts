import { expect, test } from 'vitest'
import { diffFiles } from './diff-files.ts'

test('two lists of files are compared by path and content', async () => {
  const file = (path: string, sha256: string, sizeBytes = 1) => ({
    path,
    sha256: sha256.repeat(64),
    sizeBytes,
    chunks: [],
  })
  async function* list(...files: ReturnType<typeof file>[]) {
    yield* files
  }
  const diff = await diffFiles(
    list(file('a', '1'), file('b', '2'), file('c/d', '3'), file('z', '9')),
    list(file('a', '1'), file('b', '4', 5), file('c', '3'), file('y', '9'), file('z', '9')),
  )
  expect(diff).toEqual({
    added: [
      { path: 'c', sizeBytes: 1 },
      { path: 'y', sizeBytes: 1 },
    ],
    removed: [{ path: 'c/d', sizeBytes: 1 }],
    changed: [{ path: 'b', sizeBefore: 1, sizeAfter: 5 }],
    unchanged: 2,
  })
})
