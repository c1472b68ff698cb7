import path from 'node:path'
import { expect, test } from 'vitest'
import { isLocalFile, publicAddress, publicSource, resolveSource } from './table-source.ts'

test('a path starts at the folder, and an address stays what it is', () => {
  expect(resolveSource('data/a.csv', '/projects/p')).toBe(path.resolve('/projects/p/data/a.csv'))
  expect(resolveSource('/data/a.csv', '/projects/p')).toBe(path.resolve('/data/a.csv'))
  expect(resolveSource('https://example.org/a.csv?key=1', '/projects/p')).toBe('https://example.org/a.csv?key=1')
})

test.each(['file:///etc/passwd', 'ftp://u:secret@example.org/a.csv', 'mysql://u:secret@db/x'])(
  '%s is refused',
  (source) => {
    expect(() => resolveSource(source, '.')).toThrow(expect.objectContaining({ code: 'URL_REFUSED' }))
    expect(() => resolveSource(source, '.')).not.toThrow(/secret/)
  },
)

test('neither a password nor a token in an address is shown', () => {
  expect(publicAddress('https://u:secret@example.org/a/b.csv?token=secret#secret')).toBe('https://example.org/a/b.csv')
  expect(publicAddress('postgres://u:secret@db:5432/x?sslkey=secret')).toBe('postgres://db:5432/x')
  expect(publicAddress('http://[')).toBe('address')
})

test('a SQLite file starts at the folder too, and objects and databases stay what they are', () => {
  expect(resolveSource('sqlite:school.db', '/projects/p')).toBe('sqlite:/projects/p/school.db')
  expect(resolveSource('sqlite:///data/school.db', '/projects/p')).toBe('sqlite:/data/school.db')
  expect(resolveSource('s3://bucket/a.csv', '/projects/p')).toBe('s3://bucket/a.csv')
})

test('a place of several sources is shown without secrets', () => {
  const sources = { a: '/data/a.csv', b: 'https://example.org/b.csv?token=secret' }
  expect(publicSource({ sources, query: 'SELECT 1' })).toBe('a query over /data/a.csv, https://example.org/b.csv')
  expect(isLocalFile('/data/a.csv')).toBe(true)
  expect(isLocalFile('/data/*.csv')).toBe(false)
})
