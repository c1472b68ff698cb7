import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import {
  ATTRIBUTE_TYPES,
  type Attribute,
  type ConstantTensor,
  ELEMENT_TYPES,
  type GraphNode,
  type GraphValue,
  type OnnxGraph,
  type OnnxModel,
} from './proto.ts'

/** Versions that every checker and runtime since 2022 reads. */
const IR_VERSION = 8
export const OPSET = 17
export const ML_OPSET = 3
export const ML_DOMAIN = 'ai.onnx.ml'

/** The file of a model: `ModelProto` in protobuf's wire format. Equal models give equal bytes. */
export function writeOnnxModel({ producerVersion, doc, metadata, graph }: OnnxModel): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter()
  writer.tag(1, WireType.Varint).int64(IR_VERSION)
  text(writer, 2, 'bellwether')
  text(writer, 3, producerVersion)
  text(writer, 6, doc)
  message(writer, 7, () => writeGraph(writer, graph))
  for (const [domain, version] of [
    ['', OPSET],
    [ML_DOMAIN, ML_OPSET],
  ] as const) {
    message(writer, 8, () => {
      text(writer, 1, domain)
      writer.tag(2, WireType.Varint).int64(version)
    })
  }
  for (const [key, value] of Object.entries(metadata)) {
    message(writer, 14, () => {
      text(writer, 1, key)
      text(writer, 2, value)
    })
  }
  return writer.finish()
}

function writeGraph(writer: BinaryWriter, graph: OnnxGraph): void {
  for (const node of graph.nodes) message(writer, 1, () => writeNode(writer, node))
  text(writer, 2, graph.name)
  for (const [name, tensor] of graph.constants) message(writer, 5, () => writeTensor(writer, tensor, name))
  for (const input of graph.inputs) message(writer, 11, () => writeValue(writer, input))
  for (const output of graph.outputs) message(writer, 12, () => writeValue(writer, output))
}

function writeNode(writer: BinaryWriter, { op, domain, inputs, outputs, attributes }: GraphNode): void {
  for (const input of inputs) writer.tag(1, WireType.LengthDelimited).string(input)
  for (const output of outputs) writer.tag(2, WireType.LengthDelimited).string(output)
  text(writer, 3, outputs[0]!)
  text(writer, 4, op)
  for (const [name, attribute] of Object.entries(attributes)) {
    message(writer, 5, () => writeAttribute(writer, name, attribute))
  }
  text(writer, 7, domain)
}

function writeAttribute(writer: BinaryWriter, name: string, attribute: Attribute): void {
  text(writer, 1, name)
  let type: keyof typeof ATTRIBUTE_TYPES
  if ('int' in attribute) {
    type = 'int'
    writer.tag(3, WireType.Varint).int64(attribute.int)
  } else if ('float' in attribute) {
    type = 'float'
    writer.tag(2, WireType.Bit32).float(attribute.float)
  } else if ('string' in attribute) {
    type = 'string'
    writer.tag(4, WireType.LengthDelimited).string(attribute.string)
  } else if ('tensor' in attribute) {
    type = 'tensor'
    message(writer, 5, () => writeTensor(writer, attribute.tensor))
  } else if ('ints' in attribute) {
    type = 'ints'
    message(writer, 8, () => {
      for (let i = 0; i < attribute.ints.length; i++) writer.int64(attribute.ints[i]!)
    })
  } else {
    type = 'strings'
    for (const value of attribute.strings) writer.tag(9, WireType.LengthDelimited).string(value)
  }
  writer.tag(20, WireType.Varint).int32(ATTRIBUTE_TYPES[type])
}

function writeTensor(writer: BinaryWriter, tensor: ConstantTensor, name?: string): void {
  message(writer, 1, () => {
    for (const dim of tensor.dims) writer.int64(dim)
  })
  writer.tag(2, WireType.Varint).int32(ELEMENT_TYPES[tensor.type])
  if (tensor.type === 'string') {
    for (const value of tensor.values) writer.tag(6, WireType.LengthDelimited).string(value)
  }
  text(writer, 8, name ?? 'values')
  if (tensor.type !== 'string') writer.tag(9, WireType.LengthDelimited).bytes(rawBytes(tensor))
}

/** Little-endian, as `raw_data` wants it. */
function rawBytes({ type, values }: Exclude<ConstantTensor, { type: 'string' }>): Uint8Array {
  const width = type === 'float' ? 4 : 8
  const bytes = new Uint8Array(values.length * width)
  const view = new DataView(bytes.buffer)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (type === 'double') view.setFloat64(8 * i, value, true)
    else if (type === 'float') view.setFloat32(4 * i, value, true)
    else view.setBigInt64(8 * i, BigInt(value), true)
  }
  return bytes
}

function writeValue(writer: BinaryWriter, { name, type, dims, doc }: GraphValue): void {
  text(writer, 1, name)
  message(writer, 2, () =>
    message(writer, 1, () => {
      writer.tag(1, WireType.Varint).int32(ELEMENT_TYPES[type])
      message(writer, 2, () => {
        for (const dim of dims) {
          message(writer, 1, () => {
            if (typeof dim === 'number') writer.tag(1, WireType.Varint).int64(dim)
            else text(writer, 2, dim)
          })
        }
      })
    }),
  )
  if (doc) text(writer, 3, doc)
}

function text(writer: BinaryWriter, field: number, value: string): void {
  writer.tag(field, WireType.LengthDelimited).string(value)
}

function message(writer: BinaryWriter, field: number, write: () => void): void {
  writer.tag(field, WireType.LengthDelimited).fork()
  write()
  writer.join()
}
