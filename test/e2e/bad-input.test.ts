import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bellwether, temporaryFolder } from '../support/cli.ts'

const PROJECT = 'name: pupils\ntask: classification\ndata: { target: outcome }\nmodels: [baseline]\n'
let folder: string
let remove: () => void
beforeEach(() => {
  const made = temporaryFolder()
  folder = made.folder
  remove = made.remove
})
afterEach(() => remove())

/** A small table that trains: 60 rows, two classes. */
function goodRows(header = 'age,grade,outcome'): string[] {
  return [
    header,
    ...Array.from({ length: 60 }, (_, i) => `${18 + (i % 7)},${(i * 37) % 20}.5,${i % 3 === 0 ? 'fail' : 'pass'}`),
  ]
}

async function runOn(content: string | Buffer, project = PROJECT) {
  writeFileSync(path.join(folder, 'table.csv'), content)
  writeFileSync(path.join(folder, 'bellwether.yaml'), project)
  const result = await bellwether(['run', folder, '--data', path.join(folder, 'table.csv'), '--json'])
  const error =
    result.status === 2
      ? (JSON.parse(result.stderr.trim().split('\n').at(-1)!) as {
          error: string
          message: string
          hint: string
          details: { path: string; message: string }[]
        })
      : null
  return {
    ...result,
    error,
    text: error ? [error.message, ...error.details.map((detail) => `${detail.path} ${detail.message}`)].join('\n') : '',
  }
}

/** Exit status 2, one clear error with a remedy, nothing on standard output, nothing left behind. */
function expectRefused(result: Awaited<ReturnType<typeof runOn>>, code: string | RegExp, ...said: RegExp[]) {
  expect(result.status, result.stderr).toBe(2)
  expect(result.stdout).toBe('')
  expect(result.error?.error).toMatch(code)
  for (const words of said) expect(result.text).toMatch(words)
  expect(result.error?.hint.length).toBeGreaterThan(10)
  expect(readdirSync(folder).sort()).toEqual(['bellwether.yaml', 'table.csv'])
}

describe('what cannot be gone on with ends with status 2 and leaves nothing behind', () => {
  test('an empty file', async () => expectRefused(await runOn(''), /EMPTY/, /table\.csv/))
  test('a header alone', async () =>
    expectRefused(await runOn('age,grade,outcome\n'), /EMPTY|NO_ROWS/, /no (data )?rows/i))
  test('a missing target', async () =>
    expectRefused(
      await runOn(goodRows('age,grade,outcom').join('\n')),
      'COLUMN_NOT_FOUND',
      /outcome/,
      /did you mean "outcom"/i,
    ))
  test('a target with one class', async () =>
    expectRefused(
      await runOn(
        goodRows()
          .map((row) => row.replace('fail', 'pass'))
          .join('\n'),
      ),
      'TARGET_ONE_CLASS',
      /outcome/,
    ))
  test('a class with fewer rows than folds', async () => {
    const rows = [...goodRows(), '20,3,rare', '21,4,rare', '22,5,rare']
    expectRefused(await runOn(rows.join('\n')), 'FOLDS_TOO_MANY', /rare/, /5/)
  })
  test('a duplicated header', async () =>
    expectRefused(await runOn(goodRows('age,age,outcome').join('\n')), /HEADER|DUPLICATE/, /age/))
  test('a wrong delimiter', async () => {
    const project = PROJECT.replace('target: outcome', 'target: outcome, read: { delimiter: ";" }')
    expectRefused(await runOn(goodRows().join('\n'), project), /DELIMITER/, /,/)
  })
  test('invalid UTF-8', async () => {
    const bytes = Buffer.from(goodRows().join('\n'))
    bytes[bytes.indexOf('pass')] = 0xff
    expectRefused(await runOn(bytes), /ENCODING|UTF8|UTF_8/, /line 3/)
  })
  test('an unknown key in the project file', async () => {
    expectRefused(
      await runOn(goodRows().join('\n'), `${PROJECT}colour: red\n`),
      'PROJECT_INVALID',
      /bellwether\.yaml:5:1/,
      /colour/,
    )
  })
  test('a typo in the project file', async () => {
    expectRefused(
      await runOn(goodRows().join('\n'), `${PROJECT}serach: { trials: 3 }\n`),
      'PROJECT_INVALID',
      /bellwether\.yaml:5:1/,
      /did you mean "search"/,
    )
  })
  test('a broken project file', async () =>
    expectRefused(await runOn(goodRows().join('\n'), 'name: [pupils\n'), 'PROJECT_INVALID', /bellwether\.yaml:\d+:\d+/))
  test('a column of words declared a number', async () => {
    const project = PROJECT.replace('target: outcome', 'target: outcome, columns: { age: { kind: number } }')
    const rows = goodRows().map((row, i) => (i > 0 && i % 2 ? row.replace(/^\d+/, 'old') : row))
    expectRefused(await runOn(rows.join('\n'), project), /REJECT/, /age/, /line|row/)
  })
  test('a file that is not there', async () => {
    writeFileSync(path.join(folder, 'bellwether.yaml'), PROJECT)
    const result = await bellwether(['run', folder, '--data', path.join(folder, 'nowhere.csv'), '--json'])
    expect(result.status).toBe(2)
    expect(JSON.parse(result.stderr)).toMatchObject({ message: expect.stringContaining('nowhere.csv') })
    expect(readdirSync(folder)).toEqual(['bellwether.yaml'])
  })
})

describe('what can be gone on with is reported, recorded with the run, and goes on', () => {
  test('a constant column', async () => {
    const result = await runOn(
      goodRows('age,grade,outcome')
        .map((row, i) => `${row},${i === 0 ? 'school' : 'GP'}`)
        .join('\n'),
    )
    expect(result.status, result.stderr).toBe(0)
    const document = JSON.parse(result.stdout) as { runId: string; warnings: string[] }
    expect(document.warnings.join()).toMatch(/school/)
    expect(result.stderr).toMatch(/school/)
    const shown = await bellwether([
      'runs',
      'show',
      document.runId,
      '--home',
      path.join(folder, '.bellwether'),
      '--json',
    ])
    expect((JSON.parse(shown.stdout) as { tags: Record<string, string> }).tags['bellwether.warnings']).toMatch(/school/)
  })
  test('a column that is all missing', async () => {
    const result = await runOn(
      goodRows()
        .map((row, i) => `${row},${i === 0 ? 'note' : ''}`)
        .join('\n'),
    )
    expect(result.status, result.stderr).toBe(0)
    expect((JSON.parse(result.stdout) as { warnings: string[] }).warnings.join()).toMatch(/note/)
  })
  test('ragged rows within the policy', async () => {
    const rows = goodRows()
    rows.splice(10, 0, '19,3')
    rows.splice(20, 0, '19,3,pass,more')
    const result = await runOn(rows.join('\n'))
    expect(result.status, result.stderr).toBe(0)
    expect((JSON.parse(result.stdout) as { dataset: { rows: number; rejected: number } }).dataset).toMatchObject({
      rows: 60,
      rejected: 2,
    })
  })
  test('a few words in a column of numbers, within the policy', async () => {
    const project = PROJECT.replace('target: outcome', 'target: outcome, columns: { age: { kind: number } }')
    const rows = goodRows()
    rows[7] = 'old,3,pass'
    const result = await runOn(rows.join('\n'), project)
    expect(result.status, result.stderr).toBe(0)
    expect((JSON.parse(result.stdout) as { dataset: { rows: number; rejected: number } }).dataset).toMatchObject({
      rows: 59,
      rejected: 1,
    })
    expect(result.stderr).toMatch(/1 rejected/)
  })
  test('rows without a target', async () => {
    const rows = goodRows()
    rows[5] = '19,3,'
    const result = await runOn(rows.join('\n'))
    expect(result.status, result.stderr).toBe(0)
    expect((JSON.parse(result.stdout) as { dataset: { rows: number; rejected: number } }).dataset).toMatchObject({
      rows: 59,
      rejected: 1,
    })
  })
  test('a cell of ten million characters', async () => {
    const rows = goodRows().map(
      (row, i) => `${row},${i === 0 ? 'remark' : i === 7 ? 'x'.repeat(10_000_000) : `remark ${i}`}`,
    )
    const result = await runOn(rows.join('\n'))
    expect([0, 2]).toContain(result.status)
    if (result.status === 2) expect(result.text).toMatch(/line 8/)
    expect(result.stderr.length).toBeLessThan(20_000)
  })
})

describe('the machine says no', () => {
  test('a file that may not be read', async () => {
    // Root reads everything; a folder in the file's place is what no user can read.
    writeFileSync(path.join(folder, 'bellwether.yaml'), PROJECT)
    const result = await bellwether(['run', folder, '--data', folder, '--json'])
    expect(result.status).toBe(2)
    expect(JSON.parse(result.stderr)).toMatchObject({
      hint: expect.any(String),
      message: expect.stringMatching(/folder|directory/),
    })
  })
  test('a home that cannot be made', async () => {
    writeFileSync(path.join(folder, 'table.csv'), goodRows().join('\n'))
    writeFileSync(path.join(folder, 'bellwether.yaml'), PROJECT)
    writeFileSync(path.join(folder, 'taken'), 'a file\n')
    const result = await bellwether([
      'run',
      folder,
      '--data',
      path.join(folder, 'table.csv'),
      '--home',
      path.join(folder, 'taken'),
      '--json',
    ])
    expect(result.status).toBe(2)
    expect(JSON.parse(result.stderr.trim().split('\n').at(-1)!)).toMatchObject({
      message: expect.stringContaining('taken'),
    })
  })
  test('a home where nobody may write', async () => {
    writeFileSync(path.join(folder, 'table.csv'), goodRows().join('\n'))
    writeFileSync(path.join(folder, 'bellwether.yaml'), PROJECT)
    const result = await bellwether([
      'run',
      folder,
      '--data',
      path.join(folder, 'table.csv'),
      '--home',
      '/proc/bellwether',
      '--json',
    ])
    expect(result.status).toBe(2)
    expect(JSON.parse(result.stderr.trim().split('\n').at(-1)!)).toMatchObject({
      message: expect.stringContaining('/proc/bellwether'),
      hint: expect.any(String),
    })
  })
  test('a port in use', async () => {
    await runOn(goodRows().join('\n'))
    const holder = net.createServer()
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve))
    const { port } = holder.address() as net.AddressInfo
    const result = await bellwether([
      'serve',
      '--home',
      path.join(folder, '.bellwether'),
      '--port',
      String(port),
      '--json',
    ])
    holder.close()
    expect(result.status).toBe(2)
    expect(JSON.parse(result.stderr.trim().split('\n').at(-1)!)).toMatchObject({
      error: 'PORT_IN_USE',
      message: expect.stringContaining(String(port)),
    })
  })
  test('serving a home that is not there', async () => {
    const result = await bellwether(['serve', '--home', path.join(folder, 'none'), '--json'])
    expect(result.status).toBe(2)
    expect(existsSync(path.join(folder, 'none'))).toBe(false)
  })
  test('an unknown command and an unknown option', async () => {
    for (const args of [['trian'], ['run', 'academic-risk', '--treads', '2']]) {
      const result = await bellwether(args)
      expect(result.status).toBe(2)
      expect(result.stderr).toMatch(/did you mean|unknown/i)
    }
  })
})
