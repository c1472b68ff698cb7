import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { RunResult } from '../../src/pipeline/execute-run.ts'
import type { ClassPrediction } from '../../src/serve/prediction.ts'
import { bellwether, temporaryFolder } from '../support/cli.ts'
import { dataset, describeWithDatasets } from '../support/datasets.ts'

const IGNORED = 'CreationDate Score ViewCount AnswerCount LastActivityDate OwnerUserId OwnerDisplayName Link'.split(' ')

/** Learns with the defaults for texts; `trials: 1` is the model with its default options. */
const project = (source: string) => `name: machine-learning-tag
task: classification
data:
  source: ${JSON.stringify(source)}
  id: Id
  target: 'contains(Tags, "<machine-learning>")'
  columns:
    Tags: { kind: text }
    Title: { kind: text }
    Body: { kind: text }
${IGNORED.map((name) => `    ${name}: { ignore: true }\n`).join('')}features:
  text: { sublinearTf: true }
split: { test: 0.25, stratify: true, seed: 42 }
models: [baseline, logistic-regression]
search: { trials: 1, folds: 3, scoring: roc_auc, seed: 42 }
ensemble: { method: none }
calibration: { method: none }
`

describeWithDatasets('the tag of the real questions, from their words', () => {
  const { folder, remove } = temporaryFolder()
  const home = path.join(folder, 'home')
  afterAll(remove)

  test('is told as well as by scikit-learn with the same features and rows', { timeout: 400_000 }, async () => {
    const place = path.join(folder, 'questions')
    mkdirSync(place)
    const file = dataset('cross-validated', 'crossvalidated-questions.csv')
    writeFileSync(path.join(place, 'bellwether.yaml'), project(file))
    const ran = await bellwether(['run', place, '--home', home, '--json'], { timeoutMs: 300_000 })
    expect(ran.status, ran.stderr).toBe(0)
    const run = JSON.parse(ran.stdout) as RunResult & { warnings: string[] }
    expect(run.dataset.rows).toBe(2615)
    // What tools/parity/questions.py prints, converged further than we ask for here: two rows may change places in the ranking.
    expect(Math.abs(run.test['roc_auc']! - REFERENCE.roc_auc)).toBeLessThan(1e-4)
    expect(Math.abs(run.test['average_precision']! - REFERENCE.average_precision)).toBeLessThan(5e-4)
    expect(Math.abs(run.test['log_loss']! - REFERENCE.log_loss)).toBeLessThan(1e-6)
    expect(run.baseline['roc_auc']).toBe(0.5)
    expect(run.warnings.filter((warning) => /keep words/.test(warning)).length).toBe(2)

    const questions = path.join(folder, 'new.csv')
    writeFileSync(
      questions,
      'Title,Body\nneural network overfitting,My deep neural network overfits the training data. Would a random forest be a better classifier?\n',
    )
    const scored = await bellwether([
      'predict',
      'machine-learning-tag',
      '--data',
      questions,
      '--explain',
      '--home',
      home,
    ])
    expect(scored.status, scored.stderr).toBe(0)
    const answer = JSON.parse(scored.stdout) as ClassPrediction
    expect(answer.probabilities['true']!).toBeGreaterThan(0.4)
    const terms = answer.explanation!.contributions.flatMap((each) => each.terms?.map(({ term }) => term) ?? [])
    expect(terms).toEqual(expect.arrayContaining(['neural', 'training']))
    expect(scored.stdout).not.toContain('My deep')
  })
})

/** scikit-learn 1.9.1 */
const REFERENCE = { roc_auc: 0.8950322063417465, average_precision: 0.5342938871043416, log_loss: 0.2254559622272332 }
