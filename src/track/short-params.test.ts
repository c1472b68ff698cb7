import { expect, test } from 'vitest'
import { shortParams } from './short-params.ts'

test('numbers of many digits are shown with four significant ones, other texts as they are', () => {
  expect(shortParams(['0.058945513112797665'])).toEqual(['0.05895'])
  expect(shortParams(['{"low":1.2345678901,"high":2.5}'])).toEqual(['{"low":1.235,"high":2.5}'])
  expect(shortParams(['1.5358974358974358e-7'])).toEqual(['1.536e-7'])
  for (const text of ['0.25', '1.2.123456', 'v1.123456', '350', 'small-data'])
    expect(shortParams([text])).toEqual([text])
})

test('params that differ are never shown alike', () => {
  expect(shortParams(['0.123456789', '0.123456780', undefined])).toEqual(['0.123456789', '0.123456780', undefined])
  expect(shortParams(['0.123456789', '0.223456789'])).toEqual(['0.1235', '0.2235'])
})
