import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import { BellwetherError } from '../errors.ts'
import { createLogger } from '../server/logger.ts'
import { readableLog } from './readable-log.ts'

/** What a person sees of what the server's own logger writes, without the time of the day. */
function seen(log: (logger: ReturnType<typeof createLogger>) => void): string {
  let text = ''
  log(createLogger({ sink: readableLog((line) => (text += `${line}\n`)) }))
  return stripVTControlCharacters(text).replaceAll(/^\d\d:\d\d:\d\d/gm, 'hh:mm:ss')
}

test('a request is one line', () => {
  const scored = { model: 'risk', version: 1, records: 1, failed: 0 }
  const line = { request: '01A', method: 'POST', route: '/predict', status: 200, milliseconds: 4.125, ...scored }
  expect(seen((logger) => logger.info(line, 'request answered'))).toBe(
    'hh:mm:ss  POST /predict 200  4.1 ms  model=risk version=1 records=1\n',
  )
})

test('a request that failed by a fault of the server shows its id', () => {
  const line = { request: '01A', method: 'GET', route: '/', status: 500, milliseconds: 1, code: 'INTERNAL' }
  expect(seen((logger) => logger.warn(line, 'request failed'))).toBe(
    'hh:mm:ss  warning  GET / 500  1.0 ms  code=INTERNAL request=01A\n',
  )
})

test('a message comes with its facts, and with its level where that is not the usual one', () => {
  expect(seen((logger) => logger.info({ model: 'risk', version: 1 }, 'model version serves'))).toBe(
    'hh:mm:ss  model version serves  model=risk version=1\n',
  )
  expect(seen((logger) => logger.warn('slow'))).toBe('hh:mm:ss  warning  slow\n')
})

test('an error shows its code, its message and where it happened', () => {
  const text = seen((logger) => logger.error({ err: new BellwetherError('NOT_READY', 'No model.') }, 'failed'))
  expect(text).toMatch(/^hh:mm:ss {2}error {2}failed\n {10}BellwetherError: NOT_READY: No model\.\n {10}at /)
})

test('what the command line says by itself is not said twice', () => {
  expect(seen((logger) => logger.info('listening'))).toBe('')
})
