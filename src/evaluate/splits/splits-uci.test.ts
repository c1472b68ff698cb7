import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { dataset, describeWithDatasets } from '../../../test/support/datasets.ts'
import { selectTarget } from '../../table/target.ts'
import fixture from '../fixtures/splits-uci.json' with { type: 'json' }
import { makeTarget } from '../target.ts'
import { foldsFor } from './folds-for.ts'
import { trainTestSplit } from './train-test-split.ts'

const described = (rows: Uint32Array) => ({
  count: rows.length,
  first: Array.from(rows.subarray(0, 5)),
  sha256: createHash('sha256').update(rows.join(',')).digest('hex'),
})

describeWithDatasets('splits of the student-dropout file', () => {
  test('are the rows that a notebook with scikit-learn and seed 42 gets', () => {
    const lines = readFileSync(dataset('student-dropout', 'data.csv'), 'utf8').trim().split(/\r?\n/).slice(1)
    const target = makeTarget(
      { kind: 'text', values: lines.map((line) => line.split(';').at(-1)!) },
      'Target',
      'classification',
    )
    if (target.task !== 'classification') throw new Error('classes were asked for')
    expect(target.classes).toEqual(fixture.classes)
    expect(target.codes).toHaveLength(fixture.rows)
    const { train, test: rows } = trainTestSplit(fixture.rows, { testSize: 0.2, stratify: target, seed: 42 })
    expect(described(train)).toEqual(fixture.train)
    expect(described(rows)).toEqual(fixture.test)
    const folds = foldsFor(selectTarget(target, train), 5, 42)
    expect(folds.map(({ validation }) => described(validation))).toEqual(fixture.folds)
  })
})
