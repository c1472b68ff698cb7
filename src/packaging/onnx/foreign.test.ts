import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { describe, expect, test } from 'vitest'
import { codeOf } from '../../../test/support/code-of.ts'
import { bindModel, type ForeignSignature } from './foreign-binding.ts'
import { GraphBuilder } from './graph-builder.ts'
import { importModel } from './import-model.ts'
import { inspectOnnx } from './inspect-model.ts'
import { probeModel } from './probe-model.ts'
import type { Attribute, ElementType, GraphNode, GraphValue } from './proto.ts'
import { writeOnnxModel } from './write-model.ts'

interface Parts {
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
  readonly nodes: readonly GraphNode[]
}

const value = (name: string, type: ElementType, dims: GraphValue['dims']): GraphValue => ({ name, type, dims })
const node = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Record<string, Attribute> = {},
  domain = '',
): GraphNode => ({ op, domain, inputs, outputs, attributes })

const fileOf = ({ inputs, outputs, nodes }: Parts): Uint8Array =>
  writeOnnxModel({
    producerVersion: '0',
    doc: '',
    metadata: {},
    graph: { name: 'foreign', inputs, outputs, nodes, constants: new Map() },
  })

/** A softmax over the columns of one table: of as many classes as columns. */
const softmax = (dims: GraphValue['dims'] = ['N', 3]) =>
  fileOf({
    inputs: [value('x', 'float', dims)],
    outputs: [value('p', 'float', ['N', 3])],
    nodes: [node('Softmax', ['x'], ['p'], { axis: { int: 1 } })],
  })

const refusal = (bytes: Uint8Array, said: ForeignSignature = {}): string => {
  try {
    bindModel(inspectOnnx(bytes), said)
  } catch (error) {
    return (error as Error).message
  }
  throw new Error('it was taken')
}

describe('what a foreign file is bound to', () => {
  test('one table of numbers is as many columns, named as they are said to be', () => {
    const { binding, signature } = bindModel(inspectOnnx(softmax()), {
      classes: ['a', 'b', 'c'],
      target: 'kind',
      inputs: [{ name: 'low', min: 0, max: 5, unit: 'cm' }, { name: 'middle' }, { name: 'high' }],
    })
    expect(binding).toMatchObject({ task: 'classification', classes: ['a', 'b', 'c'], output: 'p', rowByRow: false })
    expect(binding.inputs).toEqual([{ name: 'x', type: 'float32', columns: ['low', 'middle', 'high'], rank: 2 }])
    expect(signature.target).toEqual({ name: 'kind', classes: ['a', 'b', 'c'] })
    expect(signature.inputs[0]).toMatchObject({ name: 'low', kind: 'number', unit: 'cm', declared: { min: 0, max: 5 } })
  })

  test('columns without a name are numbered', () => {
    const { signature } = bindModel(inspectOnnx(softmax()), { classes: ['a', 'b', 'c'] })
    expect(signature.inputs.map(({ name }) => name)).toEqual(['x_0', 'x_1', 'x_2'])
  })

  test('a width that the file leaves open is that of the names', () => {
    const said = { classes: ['a', 'b', 'c'], inputs: [{ name: 'u' }, { name: 'v' }, { name: 'w' }] }
    expect(bindModel(inspectOnnx(softmax(['N', 'width'])), said).binding.inputs[0]!.columns).toEqual(['u', 'v', 'w'])
    expect(refusal(softmax(['N', 'width']))).toContain('name them with --features')
  })

  test('without classes one number is a value', () => {
    const bytes = fileOf({
      inputs: [value('x', 'float', ['N', 1])],
      outputs: [value('y', 'float', ['N', 1])],
      nodes: [node('Neg', ['x'], ['y'])],
    })
    expect(bindModel(inspectOnnx(bytes), {}).binding).toMatchObject({ task: 'regression', scores: 'values' })
  })

  test.each([
    ['an image', softmax(['N', 3, 224, 224]), 'has 4 dimensions; a table has two'],
    ['eight rows at once', softmax([8, 3]), 'takes 8 rows at once'],
    [
      'other columns than it has',
      softmax(),
      'It takes 3 columns; 2 are named',
      { inputs: [{ name: 'a' }, { name: 'b' }] },
    ],
    [
      'labels without names',
      fileOf({
        inputs: [value('x', 'float', ['N', 3])],
        outputs: [value('label', 'int64', ['N']), value('p', 'float', ['N', 3])],
        nodes: [node('Softmax', ['x'], ['p'])],
      }),
      'name them with --classes',
    ],
    [
      'labels alone',
      fileOf({
        inputs: [value('x', 'float', ['N', 3])],
        outputs: [value('label', 'int64', ['N'])],
        nodes: [node('ArgMax', ['x'], ['label'])],
      }),
      'no output of numbers',
    ],
    [
      'half floats',
      fileOf({ inputs: [value('x', 'float16', ['N', 3])], outputs: [value('p', 'float', ['N', 3])], nodes: [] }),
      'of a type (number 10) that no column has',
    ],
  ] as [string, Uint8Array, string, ForeignSignature?][])('%s is refused in words', (_, bytes, message, said = {}) => {
    expect(refusal(bytes, said)).toContain(message)
  })
})

describe('a hostile file is refused before any runtime sees it:', () => {
  const good = softmax()

  test('cut off anywhere', () => {
    for (let length = 0; length < good.length; length++) {
      const cut = good.subarray(0, length)
      // What is cut between two fields may still be a whole message; then it lacks a part.
      try {
        bindModel(inspectOnnx(cut), { classes: ['a', 'b', 'c'] })
      } catch (error) {
        expect(['ONNX_INVALID', 'ONNX_NOT_TABULAR']).toContain((error as { code?: string }).code)
      }
    }
  })

  test('any byte changed: a code of ours or a model, never a crash', () => {
    for (let at = 0; at < good.length; at++) {
      for (const bit of [1, 0x80, 0xff]) {
        const changed = good.with(at, good[at]! ^ bit)
        try {
          bindModel(inspectOnnx(changed), { classes: ['a', 'b', 'c'] })
        } catch (error) {
          expect(['ONNX_INVALID', 'ONNX_NOT_TABULAR']).toContain((error as { code?: string }).code)
        }
      }
    }
  })

  test('no ONNX at all', () => {
    for (const text of ['', 'PK\u0003\u0004', '{"a": 1}', '\u0080\u0004\u0095 pickle']) {
      expect(codeOf(() => inspectOnnx(new TextEncoder().encode(text)))).toBe('ONNX_INVALID')
    }
  })

  /** A graph with one more field, as bytes. */
  const withField = (write: (writer: BinaryWriter) => void) => {
    const writer = new BinaryWriter()
    writer.raw(good).tag(7, WireType.LengthDelimited).fork()
    write(writer)
    return writer.join().finish()
  }
  const tensor = (dims: readonly (number | bigint)[], more: (writer: BinaryWriter) => void = () => {}) =>
    withField((writer) => {
      writer.tag(5, WireType.LengthDelimited).fork()
      for (const dim of dims) writer.tag(1, WireType.Varint).int64(dim)
      writer.tag(2, WireType.Varint).int32(1).tag(8, WireType.LengthDelimited).string('w')
      more(writer)
      writer.join()
    })
  const op = (name: string, domain = '', inside?: Uint8Array) =>
    withField((writer) => {
      writer.tag(1, WireType.LengthDelimited).fork()
      writer.tag(4, WireType.LengthDelimited).string(name).tag(7, WireType.LengthDelimited).string(domain)
      if (inside) {
        writer.tag(5, WireType.LengthDelimited).fork()
        writer.tag(6, WireType.LengthDelimited).bytes(inside)
        writer.join()
      }
      writer.join()
    })

  test.each([
    ['weights in another file', tensor([1], (w) => w.tag(14, WireType.Varint).int32(1)), 'lies in another file'],
    [
      'weights in another file by name',
      tensor([1], (w) => w.tag(13, WireType.LengthDelimited).bytes(Uint8Array.of(10, 1, 97))),
      'lies in another file',
    ],
    ['a tensor of 10^12 elements', tensor([1_000_000, 1_000_000]), 'has 1000000000000 elements, and holds 0 bytes'],
    ['sizes that overflow', tensor([2n ** 62n, 2n ** 62n]), 'negative size'],
    ['a negative size', tensor([-1n]), 'negative size'],
    ['an operator that a library would bring', op('Run', 'com.example'), 'of the domain "com.example"'],
    ['an operator that loads a file', op('EPContext', 'com.microsoft'), 'of the domain "com.microsoft"'],
    ['a loop', op('Loop'), 'may run for ever'],
    [
      'a loop in a branch',
      op(
        'If',
        '',
        new BinaryWriter()
          .tag(1, WireType.LengthDelimited)
          .bytes(new BinaryWriter().tag(4, WireType.LengthDelimited).string('Scan').finish())
          .finish(),
      ),
      'may run for ever',
    ],
    [
      'functions of its own',
      new BinaryWriter().raw(good).tag(25, WireType.LengthDelimited).bytes(new Uint8Array(0)).finish(),
      'functions of its own',
    ],
  ])('%s', (_, bytes, message) => {
    expect(codeOf(() => inspectOnnx(bytes))).toBe('ONNX_INVALID')
    expect(() => inspectOnnx(bytes)).toThrow(message)
  })

  test('graphs within graphs within graphs', () => {
    let inner = new Uint8Array(0)
    for (let depth = 0; depth < 2000; depth++) {
      const writer = new BinaryWriter()
      writer.tag(1, WireType.LengthDelimited).fork().tag(5, WireType.LengthDelimited).fork()
      inner = writer.tag(6, WireType.LengthDelimited).bytes(inner).join().join().finish()
    }
    expect(codeOf(() => inspectOnnx(op('If', '', inner)))).toBe('ONNX_INVALID')
  })
})

describe('a foreign file runs first in a process of its own', () => {
  const codeOfImport = (bytes: Uint8Array, said: ForeignSignature) =>
    importModel(bytes, said).then(
      () => 'taken',
      (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
    )

  test('and is taken when it answers', { timeout: 120_000 }, async () => {
    expect(await codeOfImport(softmax(), { classes: ['a', 'b', 'c'] })).toBe('taken')
  })

  test('what is no probability is refused, and what to say is said', { timeout: 120_000 }, async () => {
    const logits = fileOf({
      inputs: [value('x', 'float', ['N', 2])],
      outputs: [value('z', 'float', ['N', 2])],
      nodes: [node('Neg', ['x'], ['z'])],
    })
    expect(await codeOfImport(logits, { classes: ['a', 'b'] })).toMatch(/^ONNX_NOT_TABULAR.*--logits/s)
    expect(await codeOfImport(logits, { classes: ['a', 'b'], scores: 'logits' })).toBe('taken')
    expect(await codeOfImport(logits, { classes: ['a', 'b', 'c'], scores: 'logits' })).toMatch(/^ONNX_RUN_FAILED/)
  })

  test('a graph that the runtime refuses is an error of ours', { timeout: 120_000 }, async () => {
    const nodes = [node('NoSuchOperator', ['x'], ['p'])]
    const bytes = fileOf({ inputs: [value('x', 'float', ['N', 2])], outputs: [value('p', 'float', ['N', 2])], nodes })
    expect(await codeOfImport(bytes, { classes: ['a', 'b'] })).toMatch(/^ONNX_INVALID: ONNX Runtime refuses the model/)
  })

  test('a graph that asks for all the memory there is does not take this process with it', {
    timeout: 120_000,
  }, async () => {
    const builder = new GraphBuilder(['x'])
    builder.input('x', 'float', '')
    const huge = builder.node('ConstantOfShape', [builder.integers([2 ** 40, 2 ** 20])])
    const sum = builder.node('ReduceSum', [huge], { keepdims: { int: 0 } })
    builder.output(builder.node('Add', ['x', sum]), 'y', 'float', 1)
    const bytes = writeOnnxModel({ producerVersion: '0', doc: '', metadata: {}, graph: builder.graph('huge', ['x']) })
    expect(await codeOfImport(bytes, {})).toMatch(/^ONNX_(INVALID|RUN_FAILED)/)
  })

  test('one that does not come to an end is ended', { timeout: 120_000 }, async () => {
    const bytes = softmax()
    const bound = bindModel(inspectOnnx(bytes), { classes: ['a', 'b', 'c'] })
    await expect(probeModel(bytes, bound, 1)).rejects.toMatchObject({
      code: 'ONNX_INVALID',
      message: expect.stringContaining('within'),
    })
  })
})
