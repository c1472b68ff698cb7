import { describe, expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { assertBindAllowed, isLoopbackHost } from './bind-address.ts'

describe('binding', () => {
  test.each(['127.0.0.1', '127.9.8.7', 'localhost', 'LOCALHOST', '::1', '[::1]'])(
    '%s is loopback and needs no authentication',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true)
      expect(() => assertBindAllowed(host, false)).not.toThrow()
    },
  )

  test.each([
    '0.0.0.0',
    '::',
    '',
    '10.0.0.1',
    '192.168.1.4',
    'example.org',
    '127.0.0.1.evil.org',
    '127.0.0.256',
    '127.1',
    'localhost.evil.org',
    '::ffff:127.0.0.1',
  ])('binding to "%s" is refused without authentication', (host) => {
    expect(() => assertBindAllowed(host, false)).toThrow(BellwetherError)
    expect(() => assertBindAllowed(host, false)).toThrow(/authentication/)
    expect(() => assertBindAllowed(host, true)).not.toThrow()
  })
})
