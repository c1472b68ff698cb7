import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { beforeAll, expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import type { Matrix } from '../../table/matrix.ts'
import type { Target } from '../../table/target.ts'
import { fitLogistic, LogisticRegressionOptions } from './logistic-regression.ts'

const fixture = JSON.parse(readFileSync(new URL('./fixtures/uci-697-logistic.json', import.meta.url), 'utf8')) as {
  versions: Record<string, string>
  sha256: string
  numbers: string[]
  nRows: number
  nColumns: number
  classes: string[]
  fits: { C: number; classWeight: 'balanced' | null; coefficients: number[][] }[]
}

/** The matrix of tools/parity/linear_uci.py: numbers standardised, codes one-hot in ascending order. */
function matrixOfFile(text: string): { x: Matrix; target: Target } {
  const [head, ...lines] = text.replace('\uFEFF', '').trim().split(/\r?\n/)
  const header = head!.split(';').map((name) => name.replaceAll('"', '').trim())
  const rows = lines.filter((_, i) => i % 25 < 16).map((line) => line.split(';'))
  const columns = header.slice(0, -1).flatMap((name, j) => {
    const values = rows.map((row) => Number(row[j]))
    if (!fixture.numbers.includes(name) && !name.startsWith('Curricular units')) {
      return [...new Set(values)].sort((a, b) => a - b).map((code) => values.map((value) => (value === code ? 1 : 0)))
    }
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const std = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
    return [values.map((value) => (value - mean) / std)]
  })
  const x = {
    nRows: rows.length,
    nColumns: columns.length,
    data: Float64Array.from(columns.flat()),
    names: columns.map((_, j) => `x${j}`),
  }
  const codes = Int32Array.from(rows, (row) => fixture.classes.indexOf(row.at(-1)!.replaceAll('"', '')))
  return { x, target: { task: 'classification', codes, classes: fixture.classes } }
}

describeWithDatasets('logistic regression on UCI 697', () => {
  let input: ReturnType<typeof matrixOfFile>
  beforeAll(() => {
    const content = readFileSync(dataset('student-dropout', 'data.csv'))
    expect(createHash('sha256').update(content).digest('hex')).toBe(fixture.sha256)
    input = matrixOfFile(content.toString('utf8'))
    expect(input.x).toMatchObject({ nRows: fixture.nRows, nColumns: fixture.nColumns })
  })

  test.each(fixture.fits)(
    `C $C, class weight $classWeight: the coefficients of scikit-learn ${fixture.versions['scikit-learn']} within 1e-5, in few iterations`,
    ({ C, classWeight, coefficients }) => {
      const { parts } = fitLogistic({ ...input, seed: 0 }, LogisticRegressionOptions.parse({ C, classWeight }))
      const expected = coefficients.flat()
      expect(parts.coefficients).toHaveLength(expected.length)
      const differences = expected.map((value, i) => Math.abs(value - parts.coefficients[i]!))
      expect(Math.max(...differences)).toBeLessThan(1e-5)
      // A change that makes it slow shows here, whatever else the machine is doing.
      expect(parts.iterations).toBeLessThan(60)
    },
  )
})
