import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ClassPrediction, ValuePrediction } from '../../src/serve/prediction.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { dataset, describeWithDatasets } from '../support/datasets.ts'
import { type Served, startServing } from '../support/served.ts'

type Row = Record<string, string | number>

/** The rows of a file as JSON, under its own header names, whatever stands in them. For files without a delimiter inside quotes. */
function rowsOf(file: string, delimiter: string): Row[] {
  const lines = readFileSync(file, 'utf8')
    .replace(/^\uFEFF/, '')
    .trim()
    .split(/\r?\n/)
  const cells = lines.map((line) => line.split(delimiter).map((cell) => cell.replace(/^"(.*)"$/, '$1')))
  const [header = [], ...rows] = cells
  const value = (cell: string) => (/^-?\d+(\.\d+)?$/.test(cell) ? Number(cell) : cell)
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, value(row[i]!)])))
}

const BATCH = 500

async function predictAll<Prediction>(server: Served, where: string, rows: readonly Row[]): Promise<Prediction[]> {
  const predictions: Prediction[] = []
  for (let i = 0; i < rows.length; i += BATCH) {
    const records = rows.slice(i, i + BATCH)
    const answer = await server.post<{ predictions: Prediction[] }>(`/api/v1/models/${where}/predict`, { records })
    expect(answer.status, JSON.stringify(answer.body).slice(0, 500)).toBe(200)
    predictions.push(...answer.body.predictions)
  }
  return predictions
}

describeWithDatasets('the real files, from table to served prediction', () => {
  const { folder, remove } = temporaryFolder()
  const home = path.join(folder, 'home')
  afterAll(remove)

  const run = async (project: string, data: string, ...more: string[]): Promise<RunResult> => {
    const result = await bellwether(['run', project, '--data', data, '--home', home, '--json', ...more], {
      timeoutMs: 300_000,
    })
    expect(result.status, result.stderr).toBe(0)
    return JSON.parse(result.stdout) as RunResult
  }
  /** A project of five lines. */
  const projectOf = (name: string, task: string, target: string): string => {
    const place = path.join(folder, name)
    mkdirSync(place)
    writeFileSync(
      path.join(place, 'bellwether.yaml'),
      `name: ${name}\ntask: ${task}\ndata:\n  target: ${target}\nsearch: { trials: 3 }\n`,
    )
    return place
  }
  const scoredByPredict = async <Prediction>(model: string, data: string): Promise<Prediction[]> => {
    const { status, stdout, stderr } = await bellwether([
      ...['predict', model, '--data', data, '--home', home, '--json'],
    ])
    expect(status, stderr).toBe(0)
    return (JSON.parse(stdout) as { predictions: Prediction[] }).predictions
  }

  describe('UCI 697 as it is, and its sister of 34 columns, with the same project', () => {
    const uci = dataset('student-dropout', 'data.csv')
    const sister = dataset('student-dropout', 'dataset-34.csv')
    let whole: RunResult
    let older: RunResult
    let server: Served
    beforeAll(async () => {
      whole = await run('academic-risk', uci, '--trials', '5', '--threads', '2')
      older = await run('academic-risk', sister, '--trials', '2', '--models', 'logistic-regression,gradient-boosting')
      server = await startServing(['serve', '--home', home])
    }, 400_000)
    afterAll(async () => {
      await server?.stop()
    })

    test('every row is accepted, and the winner is far better than the baseline', () => {
      expect(whole.dataset).toMatchObject({ rows: 4424, rejected: 0 })
      expect(whole.candidates.map(({ estimator }) => estimator)).toEqual([
        'baseline',
        'logistic-regression',
        'random-forest',
        'gradient-boosting',
      ])
      expect(whole.best.cv['f1_macro']).toBeGreaterThan(0.7)
      expect(whole.test['f1_macro']).toBeGreaterThan(0.65)
      expect(whole.baseline['f1_macro']).toBeLessThan(0.25)
      expect(older.dataset).toMatchObject({ rows: 4424, rejected: 0 })
      expect(older.best.cv['f1_macro']).toBeGreaterThan(0.68)
    })

    test('the sister file, whose codes are others, is trained on with a word about each column of them', () => {
      expect(older.warnings.filter((warning) => /codes have no label/.test(warning))).toHaveLength(8)
      expect(whole.warnings.filter((warning) => /codes have no label/.test(warning))).toEqual([])
    })

    test('each row of the file is answered, under its own header names, as by `predict`, to the last bit', async () => {
      const rows = rowsOf(uci, ';')
      expect(Object.keys(rows[0]!)).toContain('Daytime/evening attendance\t')
      const served = await predictAll<ClassPrediction>(server, 'academic-risk/versions/1', rows)
      expect(served).toHaveLength(4424)
      const scored = await scoredByPredict<ClassPrediction>('academic-risk/1', uci)
      expect(served.map(({ probabilities }) => probabilities)).toEqual(scored.map(({ probabilities }) => probabilities))
      const right = served.filter(({ label }, i) => label === rows[i]!['Target']).length
      expect(right / rows.length).toBeGreaterThan(0.72)
    }, 60_000)

    test('so is each row of the sister file, by its own version', async () => {
      const rows = rowsOf(sister, ',')
      const served = await predictAll<ClassPrediction>(server, 'academic-risk', rows)
      const scored = await scoredByPredict<ClassPrediction>('academic-risk@champion', sister)
      expect(served.map(({ probabilities }) => probabilities)).toEqual(scored.map(({ probabilities }) => probabilities))
    }, 60_000)

    test('a code that training did not see is answered with a warning; a column that lacks is refused by name', async () => {
      const [row] = rowsOf(uci, ';')
      const unseen = await server.post<{ predictions: ClassPrediction[] }>(
        '/api/v1/models/academic-risk/versions/1/predict',
        {
          records: [{ ...row, Course: 12 }],
        },
      )
      expect(unseen.status).toBe(200)
      expect(unseen.body.predictions[0]!.warnings.map((warning) => warning.path)).toEqual(['records[0].Course'])
      const older = await server.post<{ details: { path: string }[] }>(
        '/api/v1/models/academic-risk/versions/1/predict',
        {
          records: [rowsOf(sister, ',')[0]],
        },
      )
      expect(older.status).toBe(400)
      expect(older.body.details.map((detail) => detail.path)).toEqual([
        'records[0]["Previous qualification (grade)"]',
        'records[0]["Admission grade"]',
      ])
    })
  })

  describe('files that it has never seen, with a project file of five lines', () => {
    const mathematics = dataset('student-performance', 'student-mat.csv')
    const exams = dataset('exam-scores', 'stud.csv')

    test('the final grade in mathematics, a number', async () => {
      const result = await run(projectOf('final-grade', 'regression', 'G3'), mathematics)
      expect(result.dataset).toMatchObject({ rows: 395, rejected: 0 })
      expect(result.candidates.map(({ estimator }) => estimator)).toEqual([
        'baseline',
        'ridge',
        'random-forest',
        'gradient-boosting',
      ])
      expect(result.test['rmse']!).toBeLessThan(0.6 * result.baseline['rmse']!)
    }, 120_000)

    test('who passes, an expression of the final grade, which is no feature then', async () => {
      const result = await run(projectOf('passes', 'classification', 'G3 >= 10'), mathematics)
      expect(result.dataset).toMatchObject({ rows: 395, rejected: 0 })
      expect(result.test['f1_macro']!).toBeGreaterThan(0.75)
      expect(result.test['f1_macro']!).toBeLessThan(0.999)
    }, 120_000)

    test('the exam scores', async () => {
      const result = await run(projectOf('exam', 'regression', 'math_score'), exams)
      expect(result.dataset).toMatchObject({ rows: 1000, rejected: 0 })
      expect(result.test['r2']!).toBeGreaterThan(0.8)
    }, 120_000)

    test('all of them are served, each row as it stands in its file', async () => {
      const server = await startServing(['serve', '--home', home])
      try {
        for (const [model, file, delimiter, count] of [
          ['final-grade', mathematics, ';', 395],
          ['exam', exams, ',', 1000],
        ] as const) {
          const served = await predictAll<ValuePrediction>(server, model, rowsOf(file, delimiter))
          expect(served).toHaveLength(count)
          const scored = await scoredByPredict<ValuePrediction>(model, file)
          expect(served.map(({ value, interval }) => ({ value, interval }))).toEqual(
            scored.map(({ value, interval }) => ({ value, interval })),
          )
          for (const { value, interval } of served) {
            expect(interval![0]).toBeLessThanOrEqual(value)
            expect(interval![1]).toBeGreaterThanOrEqual(value)
          }
        }
        const passes = await predictAll<ClassPrediction>(server, 'passes', rowsOf(mathematics, ';'))
        expect(new Set(passes.map(({ label }) => label))).toEqual(new Set(['true', 'false']))
      } finally {
        await server.stop()
      }
    }, 60_000)
  })

  test('questions with long texts, line ends and quotes in them are read whole', async () => {
    const place = projectOf('questions', 'regression', 'Score')
    const { status, stdout, stderr } = await bellwether([
      ...['data', 'validate', place, '--data', dataset('cross-validated', 'crossvalidated-questions.csv'), '--json'],
    ])
    expect(status, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ rows: 2615, rejected: 0 })
  })
})
