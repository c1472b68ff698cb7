import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { EnsembleWriter } from './ensemble-writer.ts'
import { interventionalShap } from './interventional-shap.ts'
import { addTreeOutputs } from './predict.ts'

type Node = number | [feature: number, threshold: number, left: Node, right: Node]

const fixture = JSON.parse(readFileSync(new URL('./fixtures/interventional-shap.json', import.meta.url), 'utf8')) as {
  trees: Node[]
  background: number[][]
  rows: number[][]
  contributions: number[][][]
}

const trees = (() => {
  const writer = new EnsembleWriter(5, 3, 1)
  const write = (at: number, node: Node): void => {
    if (typeof node === 'number') {
      const leaf = writer.leaf(at)
      writer.values[leaf] = node
      return
    }
    const left = writer.split(at, node[0], node[1], false, 1, 1)
    write(left, node[2])
    write(left + 1, node[3])
  }
  for (const tree of fixture.trees) write(writer.beginTree(2), tree)
  return writer.finish()
})()
const outputsOf = (row: readonly number[]): Float64Array => {
  const outputs = new Float64Array(3)
  addTreeOutputs(trees, { nRows: 1, nColumns: 5, data: Float64Array.from(row), names: [...'abcde'] }, outputs)
  return outputs
}

test('equals shap’s interventional TreeExplainer on a model of LightGBM, class by class', () => {
  for (const [i, row] of fixture.rows.entries()) {
    const means = new Float64Array(15)
    for (const background of fixture.background) {
      const own = interventionalShap(trees, Float64Array.from(row), Float64Array.from(background))
      for (const [j, value] of own.entries()) means[j]! += value / fixture.background.length
    }
    for (let c = 0; c < 3; c++) {
      for (let j = 0; j < 5; j++) expect(means[5 * c + j]).toBeCloseTo(fixture.contributions[c]![i]![j]!, 6)
    }
  }
})

test('are the Shapley values of taking columns from the row, by their definition', () => {
  const [x, background] = [fixture.rows[0]!, fixture.background[3]!]
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const said = (known: number) => outputsOf(x.map((value, j) => ((known >> j) & 1 ? value : background[j]!)))
  const own = interventionalShap(trees, Float64Array.from(x), Float64Array.from(background))
  for (let column = 0; column < 5; column++) {
    const expected = [0, 0, 0]
    for (let known = 0; known < 32; known++) {
      if ((known >> column) & 1) continue
      const size = [...known.toString(2)].filter((bit) => bit === '1').length
      const weight = (factorial(size) * factorial(4 - size)) / factorial(5)
      const [without, withIt] = [said(known), said(known | (1 << column))]
      for (let c = 0; c < 3; c++) expected[c]! += weight * (withIt[c]! - without[c]!)
    }
    for (let c = 0; c < 3; c++) expect(own[5 * c + column]).toBeCloseTo(expected[c]!, 12)
  }
})

test('sum to the difference of the two rows, and are 0 for a row beside itself', () => {
  for (const row of fixture.rows) {
    const background = fixture.background[0]!
    const own = interventionalShap(trees, Float64Array.from(row), Float64Array.from(background))
    const [x, z] = [outputsOf(row), outputsOf(background)]
    for (let c = 0; c < 3; c++) {
      const sum = own.slice(5 * c, 5 * c + 5).reduce((total, value) => total + value, 0)
      expect(sum).toBeCloseTo(x[c]! - z[c]!, 12)
    }
    expect(interventionalShap(trees, Float64Array.from(row), Float64Array.from(row)).every((v) => v === 0)).toBe(true)
  }
})
