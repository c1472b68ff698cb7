import { parseIsoDate } from '../../features/date-parts.ts'
import type { ColumnValue } from './column-scope.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

/** An expression has a part for which ONNX has no exact word; the derived column becomes an input. */
export class NotInOnnx extends Error {}

export type NumberValue = Extract<ColumnValue, { type: 'number' | 'boolean' | 'date' }>
export type TextValue = Extract<ColumnValue, { type: 'text' }>

export function literal(builder: GraphBuilder, type: NumberValue['type'], value: number): NumberValue {
  return { type, tensor: builder.number(value), literal: value }
}

export function textLiteral(builder: GraphBuilder, value: string): TextValue {
  return {
    type: 'text',
    tensor: builder.texts([value]),
    missing: isMissing(builder, builder.number(0)),
    literal: value,
  }
}

export function isMissing(builder: GraphBuilder, tensor: TensorName): TensorName {
  return builder.node('IsNaN', [tensor])
}

/** Where a text is missing: a boolean tensor. */
export function isTextMissing(builder: GraphBuilder, { tensor, missing }: TextValue): TensorName {
  if (missing !== null) return missing
  return builder.cast(matches(builder, tensor, ''), 'bool')
}

/** 1 where a text is the given one, else 0; int64. */
function matches(builder: GraphBuilder, tensor: TensorName, text: string): TensorName {
  return builder.mlNode('LabelEncoder', [tensor], {
    keys_strings: { strings: [text] },
    values_int64s: { ints: [1] },
    default_int64: { int: 0 },
  })
}

/** NaN where the condition holds. */
export function missingWhere(builder: GraphBuilder, condition: TensorName, otherwise: TensorName): TensorName {
  return builder.where(condition, builder.number(Number.NaN), otherwise)
}

/** A test of two numbers as 0 and 1; NaN where one of them is missing. */
export function tested(builder: GraphBuilder, op: string, a: TensorName, b: TensorName): TensorName {
  const either = builder.node('Or', [isMissing(builder, a), isMissing(builder, b)])
  return missingWhere(builder, either, builder.cast(builder.node(op, [a, b]), 'double'))
}

/** Sides of a comparison in one type, as the language has it: a written-out text may be a date, a written-out number a code. */
export function alike(
  builder: GraphBuilder,
  left: ColumnValue,
  right: ColumnValue,
): readonly [ColumnValue, ColumnValue] {
  if (left.type === right.type) return [left, right]
  return [adapted(builder, left, right), adapted(builder, right, left)]
}

function adapted(builder: GraphBuilder, value: ColumnValue, other: ColumnValue): ColumnValue {
  if (value.literal === undefined) return value
  if (value.type === 'text' && other.type === 'date') return literal(builder, 'date', parseIsoDate(value.literal))
  if (value.type === 'number' && other.type === 'boolean') return literal(builder, 'boolean', value.literal)
  if (value.type === 'number' && other.type === 'text') return textLiteral(builder, String(value.literal))
  return value
}

/** 1 where two values are equal, 0 where not, NaN where one is missing. @throws NotInOnnx for texts that are both computed */
export function equality(builder: GraphBuilder, left: ColumnValue, right: ColumnValue): TensorName {
  const [a, b] = alike(builder, left, right)
  if (a.type !== 'text' || b.type !== 'text') return tested(builder, 'Equal', a.tensor, b.tensor)
  if (a.literal !== undefined && b.literal !== undefined) return builder.number(a.literal === b.literal ? 1 : 0)
  const [written, read] = a.literal !== undefined ? [a, b] : [b, a]
  if (written.literal === undefined) throw new NotInOnnx('equality of two text columns')
  const equal = builder.cast(matches(builder, read.tensor, written.literal), 'double')
  return missingWhere(builder, isTextMissing(builder, read), equal)
}
