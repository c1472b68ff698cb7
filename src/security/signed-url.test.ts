import { describe, expect, test } from 'vitest'
import { checkSignedQuery, signedQuery } from './signed-url.ts'

const RIGHT = { method: 'GET', resource: 'artifact:1/a.bin', expires: 1000 } as const
const query = Object.fromEntries(new URLSearchParams(signedQuery('secret', RIGHT)))
const check = (asked: Partial<typeof RIGHT> | object = {}, given: object = {}, now = 999_999, secret = 'secret') =>
  checkSignedQuery(secret, { ...RIGHT, ...asked }, { ...query, ...given }, now)

describe('a signed address', () => {
  test('is good until it expires', () => {
    expect(() => check()).not.toThrow()
    expect(() => check({}, {}, 1_000_000)).toThrow(expect.objectContaining({ code: 'SIGNED_URL_EXPIRED' }))
  })

  test.each([
    ['another method', { method: 'PUT' }, {}],
    ['another thing', { resource: 'artifact:1/b.bin' }, {}],
    ['a longer time', {}, { expires: '2000' }],
    ['a time that is none', {}, { expires: '1000.0' }],
    ['another signature', {}, { signature: `${query['signature']!.slice(0, -4)}AAAA` }],
    ['a signature cut short', {}, { signature: query['signature']!.slice(0, 20) }],
    ['no signature', {}, { signature: undefined }],
    ['nothing', {}, { signature: undefined, expires: undefined }],
  ])('is refused for %s', (_, asked, given) => {
    expect(() => check(asked, given)).toThrow(expect.objectContaining({ code: 'SIGNED_URL_INVALID' }))
  })

  test('of another installation is refused', () => {
    expect(() => check({}, {}, 0, 'other')).toThrow(expect.objectContaining({ code: 'SIGNED_URL_INVALID' }))
  })
})
