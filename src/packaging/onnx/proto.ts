/**
 * The parts of ONNX's file format (onnx.proto, IR version 8) that are written and read here, as plain values. Field numbers are in
 * `write-model.ts` and `read-model.ts`.
 * @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
 */

/** Element types by their number in `TensorProto.DataType`. */
export const ELEMENT_TYPES = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
} as const
export type ElementType = keyof typeof ELEMENT_TYPES

/** Numbers of `AttributeProto.AttributeType`. */
export const ATTRIBUTE_TYPES = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const

/** Constant tensors that we write. int64 values lie within 2^53. */
export type ConstantTensor =
  | { readonly type: 'double'; readonly dims: readonly number[]; readonly values: ArrayLike<number> }
  | { readonly type: 'float'; readonly dims: readonly number[]; readonly values: ArrayLike<number> }
  | { readonly type: 'int64'; readonly dims: readonly number[]; readonly values: ArrayLike<number> }
  | { readonly type: 'string'; readonly dims: readonly number[]; readonly values: readonly string[] }

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly tensor: ConstantTensor }
  | { readonly ints: ArrayLike<number> }
  | { readonly strings: readonly string[] }

export interface GraphNode {
  readonly op: string
  /** Empty for the standard operators. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

/** An input or output of a graph; a dimension is a number, or a name for one that varies. */
export interface GraphValue {
  readonly name: string
  readonly type: ElementType
  readonly dims: readonly (number | string)[]
  readonly doc?: string
}

export interface OnnxGraph {
  readonly name: string
  readonly inputs: readonly GraphValue[]
  readonly outputs: readonly GraphValue[]
  readonly constants: ReadonlyMap<string, ConstantTensor>
  readonly nodes: readonly GraphNode[]
}

export interface OnnxModel {
  readonly producerVersion: string
  readonly doc: string
  readonly metadata: Readonly<Record<string, string>>
  readonly graph: OnnxGraph
}
