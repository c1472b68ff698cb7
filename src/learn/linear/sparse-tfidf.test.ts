import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { TfidfOptions } from '../../features/text/text-options.ts'
import { fitTfidfVectoriser } from '../../features/text/tfidf-vectoriser.ts'
import { fitLogistic, LogisticRegressionOptions } from './logistic-regression.ts'

describeWithDatasets('logistic regression on sparse TF-IDF of the real posts', () => {
  /** From scikit-learn, converged (tol 1e-12), made by tools/parity/text_characters.py. */
  const { file, fileSha256, logistic } = JSON.parse(
    readFileSync(new URL('../../features/text/fixtures/posts-characters.json', import.meta.url), 'utf8'),
  ) as {
    file: string
    fileSha256: string
    logistic: {
      rows: number
      tested: number
      minDf: number
      positives: number
      nTerms: number
      fits: {
        C: number
        intercept: number
        coefficients: [number, number][]
        norm: number
        probabilities: number[]
      }[]
    }
  }

  test.each(logistic.fits)(
    'has scikit-learn’s coefficients and probabilities: C $C',
    { timeout: 120_000 },
    (expected) => {
      const bytes = readFileSync(dataset('cross-validated', file))
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(fileSha256)
      const posts = bytes
        .toString('utf8')
        .split('\n')
        .filter(Boolean)
        .slice(0, logistic.rows + logistic.tested)
        .map((line) => JSON.parse(line) as { Question_content: string; Tags: string[] })
      const texts = posts.map((post) => post.Question_content)
      const codes = Int32Array.from(posts.slice(0, logistic.rows), ({ Tags }) => +Tags.includes('machine-learning'))
      expect(codes.reduce((sum, code) => sum + code, 0)).toBe(logistic.positives)
      const { fitted, matrix } = fitTfidfVectoriser(
        texts.slice(0, logistic.rows),
        TfidfOptions.parse({ minDf: logistic.minDf }),
      )
      expect(fitted.nColumns).toBe(logistic.nTerms)
      const model = fitLogistic(
        { x: matrix, target: { task: 'classification', classes: ['no', 'yes'], codes }, seed: 0 },
        LogisticRegressionOptions.parse({ C: expected.C, tol: 1e-10, maxIterations: 10_000 }),
      )
      expect(model.parts.converged).toBe(true)
      const scale = Math.max(...expected.coefficients.map(([, value]) => Math.abs(value)))
      for (const [column, value] of expected.coefficients) {
        expect(Math.abs(model.parts.coefficients[column]! - value)).toBeLessThan(1e-6 * scale)
      }
      expect(Math.hypot(...model.parts.coefficients)).toBeCloseTo(expected.norm, 6)
      expect(model.parts.intercepts[0]).toBeCloseTo(expected.intercept, 6)
      const answers = model.predict(fitted.transform(texts.slice(logistic.rows)))
      for (const [i, p] of expected.probabilities.entries())
        expect(Math.abs(answers[2 * i + 1]! - p)).toBeLessThan(1e-7)
    },
  )
})
