import { createHash } from 'node:crypto'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { makeTable } from '../../table/table.ts'
import type { GraphValue, OnnxGraph } from '../onnx/proto.ts'
import { writeOnnxModel } from '../onnx/write-model.ts'
import { isMlflowModel } from './mlflow-files.ts'
import { readMlflowModel } from './read-mlflow-model.ts'

const column = (name: string, more: object = {}) => ({ type: 'double', name, required: true, ...more })
const mlModel = (signature: object[] | null, more = '', flavour = 'onnx: {data: model.onnx, onnx_version: 1.23.2}') => `
flavors:
  ${flavour}
  python_function: {data: model.onnx, loader_module: mlflow.onnx}
mlflow_version: 3.17.2
${signature ? `signature:\n  inputs: '${JSON.stringify(signature)}'\n  outputs: '[{"type": "long", "name": "kind"}]'\n  params: null` : ''}
${more}`

const value = (name: string, dims: GraphValue['dims']): GraphValue => ({ name, type: 'float', dims })
const model = (graph: Omit<OnnxGraph, 'name' | 'constants'>) =>
  writeOnnxModel({
    producerVersion: '0',
    doc: '',
    metadata: {},
    graph: { name: 'g', constants: new Map(), ...graph },
  })
/** y = minuend - subtrahend, the graph's inputs in another order than anyone would list the columns. */
const difference = model({
  inputs: [value('subtrahend', ['N', 1]), value('minuend', ['N', 1])],
  outputs: [value('y', ['N', 1])],
  nodes: [{ op: 'Sub', domain: '', inputs: ['minuend', 'subtrahend'], outputs: ['y'], attributes: {} }],
})
const softmax = model({
  inputs: [value('x', ['N', 3])],
  outputs: [value('p', ['N', 3])],
  nodes: [{ op: 'Softmax', domain: '', inputs: ['x'], outputs: ['p'], attributes: { axis: { int: 1 } } }],
})

/** y = x · w, with w in a file of its own. */
function externalModel(location: string, length = 12): Uint8Array {
  const bytes = model({
    inputs: [value('x', ['N', 3])],
    outputs: [value('y', ['N', 1])],
    nodes: [{ op: 'MatMul', domain: '', inputs: ['x', 'w'], outputs: ['y'], attributes: {} }],
  })
  const entry = (key: string, text: string) =>
    new BinaryWriter()
      .tag(1, WireType.LengthDelimited)
      .string(key)
      .tag(2, WireType.LengthDelimited)
      .string(text)
      .finish()
  const tensor = new BinaryWriter()
    .tag(1, WireType.Varint)
    .int64(3)
    .tag(1, WireType.Varint)
    .int64(1)
    .tag(2, WireType.Varint)
    .int32(1)
    .tag(8, WireType.LengthDelimited)
    .string('w')
  for (const [key, text] of [
    ['location', location],
    ['offset', '4'],
    ['length', String(length)],
  ] as const)
    tensor.tag(13, WireType.LengthDelimited).bytes(entry(key, text))
  tensor.tag(14, WireType.Varint).int32(1)
  return spliced(bytes, new BinaryWriter().tag(5, WireType.LengthDelimited).bytes(tensor.finish()).finish())
}

/** Puts fields at the beginning of the graph of a model. */
function spliced(bytes: Uint8Array, fields: Uint8Array): Uint8Array {
  const writer = new BinaryWriter()
  let at = 0
  const varint = () => {
    let result = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!
      result |= (byte & 127) << shift
      if (byte < 128) return result
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    if (tag % 8 === 0) {
      writer.tag(tag >> 3, WireType.Varint).int32(varint())
      continue
    }
    const length = varint()
    const content = bytes.subarray(at, at + length)
    at += length
    writer.tag(tag >> 3, WireType.LengthDelimited).bytes(tag >> 3 === 7 ? Buffer.concat([fields, content]) : content)
  }
  return writer.finish()
}

async function read(contents: Record<string, string | Uint8Array>) {
  const asked: string[] = []
  const files = Object.entries(contents).map(([path, content]) => {
    const bytes = Buffer.from(content)
    return { path, hash: `sha256:${createHash('sha256').update(bytes).digest('hex')}`, sizeBytes: bytes.length, bytes }
  })
  expect(isMlflowModel(files)).toBe(true)
  const loaded = readMlflowModel(files, async ({ path }) => {
    asked.push(path)
    return files.find((file) => file.path === path)!.bytes
  })
  return { loaded, asked }
}

const tableOf = (columns: Record<string, number[]>) =>
  makeTable(
    Object.entries(columns).map(([name, values]) => [
      name,
      { kind: 'number' as const, values: Float64Array.from(values) },
    ]),
    Object.values(columns)[0]!.length,
  )

describe('a model logged with MLflow', { timeout: 120_000 }, () => {
  test('with the ONNX flavour and a signature answers; its columns go by their names, whatever their order', async () => {
    const { loaded } = await read({
      MLmodel: mlModel([column('minuend'), column('subtrahend', { required: false })]),
      'model.onnx': difference,
    })
    const { pipeline, signature, manifest } = await loaded
    expect(signature).toMatchObject({ task: 'regression', target: { name: 'kind' } })
    expect(signature.inputs.map(({ name, declared }) => [name, declared.required])).toEqual([
      ['subtrahend', false],
      ['minuend', true],
    ])
    expect(Array.from(pipeline.predict(tableOf({ minuend: [5, 1], subtrahend: [2, 7] })))).toEqual([3, -6])
    expect(manifest).toMatchObject({ estimator: 'onnx', dependencies: { mlflow: '3.17.2' } })
  })

  test('whose file does not name the classes has them from its metadata', async () => {
    const columns = ['a', 'b', 'c'].map((name) => column(name))
    const said = 'metadata: {bellwether: {classes: [low, middle, high]}}'
    const { loaded } = await read({ MLmodel: mlModel(columns, said), 'model.onnx': softmax })
    const { signature, pipeline } = await loaded
    expect(signature).toMatchObject({ task: 'classification', target: { classes: ['low', 'middle', 'high'] } })
    const [first, , third] = pipeline.predict(tableOf({ a: [0], b: [0], c: [5] }))
    expect(third! / first!).toBeCloseTo(Math.exp(5), 2)
  })

  test('whose weights lie in a file beside it is put together', async () => {
    const weights = new Uint8Array(Float32Array.of(99, 1, 10, 100).buffer)
    const { loaded } = await read({
      MLmodel: mlModel(['a', 'b', 'c'].map((name) => column(name))),
      'model.onnx': externalModel('weights.bin'),
      'weights.bin': weights,
    })
    const { pipeline } = await loaded
    expect(Array.from(pipeline.predict(tableOf({ a: [1], b: [2], c: [3] })))).toEqual([321])
  })

  const columns = ['a', 'b', 'c'].map((name) => column(name))
  test.each<[string, Record<string, string | Uint8Array>, string]>([
    [
      'a pickle flavour',
      { MLmodel: mlModel(columns, '', 'sklearn: {pickled_model: model.pkl}'), 'model.pkl': 'cos\nsystem' },
      'flavours are sklearn, python_function: those are pickles or code',
    ],
    ['no flavour', { MLmodel: 'flavors: {}' }, 'flavours are none'],
    ['no signature', { MLmodel: mlModel(null), 'model.onnx': softmax }, 'without a signature'],
    ['columns without names', { MLmodel: mlModel([{ type: 'double' }]), 'model.onnx': softmax }, 'without names'],
    [
      'lists in a column',
      { MLmodel: mlModel([column('a', { type: 'array' })]), 'model.onnx': softmax },
      'type "array"',
    ],
    ['another number of columns', { MLmodel: mlModel([column('a')]), 'model.onnx': softmax }, '3 columns; 1 are named'],
    [
      'other columns',
      { MLmodel: mlModel([column('minuend'), column('other')]), 'model.onnx': difference },
      'input "subtrahend", which its signature does not name',
    ],
    ['no graph', { MLmodel: mlModel(columns) }, 'is not among its files'],
    ['a graph cut short', { MLmodel: mlModel(columns), 'model.onnx': softmax.subarray(0, 60) }, 'cut off, damaged'],
    [
      'a place on the disk',
      { MLmodel: mlModel(columns), 'model.onnx': externalModel('../../etc/passwd') },
      'not there',
    ],
    [
      'weights that are too short',
      { MLmodel: mlModel(columns), 'model.onnx': externalModel('w'), w: new Uint8Array(15) },
      'too short',
    ],
    [
      'weights of no length',
      { MLmodel: mlModel(columns), 'model.onnx': externalModel('w', Number.NaN), w: new Uint8Array(15) },
      'too short',
    ],
    ['a document that is none', { MLmodel: 'flavors: [', 'model.onnx': softmax }, "MLmodel can't be read"],
    ['a signature that is none', { MLmodel: mlModel(columns).replace('[{', '[') }, "MLmodel can't be read"],
  ])('with %s is refused, and says why', async (_, contents, message) => {
    const { loaded, asked } = await read(contents)
    await expect(loaded).rejects.toMatchObject({
      code: 'MODEL_NOT_SERVABLE',
      message: expect.stringContaining(message),
    })
    expect(asked).not.toContain('model.pkl')
  })
})
