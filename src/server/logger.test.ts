import { closeSync, existsSync, openSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createLogger, fileSink } from './logger.ts'

test.runIf(existsSync('/dev/full'))('a log on a full disk costs lines, not the process', async () => {
  const fd = openSync('/dev/full', 'w')
  try {
    const sink = fileSink(fd)
    const log = createLogger({ sink })
    for (let i = 0; i < 100; i++) log.info({ i }, 'request answered')
    await sink.flush()
    expect(() => log.error('and on')).not.toThrow()
    await sink.flush()
    expect(sink.dropped).toBe(101)
  } finally {
    closeSync(fd)
  }
})

test('a line holds no message of an error that is not ours, and a line break in it makes no second line', () => {
  const lines: string[] = []
  const log = createLogger({ sink: { write: (line: string) => void lines.push(line) } })
  log.error({ err: new SyntaxError('Unexpected token CANARY\n{"level":"info"}') }, 'failed')
  log.info({ model: 'a\nb\u2028c' }, 'model\nversion serves')
  expect(lines).toHaveLength(2)
  expect(lines[0]).not.toContain('CANARY')
  for (const line of lines) expect(line.trimEnd()).not.toMatch(/\n/)
})
