import { describe, expect, test } from 'vitest'
import { isSameOrigin } from './origin-check.ts'

describe('the origin of a request that changes something', () => {
  test.each([
    [{ host: 'localhost:8000' }],
    [{ host: 'localhost:8000', origin: 'http://localhost:8000' }],
    [{ host: 'localhost:8000', origin: 'http://localhost:8000', 'sec-fetch-site': 'same-origin' }],
    [{ host: 'localhost', origin: 'http://localhost' }],
    [{ host: 'localhost:8000', 'sec-fetch-site': 'none' }],
  ])('%j passes', (headers) => {
    expect(isSameOrigin(headers)).toBe(true)
  })

  test.each([
    [{ host: 'localhost:8000', origin: 'null' }],
    [{ host: 'localhost:8000', origin: '' }],
    [{ host: 'localhost:8000', origin: 'http://localhost:3000' }],
    [{ host: 'localhost:8000', origin: 'http://evil.example' }],
    [{ host: 'localhost:8000', origin: 'file://localhost:8000' }],
    [{ host: 'localhost:8000', origin: 'http://localhost:8000.evil.example' }],
    [{ host: 'localhost:8000', origin: 'http://localhost:8000@evil.example' }],
    [{ host: 'localhost:8000', 'sec-fetch-site': 'cross-site' }],
    [{ host: 'localhost:8000', 'sec-fetch-site': 'same-site' }],
    [{ origin: 'http://localhost:8000' }],
  ])('%j does not', (headers) => {
    expect(isSameOrigin(headers)).toBe(false)
  })
})
