import { describe, expect, test } from 'vitest'
import { createHostCheck, parseHostHeader } from './host-check.ts'

describe('the Host header', () => {
  const check = createHostCheck({ bindHost: '127.0.0.1', port: () => 8000, allowedHosts: [] })

  test.each(['localhost:8000', '127.0.0.1:8000', '[::1]:8000', 'LocalHost:8000'])(
    '%s reaches a server on port 8000',
    (header) => {
      expect(check(header)).toBe(true)
    },
  )

  test.each([
    undefined,
    '',
    'localhost',
    'localhost:8001',
    'evil.example:8000',
    'localhost.evil.example:8000',
    '127.0.0.1.nip.io:8000',
    'user@localhost:8000',
    'localhost:8000/x',
    'localhost:8000 ',
    'localhost:99999',
    '0.0.0.0:8000',
    '169.254.169.254',
  ])('%s does not', (header) => {
    expect(check(header)).toBe(false)
  })

  test('port 80 may be left out', () => {
    expect(createHostCheck({ bindHost: 'localhost', port: () => 80, allowedHosts: [] })('localhost')).toBe(true)
  })

  test('an allowed host passes at its port, or at any where none was given', () => {
    const open = createHostCheck({
      bindHost: '127.0.0.1',
      port: () => 8000,
      allowedHosts: ['one.example', 'two.example:443'],
    })
    expect(open('one.example')).toBe(true)
    expect(open('one.example:1234')).toBe(true)
    expect(open('two.example:443')).toBe(true)
    expect(open('two.example')).toBe(false)
    expect(open('three.example')).toBe(false)
  })

  test('an allowed host that is not one is refused at start', () => {
    expect(() =>
      createHostCheck({ bindHost: '127.0.0.1', port: () => 1, allowedHosts: ['https://one.example/'] }),
    ).toThrow(/--allowed-host/)
  })

  test('an IPv6 address that the server binds to is its own name', () => {
    expect(createHostCheck({ bindHost: 'fd00::5', port: () => 8000, allowedHosts: [] })('[fd00::5]:8000')).toBe(true)
  })

  test('names with underscores and dots are read, ports are numbers', () => {
    expect(parseHostHeader('my_host.internal:81')).toEqual({ host: 'my_host.internal', port: 81 })
    expect(parseHostHeader('a..b\r\nX: y')).toBeNull()
  })
})
