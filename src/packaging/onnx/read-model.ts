import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { BellwetherError } from '../../errors.ts'

/**
 * What an ONNX file says of itself, read without any runtime: its operators, tensors, inputs and outputs. Only that is read that deciding
 * about the file needs; weights stay bytes.
 */
export interface OnnxFile {
  readonly irVersion: number
  readonly producer: string
  /** Version of each domain's operators; '' is the standard domain. */
  readonly opsets: ReadonlyMap<string, number>
  readonly metadata: ReadonlyMap<string, string>
  readonly graph: FileGraph
  /** Functions that the file defines itself. */
  readonly nFunctions: number
}

export interface FileGraph {
  readonly nodes: readonly FileNode[]
  readonly constants: readonly FileTensor[]
  readonly inputs: readonly FileValue[]
  readonly outputs: readonly FileValue[]
}

export interface FileNode {
  readonly op: string
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly tensors: readonly FileTensor[]
  /** Of control flow. */
  readonly graphs: readonly FileGraph[]
  /** Texts of the attributes that hold lists of them, such as class labels, by the attribute's name. */
  readonly texts: ReadonlyMap<string, readonly string[]>
  /** Whole numbers of attributes that hold lists of them. */
  readonly integers: ReadonlyMap<string, readonly number[]>
}

export interface FileTensor {
  readonly name: string
  /** Number of `TensorProto.DataType`. */
  readonly type: number
  readonly dims: readonly number[]
  /** Bytes of content in the file. */
  readonly sizeBytes: number
  /** Whether the content lies in another file. */
  readonly external: boolean
}

/** An input or output. */
export interface FileValue {
  readonly name: string
  readonly type: ValueType
}

export type ValueType =
  | { readonly kind: 'tensor'; readonly element: number; readonly dims: readonly (number | string | null)[] | null }
  | { readonly kind: 'sequence-of-maps'; readonly key: number }
  | { readonly kind: 'other' }

/** Graphs within graphs; deeper ones are no model that anyone trained. */
const MAX_DEPTH = 8

/** @throws ONNX_INVALID for what is no ONNX file */
export function readOnnx(bytes: Uint8Array): OnnxFile {
  try {
    return readModel(bytes)
  } catch (cause) {
    if (cause instanceof BellwetherError) throw cause
    throw new BellwetherError('ONNX_INVALID', 'The file is no ONNX model: it is cut off, damaged, or something else.', {
      cause,
    })
  }
}

type Field = (number: number, type: WireType, reader: BinaryReader) => boolean

/** Reads a message field by field; what `field` does not take is passed over. */
function each(bytes: Uint8Array, field: Field): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag()
    if (!field(number, type, reader)) reader.skip(type, number)
  }
}

function readModel(bytes: Uint8Array): OnnxFile {
  const opsets = new Map<string, number>()
  const metadata = new Map<string, string>()
  let irVersion = 0
  let producer = ''
  let nFunctions = 0
  let graph: FileGraph | null = null
  each(bytes, (number, type, reader) => {
    if (number === 1 && type === WireType.Varint) irVersion = whole(reader.int64())
    else if (type !== WireType.LengthDelimited) return false
    else if (number === 2) producer = reader.string()
    else if (number === 7) graph = readGraph(reader.bytes(), 0)
    else if (number === 8) readOpset(reader.bytes(), opsets)
    else if (number === 14) readEntry(reader.bytes(), metadata)
    else if (number === 25) {
      nFunctions++
      reader.bytes()
    } else return false
    return true
  })
  if (graph === null || irVersion < 1 || opsets.size === 0) {
    throw new BellwetherError('ONNX_INVALID', 'The file is no ONNX model: it has no graph, or no versions.')
  }
  return { irVersion, producer, opsets, metadata, graph, nFunctions }
}

function readOpset(bytes: Uint8Array, opsets: Map<string, number>): void {
  let domain = ''
  let version = 0
  each(bytes, (number, type, reader) => {
    if (number === 1 && type === WireType.LengthDelimited) domain = reader.string()
    else if (number === 2 && type === WireType.Varint) version = whole(reader.int64())
    else return false
    return true
  })
  opsets.set(domain === 'ai.onnx' ? '' : domain, version)
}

function readEntry(bytes: Uint8Array, metadata: Map<string, string>): void {
  let key = ''
  let value = ''
  each(bytes, (number, type, reader) => {
    if (type !== WireType.LengthDelimited) return false
    if (number === 1) key = reader.string()
    else if (number === 2) value = reader.string()
    else return false
    return true
  })
  metadata.set(key, value)
}

function readGraph(bytes: Uint8Array, depth: number): FileGraph {
  if (depth > MAX_DEPTH) {
    throw new BellwetherError('ONNX_INVALID', `The ONNX model nests graphs deeper than ${MAX_DEPTH} levels.`)
  }
  const graph = {
    nodes: [] as FileNode[],
    constants: [] as FileTensor[],
    inputs: [] as FileValue[],
    outputs: [] as FileValue[],
  }
  each(bytes, (number, type, reader) => {
    if (type !== WireType.LengthDelimited) return false
    if (number === 1) graph.nodes.push(readNode(reader.bytes(), depth))
    else if (number === 5) graph.constants.push(readTensor(reader.bytes()))
    else if (number === 11) graph.inputs.push(readValue(reader.bytes()))
    else if (number === 12) graph.outputs.push(readValue(reader.bytes()))
    else return false
    return true
  })
  return graph
}

function readNode(bytes: Uint8Array, depth: number): FileNode {
  const node = {
    op: '',
    domain: '',
    inputs: [] as string[],
    outputs: [] as string[],
    tensors: [] as FileTensor[],
    graphs: [] as FileGraph[],
    texts: new Map<string, readonly string[]>(),
    integers: new Map<string, readonly number[]>(),
  }
  each(bytes, (number, type, reader) => {
    if (type !== WireType.LengthDelimited) return false
    if (number === 1) node.inputs.push(reader.string())
    else if (number === 2) node.outputs.push(reader.string())
    else if (number === 4) node.op = reader.string()
    else if (number === 5) readAttribute(reader.bytes(), node, depth)
    else if (number === 7) node.domain = reader.string()
    else return false
    return true
  })
  return node
}

function readAttribute(
  bytes: Uint8Array,
  node: {
    tensors: FileTensor[]
    graphs: FileGraph[]
    texts: Map<string, readonly string[]>
    integers: Map<string, readonly number[]>
  },
  depth: number,
): void {
  let name = ''
  const texts: string[] = []
  const integers: number[] = []
  each(bytes, (number, type, reader) => {
    if (number === 8 && type === WireType.Varint) integers.push(whole(reader.int64()))
    else if (type !== WireType.LengthDelimited) return false
    else if (number === 1) name = reader.string()
    else if (number === 5 || number === 10) node.tensors.push(readTensor(reader.bytes()))
    else if (number === 6 || number === 11) node.graphs.push(readGraph(reader.bytes(), depth + 1))
    else if (number === 8) packed(reader.bytes(), integers)
    else if (number === 9) texts.push(new TextDecoder().decode(reader.bytes()))
    else return false
    return true
  })
  if (texts.length > 0) node.texts.set(name, texts)
  if (integers.length > 0) node.integers.set(name, integers)
}

/** Element sizes of the fields that hold a tensor's content, by field number; 0: varints, counted as they come. */
const CONTENT_FIELDS = new Set([4, 5, 6, 7, 9, 10, 11])

function readTensor(bytes: Uint8Array): FileTensor {
  const dims: number[] = []
  let name = ''
  let type = 0
  let sizeBytes = 0
  let external = false
  each(bytes, (number, wire, reader) => {
    if (number === 1 && wire === WireType.Varint) dims.push(whole(reader.int64()))
    else if (number === 1 && wire === WireType.LengthDelimited) packed(reader.bytes(), dims)
    else if (number === 2 && wire === WireType.Varint) type = reader.int32()
    else if (number === 8 && wire === WireType.LengthDelimited) name = reader.string()
    else if (number === 13) {
      external = true
      return false
    } else if (number === 14 && wire === WireType.Varint) external ||= reader.int32() === 1
    else if (CONTENT_FIELDS.has(number)) sizeBytes += reader.skip(wire, number).length
    else return false
    return true
  })
  return { name, type, dims, sizeBytes, external }
}

function packed(bytes: Uint8Array, into: number[]): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) into.push(whole(reader.int64()))
}

function readValue(bytes: Uint8Array): FileValue {
  let name = ''
  let type: ValueType = { kind: 'other' }
  each(bytes, (number, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false
    if (number === 1) name = reader.string()
    else if (number === 2) type = readType(reader.bytes())
    else return false
    return true
  })
  return { name, type }
}

function readType(bytes: Uint8Array): ValueType {
  let type: ValueType = { kind: 'other' }
  each(bytes, (number, wire, reader) => {
    if (wire !== WireType.LengthDelimited) return false
    if (number === 1) type = readTensorType(reader.bytes())
    else if (number === 4) type = readSequenceType(reader.bytes())
    else return false
    return true
  })
  return type
}

function readTensorType(bytes: Uint8Array): ValueType {
  let element = 0
  let dims: (number | string | null)[] | null = null
  each(bytes, (number, wire, reader) => {
    if (number === 1 && wire === WireType.Varint) element = reader.int32()
    else if (number === 2 && wire === WireType.LengthDelimited) dims = readShape(reader.bytes())
    else return false
    return true
  })
  return { kind: 'tensor', element, dims }
}

/** A dimension is a number, a name, or null where nothing is said. */
function readShape(bytes: Uint8Array): (number | string | null)[] {
  const dims: (number | string | null)[] = []
  each(bytes, (number, wire, reader) => {
    if (number !== 1 || wire !== WireType.LengthDelimited) return false
    let dim: number | string | null = null
    each(reader.bytes(), (field, type, inner) => {
      if (field === 1 && type === WireType.Varint) dim = whole(inner.int64())
      else if (field === 2 && type === WireType.LengthDelimited) dim = inner.string() || null
      else return false
      return true
    })
    dims.push(dim)
    return true
  })
  return dims
}

/** The list of dictionaries that scikit-learn's converter writes of probabilities, `seq(map(key, float))`; other sequences are none of ours. */
function readSequenceType(bytes: Uint8Array): ValueType {
  let key: number | null = null
  each(bytes, (number, wire, reader) => {
    if (number !== 1 || wire !== WireType.LengthDelimited) return false
    each(reader.bytes(), (field, type, inner) => {
      if (field !== 5 || type !== WireType.LengthDelimited) return false
      each(inner.bytes(), (part, partType, map) => {
        if (part !== 1 || partType !== WireType.Varint) return false
        key = map.int32()
        return true
      })
      return true
    })
    return true
  })
  return key === null ? { kind: 'other' } : { kind: 'sequence-of-maps', key }
}

/** int64 values of a model lie within 2^53 (sizes, ids) or do not matter. */
function whole(value: bigint | string | number): number {
  return Number(value)
}
