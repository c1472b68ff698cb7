/**
 * node text.ts documents.jsonl
 *
 * TF-IDF and logistic regression over the documents but the last tenth, which are asked about; as peers/text.py.
 */
import { readFileSync } from 'node:fs'
import { TfidfOptions } from '../../src/features/text/text-options.ts'
import { fitTfidfVectoriser } from '../../src/features/text/tfidf-vectoriser.ts'
import { fitLogistic, LogisticRegressionOptions } from '../../src/learn/linear/logistic-regression.ts'
import { answer, auc, ofClass1, timed } from './answer.ts'

const lines = readFileSync(process.argv[2]!, 'utf8').split('\n').filter(Boolean)
const all = lines.map((line) => JSON.parse(line) as { text: string; label: number })
const nTrain = Math.floor(all.length * 0.9)
const [train, test] = [all.slice(0, nTrain), all.slice(nTrain)]
const [{ fitted, model }, fitSeconds] = timed(() => {
  const { fitted, matrix } = fitTfidfVectoriser(
    train.map(({ text }) => text),
    TfidfOptions.parse({ minDf: 2 }),
  )
  const codes = Int32Array.from(train, ({ label }) => label)
  const target = { task: 'classification' as const, codes, classes: ['0', '1'] }
  // The peer's own tolerance: Bellwether's is finer by default.
  const options = LogisticRegressionOptions.parse({ tol: 1e-4 })
  return { fitted, model: fitLogistic({ x: matrix, target, seed: 0 }, options) }
})
const [probabilities, predictSeconds] = timed(() => model.predict(fitted.transform(test.map(({ text }) => text))))
const labels = Int32Array.from(test, ({ label }) => label)
answer({ fitSeconds, predictSeconds, auc: auc(labels, ofClass1(probabilities)) })
