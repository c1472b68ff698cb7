import path from 'node:path'
import { expect, test } from 'vitest'
import { publicAddress, resolveSource } from './table-source.ts'

test('a path starts at the folder, and an address stays what it is', () => {
  expect(resolveSource('data/a.csv', '/projects/p')).toBe(path.resolve('/projects/p/data/a.csv'))
  expect(resolveSource('/data/a.csv', '/projects/p')).toBe(path.resolve('/data/a.csv'))
  expect(resolveSource('https://example.org/a.csv?key=1', '/projects/p')).toBe('https://example.org/a.csv?key=1')
})

test.each(['file:///etc/passwd', 's3://bucket/a.csv', 'postgres://u:secret@db/x'])('%s is refused', (source) => {
  expect(() => resolveSource(source, '.')).toThrow(expect.objectContaining({ code: 'URL_REFUSED' }))
  expect(() => resolveSource(source, '.')).not.toThrow(/secret/)
})

test('neither a password nor a token in an address is shown', () => {
  expect(publicAddress('https://u:secret@example.org/a/b.csv?token=secret#secret')).toBe('https://example.org/a/b.csv')
  expect(publicAddress('http://[')).toBe('address')
})
