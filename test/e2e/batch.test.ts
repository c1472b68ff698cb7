import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withDuckDb } from '../../src/data/duckdb.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { FilePredictionLog } from '../../src/store/prediction-log/file-prediction-log.ts'
import { bellwether, startBellwether, temporaryFolder } from '../support/cli.ts'
import { makePupils, toCsv, writePupilsProject } from '../support/pupils.ts'
import { type Served, startServing } from '../support/served.ts'

/** One home with a small linear model, and files of more rows than it was trained on. */
const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')
const pupils = makePupils(300)
const at = (name: string) => path.join(folder, name)
const sha = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
const hidden = () => readdirSync(folder).filter((name) => name.startsWith('.'))
const predict = (...args: string[]) => ['predict', 'pupils', ...args, '--home', home]

/** The pupils again and again, some rows broken, to `nRows` rows. */
async function writeMany(file: string, nRows: number): Promise<void> {
  const [header, ...lines] = toCsv(pupils).trimEnd().split('\n')
  const output = createWriteStream(file)
  const ended = new Promise<void>((resolve) => output.on('close', () => resolve()))
  output.write(`${header}\n`)
  for (let from = 0; from < nRows; from += 1000) {
    const block = Array.from({ length: Math.min(1000, nRows - from) }, (_, i) => {
      const row = from + i
      if (row % 997 === 5) return lines[row % 300]!.replace(/^(P\d+),\d+/, '$1,old')
      return row % 5003 === 9 ? 'torn,line' : lines[row % 300]!
    })
    if (!output.write(`${block.join('\n')}\n`))
      await new Promise<void>((resolve) => output.once('drain', () => resolve()))
  }
  output.end()
  await ended
}

beforeAll(async () => {
  const project = writePupilsProject(
    at('project'),
    pupils,
    'models: [logistic-regression]\nsearch: { trials: 1, folds: 2 }\n',
  )
  const { status, stderr } = await bellwether(['run', project, '--home', home, '--threads', '1'])
  expect(status, stderr).toBe(0)
  await writeMany(at('many.csv'), 40_000)
}, 300_000)
afterAll(remove)

/** Runs it to its end. */
async function scored(args: readonly string[], status: number): Promise<string> {
  const result = await bellwether(args, { timeoutMs: 400_000 })
  expect(result.status, `${args.join(' ')}\n${result.stderr}`).toBe(status)
  return result.stderr
}

describe('a batch', () => {
  test('has the answers of /predict to the last bit, in CSV, JSON lines and Parquet', async () => {
    writeFileSync(at('pupils.csv'), toCsv(pupils))
    for (const format of ['csv', 'jsonl', 'parquet'])
      await scored(predict('--data', at('pupils.csv'), '--out', at(`few.${format}`)), 0)
    let server: Served | null = null
    try {
      server = await startServing(['serve', '--home', home])
      const { body } = await server.post<{ predictions: ClassPrediction[] }>('/api/v1/models/pupils/predict', {
        records: pupils,
      })
      const classes = Object.keys(body.predictions[0]!.probabilities)
      const expected = body.predictions.map(({ label, confidence, probabilities }) => [
        label,
        confidence,
        ...classes.map((name) => probabilities[name]!),
      ])
      const csv = readFileSync(at('few.csv'), 'utf8').trimEnd().split('\n').slice(1)
      expect(
        csv.map((line) => {
          const [, label, ...numbers] = line.split(',').slice(0, 3 + classes.length)
          return [label, ...numbers.map(Number)]
        }),
      ).toEqual(expected)
      const lines = readFileSync(at('few.jsonl'), 'utf8').trimEnd().split('\n')
      expect(
        lines.map((line) => {
          const { label, confidence, probabilities } = JSON.parse(line) as ClassPrediction
          return [label, confidence, ...classes.map((name) => probabilities[name]!)]
        }),
      ).toEqual(expected)
      const rows = await withDuckDb(async (connection) => {
        const names = classes.map((name) => `"probability ${name}"`).join(', ')
        const read = await connection.runAndReadAll(
          `SELECT label, confidence, ${names} FROM read_parquet('${at('few.parquet')}')`,
        )
        return read.getRows()
      })
      expect(rows).toEqual(expected)
    } finally {
      await server?.stop()
    }
    // The same file scored twice has the same ids.
    await scored(predict('--data', at('pupils.csv'), '--out', at('again.jsonl')), 0)
    expect(sha(at('again.jsonl'))).toBe(sha(at('few.jsonl')))
  }, 300_000)

  test('writes rejected rows with their reasons to a file beside it, and copies columns that are asked for', async () => {
    const told = await scored(predict('--data', at('many.csv'), '--out', at('m.csv'), '--include', 'student id,age'), 1)
    const lines = readFileSync(at('m.csv'), 'utf8').trimEnd().split('\n')
    expect(lines[0]).toBe(
      'row,student id,age,label,confidence,probability fail,probability pass,probability repeat,set',
    )
    expect(lines[1]).toMatch(/^2,P00001,\d+,/)
    const rejected = readFileSync(at('m.rejects.csv'), 'utf8').trimEnd().split('\r\n')
    expect(rejected).toHaveLength(1 + 41 + 8)
    expect(rejected[1]).toMatch(/^7,age,type,"age: expected a number, got text, found ""old""",P00006,old,/)
    expect(rejected.some((line) => line.includes('malformed'))).toBe(true)
    expect(lines).toHaveLength(1 + 40_000 - 49)
    expect(told).toContain('39951 rows scored by pupils version 1, 49 not')
    expect(hidden()).toEqual([])
  }, 120_000)

  test('escapes what a spreadsheet would take for a formula where that is asked for', async () => {
    const [header, first] = toCsv(pupils).split('\n')
    writeFileSync(at('evil.csv'), `${header}\n${first!.replace('P00001', '"=HYPERLINK(""http://x"")"')}\n`)
    const args = ['--data', at('evil.csv'), '--out', at('evil-out.csv'), '--include', 'student id,age']
    await scored(predict(...args, '--spreadsheet'), 0)
    expect(readFileSync(at('evil-out.csv'), 'utf8').split('\n')[1]).toMatch(/^2,"'=HYPERLINK\(""http:\/\/x""\)",\d/)
    await scored(predict(...args), 0)
    expect(readFileSync(at('evil-out.csv'), 'utf8').split('\n')[1]).toMatch(/^2,"=HYPERLINK/)
  }, 60_000)

  test('refuses to write over its own data, and formats that it does not know', async () => {
    const before = sha(at('pupils.csv'))
    const { status, stderr } = await bellwether(predict('--data', at('pupils.csv'), '--out', at('pupils.csv')))
    expect({ status, stderr: stderr.slice(0, 5) }).toEqual({ status: 2, stderr: 'USAGE' })
    expect(sha(at('pupils.csv'))).toBe(before)
    expect((await bellwether(predict('--data', at('pupils.csv'), '--out', at('x.xlsx')))).status).toBe(2)
  })
})

/** Ids that the prediction log has of each batch. */
async function recordedBatches(): Promise<Map<string, string[]>> {
  const log = await FilePredictionLog.open(path.join(home, 'predictions'), { clock: Date.now })
  const found = new Map<string, string[]>()
  try {
    for await (const { request, key, id } of log.entries({})) {
      if (key !== 'cli') continue
      const ids = found.get(request)
      if (ids) ids.push(id)
      else found.set(request, [id])
    }
  } finally {
    await log.close()
  }
  return found
}

test('a prediction of the command line is recorded with its person, takes an outcome, and is erased', async () => {
  const [header, first] = toCsv(pupils).split('\n')
  writeFileSync(at('marked.csv'), `${header}\n${first!.replace('P00001', ' MARKED-7 ')}\n`)
  const { stdout } = await bellwether(predict('--data', at('marked.csv')))
  const { id, label } = JSON.parse(stdout) as { id: string; label: string }
  const find = async () => {
    const { stdout: found } = await bellwether(['predictions', 'find', '--id', 'MARKED-7', '--home', home, '--json'])
    return (JSON.parse(found) as { predictions: Record<string, unknown>[] }).predictions
  }
  const { age } = pupils[0]!
  expect(await find()).toEqual([
    expect.objectContaining({ id, key: 'cli', model: 'pupils', features: expect.objectContaining({ age }) }),
  ])
  writeFileSync(at('outcomes.csv'), `predictionId,label\n${id},${label}\n`)
  const told = await bellwether(['outcomes', 'add', 'pupils', '--data', at('outcomes.csv'), '--home', home, '--json'])
  expect(told.status, told.stderr).toBe(0)
  await scored(['predictions', 'erase', '--id', 'MARKED-7', '--home', home], 0)
  expect(await find()).toEqual([])
  await scored(predict('--data', at('marked.csv'), '--no-log'), 0)
  expect(await find()).toEqual([])
})

describe('a batch that is killed', () => {
  /** Kills the command as soon as its partial file has grown to so many bytes. */
  async function killedAt(args: readonly string[], bytes: number): Promise<boolean> {
    const child = startBellwether(args)
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, signal) => resolve(signal)))
    let over = false
    void ended.then(() => {
      over = true
    })
    while (!over) {
      const partial = hidden().find((name) => name.endsWith('.partial'))
      if (partial && readFileSync(at(partial)).length >= bytes) child.kill('SIGKILL')
      await sleep(5)
    }
    return (await ended) === 'SIGKILL'
  }

  test.each(['csv', 'parquet'])(
    'goes on where its last checkpoint was, to the same %s as one that was not',
    async (format) => {
      const data = at(`killed-${format}-data.csv`)
      // A file of its own, so that none of its rows was recorded before.
      const nRows = format === 'csv' ? 40_001 : 40_002
      await writeMany(data, nRows)
      const whole = at(`whole.${format}`)
      await scored(predict('--data', data, '--out', whole, '--no-log'), 1)
      const before = await recordedBatches()
      const out = at(`killed.${format}`)
      let kills = 0
      let resumed = 0
      for (let attempt = 0; attempt < 12 && !existsSync(out); attempt++) {
        if (await killedAt(predict('--data', data, '--out', out), 200_000 + attempt * 400_000)) {
          kills++
          expect(existsSync(out)).toBe(false)
          // As after a power cut, what lies beyond the checkpoint may be anything.
          const partial = hidden().find((name) => name.endsWith('.partial'))
          if (partial && kills === 2) writeFileSync(at(partial), 'torn', { flag: 'a' })
          if (hidden().some((name) => name.endsWith('.checkpoint'))) resumed++
        }
      }
      if (!existsSync(out)) {
        const told = await scored(predict('--data', data, '--out', out), 1)
        if (resumed > 0) expect(told).toContain('going on after')
      }
      expect(kills).toBeGreaterThan(2)
      expect(sha(out)).toBe(sha(whole))
      expect(sha(at('killed.rejects.csv'))).toBe(sha(at('whole.rejects.csv')))
      expect(hidden()).toEqual([])
      // Every row that was answered is recorded once, whatever was killed when.
      const [ids, ...others] = [...(await recordedBatches())].flatMap(([batch, all]) =>
        before.has(batch) ? [] : [all],
      )
      expect(others).toEqual([])
      expect([ids!.length, new Set(ids).size]).toEqual([nRows - 49, nRows - 49])
      await scored(predict('--data', data, '--out', out), 1)
      expect([...(await recordedBatches()).values()].flat()).toHaveLength(
        [...before.values()].flat().length + nRows - 49,
      )
    },
    400_000,
  )

  test('by Ctrl-C ends with 130, says where it stands, and goes on', async () => {
    const out = at('stopped.jsonl')
    const child = startBellwether(predict('--data', at('many.csv'), '--out', out))
    let told = ''
    child.stderr.on('data', (part) => {
      told += part
    })
    const ended = new Promise<number | null>((resolve) => child.on('close', (status) => resolve(status)))
    while (!hidden().some((name) => name.endsWith('.partial') && readFileSync(at(name)).length > 1e6)) await sleep(5)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(told).toMatch(/Stopped after \d+ of 40000 rows/)
    expect(existsSync(out)).toBe(false)
    expect(await scored(predict('--data', at('many.csv'), '--out', out), 1)).toMatch(/going on after \d+ of 40000 rows/)
    await scored(predict('--data', at('many.csv'), '--out', at('straight.jsonl')), 1)
    expect(sha(out)).toBe(sha(at('straight.jsonl')))
  }, 200_000)
})

test('300,000 rows are scored in a heap and memory that do not grow with them', async () => {
  await writeMany(at('huge.csv'), 300_000)
  const peakOf = async (data: string, out: string) => {
    const child = startBellwether(predict('--data', data, '--out', out), {
      env: { NODE_OPTIONS: '--max-old-space-size=96' },
    })
    let peak = 0
    const watch = setInterval(() => {
      const kilobytes = /VmHWM:\s+(\d+)/.exec(statusOf(child.pid!))?.[1]
      peak = Math.max(peak, Number(kilobytes ?? 0) / 1024)
    }, 20)
    let told = ''
    child.stderr.on('data', (part) => {
      told += part
    })
    const status = await new Promise((resolve) => child.on('close', resolve))
    clearInterval(watch)
    expect(status, told).toBe(1)
    return peak
  }
  // Both to Parquet: what DuckDB takes is no growth.
  const few = await peakOf(at('many.csv'), at('few-memory.parquet'))
  const many = await peakOf(at('huge.csv'), at('huge.parquet'))
  const rows = await withDuckDb(async (connection) => {
    const read = await connection.runAndReadAll(
      `SELECT count(*), min(row), max(row) FROM read_parquet('${at('huge.parquet')}')`,
    )
    return read.getRowsJson()[0]!.map(Number)
  })
  expect(rows).toEqual([300_000 - 361, 2, 300_001])
  if (process.platform !== 'linux') return
  console.info(`peak memory: ${few.toFixed(0)} MiB for 40,000 rows, ${many.toFixed(0)} MiB for 300,000 to Parquet`)
  expect(few).toBeGreaterThan(50)
  expect(many).toBeLessThan(400)
  expect(many - few).toBeLessThan(150)
}, 600_000)

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8')
  } catch {
    return ''
  }
}
