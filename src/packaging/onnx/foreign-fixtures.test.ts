import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { recordsToTable } from '../../table/records.ts'
import { foreignPipeline } from './foreign-pipeline.ts'
import { importModel } from './import-model.ts'

/** Written by tools/parity/onnx_pytorch.py. */
const read = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))

test('a PyTorch network answers as it does in PyTorch, a softmax still to come', { timeout: 60_000 }, async () => {
  const { records, classes, probabilities } = JSON.parse(read('pytorch.json').toString('utf8')) as {
    records: Record<string, number>[]
    classes: string[]
    probabilities: number[][]
  }
  const inputs = Object.keys(records[0]!).map((name) => ({ name }))
  const bytes = read('pytorch.onnx')
  await expect(importModel(bytes, { classes, inputs })).rejects.toMatchObject({
    code: 'ONNX_NOT_TABULAR',
    message: expect.stringContaining('--logits'),
  })
  const { binding, signature, file } = await importModel(bytes, { classes, inputs, scores: 'logits' })
  expect(file.producer).toBe('pytorch')
  const { table, allFaults } = recordsToTable(records, signature.inputs)
  expect(allFaults).toEqual([])
  const answers = foreignPipeline(bytes, binding).predict(table)
  probabilities.flat().forEach((p, i) => {
    expect(Math.abs(answers[i]! - p)).toBeLessThan(1e-6)
  })
})
