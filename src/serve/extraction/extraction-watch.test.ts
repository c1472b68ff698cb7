import { fileURLToPath } from 'node:url'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { DataOptions } from '../../data/data-options.ts'
import { type LoadedDataset, loadDataset } from '../../data/load-dataset.ts'
import { RandomState } from '../../table/random.ts'
import type { ColumnSchema } from '../../table/schema.ts'
import { ExtractionSettings } from './extraction-settings.ts'
import { type Asked, type ExtractionAlert, ExtractionWatch } from './extraction-watch.ts'

const SAMPLE = fileURLToPath(new URL('../../../examples/academic-risk/data/students-synthetic.csv', import.meta.url))

type Value = string | number | boolean | null
type Fields = Record<string, Value>

/** Rows of a data set as a client would send them, and what an attacker makes who knows the signature's ranges. */
class Asking {
  readonly inputs: ColumnSchema[]
  readonly random: RandomState
  readonly #data: LoadedDataset
  readonly #target: string

  constructor(data: LoadedDataset, target: string, seed = 11) {
    this.#data = data
    this.#target = target
    this.inputs = data.schema.columns.filter(({ name }) => name !== target)
    this.random = new RandomState(seed)
  }

  static async of(file: string, target: string): Promise<Asking> {
    const options = DataOptions.parse({ target })
    return new Asking(await loadDataset({ file, options }), target)
  }

  get scorer(): Asked['scorer'] {
    // What the watch reads of a scorer.
    const signature = { inputs: this.inputs } as Asked['scorer']['signature']
    return { signature, profile: this.#data.profile }
  }

  row(i: number): Fields {
    const { table, nRows } = this.#data
    const at = i % nRows
    return Object.fromEntries(
      this.inputs.map(({ name, dataType }) => {
        const column = table.columns.get(name)!
        if (column.kind === 'category')
          return [name, column.codes[at]! < 0 ? null : written(column.categories[column.codes[at]!]!, dataType)]
        if (column.kind === 'text') return [name, column.values[at]!]
        return [name, Number.isNaN(column.values[at]!) ? null : column.values[at]!]
      }),
    )
  }

  /** What the row is predicted as: near enough to what it is. */
  labelOf(i: number): string | null {
    const column = this.#data.table.columns.get(this.#target)!
    return column.kind === 'category' ? column.categories[column.codes[i % this.#data.nRows]!]! : null
  }

  draw({ name, dataType }: ColumnSchema): Value {
    const column = this.#data.profile.columns.find((one) => one.name === name)!
    if (column.categories.length > 0)
      return written(column.categories[this.random.randint(column.categories.length)]!.value, dataType)
    const { min, max } = column.distribution!
    const value = min + this.random.random() * (max - min)
    return dataType === 'integer' ? Math.round(value) : value
  }
}

function written(text: string, dataType: ColumnSchema['dataType']): Value {
  return dataType === 'integer' ? Number(text) : dataType === 'boolean' ? text === 'true' : text
}

let now = Date.UTC(2026, 0, 5, 8)
let alerts: ExtractionAlert[] = []
afterEach(() => {
  alerts = []
})

function watchWith(settings: Partial<ExtractionSettings> = {}): ExtractionWatch {
  const random = new RandomState(1)
  return new ExtractionWatch({
    settings: { ...ExtractionSettings.parse({}), ...settings },
    clock: () => now,
    random: () => random.random(),
    onAlert: (alert) => alerts.push(alert),
  })
}

interface Question {
  readonly record: Fields
  readonly answer?: string | null
}

function ask(watch: ExtractionWatch, { scorer }: Asking, questions: readonly Question[], more: Partial<Asked> = {}) {
  const caller = { caller: 'key:one', model: 'risk', version: 1, scorer, ratePerMinute: null }
  watch.asked({
    ...caller,
    records: questions.map(({ record }) => record),
    answerOf: (i) => questions[i]!.answer ?? null,
    ...more,
  })
}

const rules = () => [...new Set(alerts.map(({ rule }) => rule))].sort()

/** Attacks and real work, of any data set. */
function extractionSuite(file: () => string, target: string): void {
  let asking: Asking
  beforeAll(async () => {
    asking = await Asking.of(file(), target)
  })

  test('rows of life raise nothing: one by one, all at once, and the same ones every ten minutes', () => {
    const watch = watchWith()
    for (let i = 0; i < 600; i++, now += 1000)
      ask(watch, asking, [{ record: asking.row(i), answer: asking.labelOf(i) }])
    const all = Array.from({ length: 600 }, (_, i) => ({ record: asking.row(i), answer: asking.labelOf(i) }))
    ask(watch, asking, all, { caller: 'key:all' })
    for (let time = 0; time < 6; time++, now += 600_000)
      for (const one of all.slice(0, 200)) ask(watch, asking, [one], { caller: 'key:again' })
    expect(alerts).toEqual([])
  })

  test('an adviser who looks at forty rows of life and changes a field here and there raises nothing', () => {
    const watch = watchWith()
    for (let i = 0; i < 40; i++) {
      const record = asking.row(i)
      ask(watch, asking, [{ record }])
      for (const field of asking.inputs.slice(0, 3))
        ask(watch, asking, [{ record: { ...record, [field.name]: asking.draw(field) } }])
      now += 30_000
    }
    expect(alerts).toEqual([])
  })

  test('records drawn at random from ranges and lists raise an alert', () => {
    const watch = watchWith()
    for (let i = 0; i < 400; i++, now += 1000)
      ask(watch, asking, [
        { record: Object.fromEntries(asking.inputs.map((field) => [field.name, asking.draw(field)])) },
      ])
    expect(rules()).toEqual(['random-probing'])
  })

  test('one field after another of a few records raises an alert', () => {
    const watch = watchWith()
    for (let i = 0; i < 900; i++, now += 1000) {
      const field = asking.inputs[i % asking.inputs.length]!
      ask(watch, asking, [{ record: { ...asking.row(Math.floor(i / 60)), [field.name]: asking.draw(field) } }])
    }
    expect(rules()).toContain('one-field-sweep')
  })

  test('an alert says what was seen, never a value of a record, and is said once in a window', () => {
    const watch = watchWith()
    for (let i = 0; i < 800; i++)
      ask(watch, asking, [
        { record: Object.fromEntries(asking.inputs.map((field) => [field.name, asking.draw(field)])) },
      ])
    expect(alerts).toEqual([
      {
        caller: 'key:one',
        model: 'risk',
        version: 1,
        rule: 'random-probing',
        why: expect.stringMatching(/^\d+ records look drawn evenly from ranges and lists: \d+\.\d nats a record/),
      },
    ])
  })
}

describe('on the synthetic students', () => {
  extractionSuite(() => SAMPLE, 'Target')

  test('small steps around few records (Jacobian augmentation) are unnaturally far from one another', async () => {
    const asking = await Asking.of(SAMPLE, 'Target')
    const numbers = asking.inputs.filter(({ kind }) => kind === 'number')
    const watch = watchWith()
    for (let i = 0; i < 1200; i++, now += 2000) {
      const record = asking.row(Math.floor(i / 10))
      const steps = numbers.map(({ name, observed: { min, max } }) => {
        const step = 0.1 * ((max ?? 1) - (min ?? 0)) * (asking.random.random() < 0.5 ? -1 : 1)
        return [name, Number(record[name] ?? 0) + step]
      })
      ask(watch, asking, [{ record: { ...record, ...Object.fromEntries(steps) }, answer: 'Dropout' }])
    }
    expect(rules()).toContain('unnatural-distances')
  })

  test('blanks around names of fields hide nothing', async () => {
    const asking = await Asking.of(SAMPLE, 'Target')
    const watch = watchWith()
    for (let i = 0; i < 400; i++)
      ask(watch, asking, [
        { record: Object.fromEntries(asking.inputs.map((field) => [` ${field.name}`, asking.draw(field)])) },
      ])
    expect(rules()).toEqual(['random-probing'])
  })
})

describeWithDatasets('on real data', () => {
  describe('of students who may drop out', () =>
    extractionSuite(() => dataset('student-dropout', 'data.csv'), 'Target'))
  describe('of pupils in Portuguese', () =>
    extractionSuite(() => dataset('student-performance', 'student-por.csv'), 'G3'))
  describe('of exam scores, seven columns', () =>
    extractionSuite(() => dataset('exam-scores', 'stud.csv'), 'math_score'))
})

describe('how much is asked', () => {
  let asking: Asking
  beforeAll(async () => {
    asking = await Asking.of(SAMPLE, 'Target')
  })

  test('more different records than the settings say raise an alert, the same ones do not', () => {
    const watch = watchWith({ distinctRecords: 2000 })
    for (let i = 0; i < 3000; i += 50)
      ask(
        watch,
        asking,
        Array.from({ length: 50 }, (_, k) => ({ record: asking.row(k) })),
        { caller: 'key:same' },
      )
    expect(alerts).toEqual([])
    for (let i = 0; i < 3000; i += 50)
      ask(
        watch,
        asking,
        Array.from({ length: 50 }, (_, k) => ({ record: asking.row(i + k) })),
      )
    expect(alerts.map(({ caller, rule }) => [caller, rule])).toEqual([['key:one', 'many-records']])
  })

  test.each([
    [100, ['near-the-limit']],
    [130, []],
    [null, []],
  ])('of 100 requests a minute for 40 minutes, with %j allowed: %j', (ratePerMinute, expected) => {
    const watch = watchWith()
    now = Math.ceil(now / 600_000) * 600_000
    for (let i = 0; i < 4000; i++, now += 600) ask(watch, asking, [{ record: asking.row(i) }], { ratePerMinute })
    expect(rules()).toEqual(expected)
  })

  test('what is older than the window counts no more', () => {
    const watch = watchWith({ minRecords: 300 })
    const probe = () => ({ record: Object.fromEntries(asking.inputs.map((field) => [field.name, asking.draw(field)])) })
    for (let day = 0; day < 4; day++, now += 24 * 3_600_000) for (let i = 0; i < 200; i++) ask(watch, asking, [probe()])
    expect(alerts).toEqual([])
  })
})

describe('what is kept', () => {
  test('100,000 callers take a bounded number of windows, and one who attacks among them is found', async () => {
    const asking = await Asking.of(SAMPLE, 'Target')
    const watch = watchWith()
    const rows = Array.from({ length: 50 }, (_, i) => ({ record: asking.row(i) }))
    for (let i = 0; i < 100_000; i++) {
      ask(watch, asking, [rows[i % 50]!], { caller: `key:${i}` })
      // A hundredth asks often enough for a window.
      if (i % 100 === 0) ask(watch, asking, rows, { caller: `key:${i}` })
      if (i % 200 === 0)
        ask(watch, asking, [
          { record: Object.fromEntries(asking.inputs.map((field) => [field.name, asking.draw(field)])) },
        ])
    }
    expect(watch.watched).toBeLessThanOrEqual(500)
    expect(watch.watched).toBeGreaterThan(400)
    expect(alerts.map(({ caller, rule }) => [caller, rule])).toEqual([['key:one', 'random-probing']])
  })

  test('a caller is refused only where the settings say so, until the window has passed', async () => {
    const asking = await Asking.of(SAMPLE, 'Target')
    for (const refuse of [false, true]) {
      const watch = watchWith({ refuse })
      for (let i = 0; i < 400; i++)
        ask(watch, asking, [
          { record: Object.fromEntries(asking.inputs.map((field) => [field.name, asking.draw(field)])) },
        ])
      expect(watch.refusedSeconds('key:one')).toBe(refuse ? 3600 : 0)
      expect(watch.refusedSeconds('key:two')).toBe(0)
      now += 3_600_000
      expect(watch.refusedSeconds('key:one')).toBe(0)
    }
  })
})
