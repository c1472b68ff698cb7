import { DAY_MS } from '../../features/date-parts.ts'
import type { ColumnValue } from './column-scope.ts'
import { calendarNodes } from './export-calendar.ts'
import { equality, isMissing, isTextMissing, missingWhere, NotInOnnx, type TextValue } from './expression-nodes.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'

type Call = (builder: GraphBuilder, args: readonly ColumnValue[]) => ColumnValue

/** A function of one number by one operator; what is not finite is missing. */
const numeric =
  (op: string): Call =>
  (builder, [a]) => ({ type: 'number', tensor: builder.finite(builder.node(op, [a!.tensor])) })

const calendar =
  (part: Parameters<typeof calendarNodes>[1]): Call =>
  (builder, [a]) => ({ type: 'number', tensor: calendarNodes(builder, part, a!.tensor) })

/** The smaller or larger; NaN where one is missing. */
const extreme =
  (op: 'Less' | 'Greater'): Call =>
  (builder, args) => ({
    type: 'number',
    tensor: args
      .map(({ tensor }) => tensor)
      .reduce((a, b) => builder.where(builder.node('Or', [builder.node(op, [a, b]), isMissing(builder, a)]), a, b)),
  })

/** The functions of the expression language that ONNX can say exactly; those of texts are not among them. */
const CALLS: ReadonlyMap<string, Call> = new Map<string, Call>([
  ['if', choose],
  ['ratio', ratio],
  ['isMissing', (builder, [a]) => ({ type: 'boolean', tensor: builder.cast(missingOf(builder, a!), 'double') })],
  ['coalesce', (builder, args) => args.reduceRight((rest, value) => firstOf(builder, value, rest))],
  ['missingIf', missingIf],
  ['log', numeric('Log')],
  ['log1p', log1p],
  [
    'log10',
    (builder, [a]) => ({
      type: 'number',
      tensor: builder.finite(builder.node('Div', [builder.node('Log', [a!.tensor]), builder.number(Math.LN10)])),
    }),
  ],
  ['exp', numeric('Exp')],
  ['sqrt', numeric('Sqrt')],
  ['pow', pow],
  ['abs', numeric('Abs')],
  ['min', extreme('Less')],
  ['max', extreme('Greater')],
  ['round', round],
  ['floor', numeric('Floor')],
  ['ceil', numeric('Ceil')],
  [
    'number',
    (_builder, [a]) => {
      if (a!.type === 'text') throw new NotInOnnx('number(text)')
      return { type: 'number', tensor: a!.tensor }
    },
  ],
  ['year', calendar('year')],
  ['quarter', calendar('quarter')],
  ['month', calendar('month')],
  ['day', calendar('dayOfMonth')],
  ['dayOfWeek', calendar('dayOfWeek')],
  ['dayOfYear', calendar('dayOfYear')],
  ['hour', calendar('hour')],
  [
    'daysBetween',
    (builder, [a, b]) => ({
      type: 'number',
      tensor: builder.node('Div', [builder.node('Sub', [b!.tensor, a!.tensor]), builder.number(DAY_MS)]),
    }),
  ],
])

/** @throws NotInOnnx */
export function exportCall(builder: GraphBuilder, name: string, args: readonly ColumnValue[]): ColumnValue {
  const call = CALLS.get(name)
  if (!call) throw new NotInOnnx(`${name}()`)
  return call(builder, args)
}

function missingOf(builder: GraphBuilder, value: ColumnValue): TensorName {
  return value.type === 'text' ? isTextMissing(builder, value) : isMissing(builder, value.tensor)
}

function choose(builder: GraphBuilder, [condition, yes, no]: readonly ColumnValue[]): ColumnValue {
  const test = condition!.tensor
  const holds = builder.node('Equal', [test, builder.number(1)])
  const tensor = builder.where(holds, yes!.tensor, no!.tensor)
  if (yes!.type !== 'text') return { type: yes!.type, tensor: missingWhere(builder, isMissing(builder, test), tensor) }
  const missing = builder.node('Or', [
    isMissing(builder, test),
    chosen(builder, holds, isTextMissing(builder, yes as TextValue), isTextMissing(builder, no as TextValue)),
  ])
  return { type: 'text', tensor, missing }
}

/** `yes` where the condition holds, else `no`; all three are boolean tensors. */
function chosen(builder: GraphBuilder, condition: TensorName, yes: TensorName, no: TensorName): TensorName {
  const otherwise = builder.node('And', [builder.node('Not', [condition]), no])
  return builder.node('Or', [builder.node('And', [condition, yes]), otherwise])
}

function firstOf(builder: GraphBuilder, value: ColumnValue, rest: ColumnValue): ColumnValue {
  if (value.type !== 'text') {
    return { type: value.type, tensor: builder.where(isMissing(builder, value.tensor), rest.tensor, value.tensor) }
  }
  const gone = isTextMissing(builder, value)
  return {
    type: 'text',
    tensor: builder.where(gone, rest.tensor, value.tensor),
    missing: builder.node('And', [gone, isTextMissing(builder, rest as TextValue)]),
  }
}

function missingIf(builder: GraphBuilder, [value, marker]: readonly ColumnValue[]): ColumnValue {
  const equal = builder.node('Equal', [equality(builder, value!, marker!), builder.number(1)])
  if (value!.type !== 'text') return { type: value!.type, tensor: missingWhere(builder, equal, value!.tensor) }
  return {
    type: 'text',
    tensor: value!.tensor,
    missing: builder.node('Or', [equal, isTextMissing(builder, value!)]),
  }
}

/** a / b, and 0 where b is 0. */
function ratio(builder: GraphBuilder, [a, b]: readonly ColumnValue[]): ColumnValue {
  const zero = builder.number(0)
  const byZero = builder.node('Equal', [b!.tensor, zero])
  const quotient = builder.node('Div', [a!.tensor, b!.tensor])
  const tensor = builder.where(byZero, builder.node('Mul', [a!.tensor, zero]), quotient)
  return { type: 'number', tensor: builder.finite(tensor) }
}

/** log(1 + a) without the loss of small numbers: a log(u) / (u - 1), u = 1 + a as it is rounded; a itself where u is 1. */
function log1p(builder: GraphBuilder, [a]: readonly ColumnValue[]): ColumnValue {
  const one = builder.number(1)
  const x = a!.tensor
  const u = builder.node('Add', [one, x])
  const quotient = builder.node('Div', [builder.node('Log', [u]), builder.node('Sub', [u, one])])
  const tensor = builder.where(builder.node('Equal', [u, one]), x, builder.node('Mul', [x, quotient]))
  return { type: 'number', tensor: builder.finite(tensor) }
}

/** A missing exponent gives a missing power, also of 1. */
function pow(builder: GraphBuilder, [a, b]: readonly ColumnValue[]): ColumnValue {
  const power = builder.node('Pow', [a!.tensor, b!.tensor])
  return { type: 'number', tensor: builder.finite(missingWhere(builder, isMissing(builder, b!.tensor), power)) }
}

/** Halves away from zero. */
function round(builder: GraphBuilder, [a, digits]: readonly ColumnValue[]): ColumnValue {
  const factor = builder.number(10 ** ((digits?.literal as number | undefined) ?? 0))
  const scaled = builder.node('Mul', [builder.node('Abs', [a!.tensor]), factor])
  const floor = builder.node('Floor', [scaled])
  const rest = builder.node('Sub', [scaled, floor])
  const up = builder.node('GreaterOrEqual', [rest, builder.number(0.5)])
  const whole = builder.where(up, builder.node('Add', [floor, builder.number(1)]), floor)
  const signed = builder.node('Mul', [builder.node('Sign', [a!.tensor]), whole])
  return { type: 'number', tensor: builder.finite(builder.node('Div', [signed, factor])) }
}
