import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { isDatabaseUrl, parseHomePlace, shownUrl, withBlobsOf, withFolder } from './home-place.ts'

const URL = 'postgres://ana:s%40cret@db.example:5433/models?sslmode=verify-full'

describe('the place of a home', () => {
  test('is a folder, or a database with a folder', () => {
    expect(parseHomePlace('here')).toEqual({ folder: path.resolve('here'), databaseUrl: null, bucketUrl: null })
    expect(parseHomePlace(withFolder(URL, '/srv/a b&c'))).toEqual({
      folder: path.resolve('/srv/a b&c'),
      databaseUrl: URL,
      bucketUrl: null,
    })
    expect(parseHomePlace(URL).folder).toBe(path.resolve('.bellwether'))
    expect(parseHomePlace(withFolder(withFolder(URL, '/first'), '/second')).folder).toBe(path.resolve('/first'))
    expect(isDatabaseUrl('postgresql://host/db')).toBe(true)
    expect(isDatabaseUrl('postgres/home')).toBe(false)
  })

  test('may have its blobs in a bucket, beside a folder', () => {
    const place = `${URL}&blobs=s3://bucket/a/b`
    const bucketUrl = 's3://bucket/a/b'
    expect(parseHomePlace(place)).toEqual({ folder: path.resolve('.bellwether'), databaseUrl: URL, bucketUrl })
    const whole = { folder: path.resolve('/srv/home'), databaseUrl: URL, bucketUrl }
    expect(parseHomePlace(withFolder(withFolder(place, '/srv/home'), '/other'))).toEqual(whole)
    expect(parseHomePlace(`${place}&folder=/srv/home`)).toEqual(whole)
    expect(parseHomePlace(`${URL}&folder=/srv/home`)).toEqual({ ...whole, bucketUrl: null })
    expect(() => parseHomePlace(`${URL}&folder=/srv/home&blobs=/srv/blobs`)).toThrow(
      expect.objectContaining({ code: 'USAGE' }),
    )
  })

  test('takes blobs and folder of another home, where it names none itself', () => {
    const home = { folder: '/srv/home', databaseUrl: null, bucketUrl: 's3://bucket/a' }
    expect(parseHomePlace(withBlobsOf(URL, home))).toEqual({ ...home, databaseUrl: URL })
    expect(parseHomePlace(withBlobsOf(URL, { ...home, bucketUrl: null }))).toEqual({
      folder: '/srv/home',
      databaseUrl: URL,
      bucketUrl: null,
    })
    expect(parseHomePlace(withBlobsOf(`${URL}&blobs=s3://other/b`, home))).toMatchObject({ bucketUrl: 's3://other/b' })
    expect(parseHomePlace(withBlobsOf(`${URL}&blobs=/srv/own`, home))).toMatchObject({
      folder: '/srv/own',
      bucketUrl: null,
    })
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
