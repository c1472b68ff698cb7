import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeSample, TOPICS } from '../../examples/question-tagging/make-sample.ts'
import type { PredictingSignature } from '../../src/packaging/signature.ts'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { bellwether, ROOT, temporaryFolder } from '../support/cli.ts'
import { type Served, startServing } from '../support/served.ts'

const { folder, remove } = temporaryFolder()
const home = path.join(folder, 'home')
let run: RunResult
let server: Served

const QUESTION = {
  title: 'Why does my classifier overfit?',
  body: 'I trained a neural network with dropout layers and cross-validation. Zyzzyva, what would you do?',
}

beforeAll(async () => {
  const result = await bellwether(['run', 'question-tagging', '--home', home, '--trials', '1', '--json'], {
    timeoutMs: 240_000,
  })
  expect(result.status, result.stderr).toBe(0)
  run = JSON.parse(result.stdout) as RunResult
  server = await startServing(['serve', '--home', home])
}, 300_000)
afterAll(async () => {
  await server?.stop()
  remove()
})

async function predict(record: unknown): Promise<ClassPrediction> {
  const { status, body } = await server.post<{ predictions: ClassPrediction[] }>(
    '/api/v1/models/question-tagging/predict',
    { records: [record], explain: true },
  )
  expect(status, JSON.stringify(body)).toBe(200)
  return body.predictions[0]!
}

describe('the example of question tagging', () => {
  test('has a sample that is what its script makes, byte for byte', () => {
    const committed = readFileSync(path.join(ROOT, 'examples/question-tagging/data/questions-synthetic.csv'), 'utf8')
    expect(makeSample(400, 2016) === committed).toBe(true)
  })

  test('learns from the words: its tags are far better than the most frequent one', () => {
    expect(run.best.estimator).toBe('logistic-regression')
    expect(run.test['f1_macro']!).toBeGreaterThan(0.8)
    expect(run.baseline['f1_macro']!).toBeLessThan(0.3)
  })

  test('answers over HTTP with the terms of the text that counted, and does not send the text back', async () => {
    const prediction = await predict(QUESTION)
    expect(prediction.label).toBe('machine-learning')
    const { base, total, contributions } = prediction.explanation!
    expect(contributions.map(({ feature }) => feature).sort()).toEqual(['body', 'title'])
    expect(contributions.reduce((sum, { contribution }) => sum + contribution, base)).toBeCloseTo(total, 9)
    const words = `${QUESTION.title} ${QUESTION.body}`.toLowerCase()
    for (const { terms, value } of contributions) {
      expect(value).toBeNull()
      expect(terms!.length).toBeGreaterThan(0)
      expect(terms!.length).toBeLessThanOrEqual(10)
      for (const { term } of terms!) expect(words).toContain(term.split(' ')[0])
    }
    const terms = contributions.find(({ feature }) => feature === 'body')!.terms!.map(({ term }) => term)
    expect(terms).toContain('neural network')
    expect(JSON.stringify(prediction)).not.toMatch(/zyzzyva|I trained a neural/i)
  })

  test('answers without a title, and without a known word', async () => {
    const { explanation } = await predict({ title: null, body: 'qqq www' })
    for (const { terms = [] } of explanation!.contributions) expect(terms).toEqual([])
  })

  test('says what it takes: texts, with an example that is nobody’s', async () => {
    const { body: signature } = await server.get<PredictingSignature>('/api/v1/models/question-tagging/signature')
    expect(signature.inputs.map(({ name, kind }) => [name, kind])).toEqual([
      ['title', 'text'],
      ['body', 'text'],
    ])
    expect(signature.target?.classes).toEqual(Object.keys(TOPICS).sort())
    const sample = makeSample(400, 2016)
    for (const text of Object.values(signature.example)) expect(sample).not.toContain(`"${text}"`)
    expect((await predict(signature.example)).confidence).toBeGreaterThan(0)
  })

  test('documents the terms in its OpenAPI description', async () => {
    const { body } = await server.get<object>('/openapi.json')
    const terms = '"terms":{"type":"array","items":{"type":"object","properties":{"term":{"type":"string"}'
    expect(JSON.stringify(body).includes(terms)).toBe(true)
  })

  test('scores a file, with explanations as JSON lines', async () => {
    const file = path.join(folder, 'new.csv')
    writeFileSync(
      file,
      `title,body\n"${QUESTION.title}","${QUESTION.body}"\n"Conditional expectation for two dice?","Two dice, a biased coin and an urn with red balls."\n`,
    )
    const result = await bellwether(['predict', 'question-tagging', '--data', file, '--explain', '--home', home])
    expect(result.status, result.stderr).toBe(0)
    const lines = result.stdout.trim().split('\n')
    const answers = lines.map((line) => JSON.parse(line) as ClassPrediction)
    expect(answers.map(({ label }) => label)).toEqual(['machine-learning', 'probability'])
    expect(result.stdout).toContain('"terms":[{"term":')
    expect(result.stdout).not.toContain('I trained')
  })
})
