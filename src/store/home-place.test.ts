import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isDatabaseUrl, parseHomePlace, shownUrl, withFolder } from './home-place.ts'

const URL = 'postgres://ana:s%40cret@db.example:5433/models?sslmode=verify-full'

describe('the place of a home', () => {
  test('is a folder, or a database with a folder', () => {
    expect(parseHomePlace('here')).toEqual({ folder: path.resolve('here'), databaseUrl: null })
    expect(parseHomePlace(withFolder(URL, '/srv/a b&c'))).toEqual({
      folder: path.resolve('/srv/a b&c'),
      databaseUrl: URL,
    })
    expect(parseHomePlace(URL).folder).toBe(path.resolve('.bellwether'))
    expect(parseHomePlace(withFolder(withFolder(URL, '/first'), '/second')).folder).toBe(path.resolve('/first'))
    expect(isDatabaseUrl('postgresql://host/db')).toBe(true)
    expect(isDatabaseUrl('postgres/home')).toBe(false)
  })

  test('is shown without its password and parameters', () => {
    expect(shownUrl(URL)).toBe('postgres://ana@db.example:5433/models')
    expect(shownUrl('postgres://ana:pass word/broken:x')).toBe('the PostgreSQL address')
  })

  test.each(['postgres://user:hunter2@/', 'postgres://u:hunter2@host:port/db', 'postgres://host'])(
    '%s is refused, and not repeated',
    (place) => {
      expect(() => parseHomePlace(place)).toThrow(expect.objectContaining({ code: 'USAGE' }))
      expect(() => parseHomePlace(place)).toThrow(expect.not.stringContaining('hunter2'))
    },
  )
})
