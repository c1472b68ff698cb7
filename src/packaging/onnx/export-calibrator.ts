import { readState } from '../../learn/read-state.ts'
import type { State } from '../../table/state.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'
import { unsupported } from './unsupported.ts'

/** As the calibrators have it: keeps the logarithm of 0 finite. */
const EPSILON = 1e-12

/** Whether answers jump where a probability crosses a knot, so that float32 would not do. */
export function jumps(state: State): boolean {
  return readState(state, 'calibrator').text('method') === 'isotonic'
}

/**
 * A fitted calibrator as nodes.
 * @param probabilities Double, shape (N, nClasses).
 * @returns The same shape.
 * @throws ONNX_EXPORT_UNSUPPORTED
 */
export function exportCalibrator(builder: GraphBuilder, state: State, probabilities: TensorName): TensorName {
  const reader = readState(state, 'calibrator')
  const method = reader.text('method')
  const nClasses = reader.count('nClasses', 2)
  switch (method) {
    case 'temperature': {
      const logits = builder.node('Log', [shifted(builder, positive(builder, probabilities))])
      const scaled = builder.node('Mul', [logits, builder.number(reader.number('inverseTemperature'))])
      return builder.node('Softmax', [scaled], { axis: { int: 1 } })
    }
    case 'platt': {
      const a = reader.float64('a')
      const b = reader.float64('b')
      const logOdds = reader.text('scale') === 'log-odds'
      return oneVsRest(builder, probabilities, nClasses, (own) => {
        const scores = logOdds ? toLogOdds(builder, own) : own
        const line = builder.node('Add', [builder.node('Mul', [scores, builder.doubles(a)]), builder.doubles(b)])
        const one = builder.number(1)
        return builder.node('Div', [one, builder.node('Add', [one, builder.node('Exp', [line])])])
      })
    }
    case 'isotonic': {
      const curves = reader.raw('curves') as readonly State[]
      return oneVsRest(builder, probabilities, nClasses, (own) =>
        builder.concat(curves.map((curve, c) => isotonic(builder, curve, column(builder, own, c)))),
      )
    }
    default:
      throw unsupported(`Calibration by "${method}" can't be written as ONNX yet.`)
  }
}

const shifted = (builder: GraphBuilder, tensor: TensorName) => builder.node('Add', [tensor, builder.number(EPSILON)])

function positive(builder: GraphBuilder, tensor: TensorName): TensorName {
  const zero = builder.number(0)
  return builder.where(builder.node('Less', [tensor, zero]), zero, tensor)
}

function toLogOdds(builder: GraphBuilder, tensor: TensorName): TensorName {
  const one = builder.number(1)
  const raised = positive(builder, tensor)
  const inside = builder.where(builder.node('Greater', [raised, one]), one, raised)
  const rest = builder.node('Sub', [one, inside])
  return builder.node('Sub', [
    builder.node('Log', [shifted(builder, inside)]),
    builder.node('Log', [shifted(builder, rest)]),
  ])
}

function column(builder: GraphBuilder, tensor: TensorName, index: number): TensorName {
  return builder.node('Gather', [tensor, builder.integers([index])], { axis: { int: 1 } })
}

/** Class by class, then divided by the sum, all equal where that is 0; of two classes the second by its calibrator, the first is the rest. */
function oneVsRest(
  builder: GraphBuilder,
  probabilities: TensorName,
  nClasses: number,
  calibrate: (own: TensorName) => TensorName,
): TensorName {
  const one = builder.number(1)
  if (nClasses === 2) {
    const second = calibrate(column(builder, probabilities, 1))
    return builder.concat([builder.node('Sub', [one, second]), second])
  }
  const own = calibrate(probabilities)
  const sum = builder.node('ReduceSum', [own, builder.integers([1])], { keepdims: { int: 1 } })
  const isZero = builder.node('Equal', [sum, builder.number(0)])
  return builder.where(isZero, builder.number(1 / nClasses), builder.node('Div', [own, sum]))
}

/**
 * A rising curve of straight lines. How many points lie below the score names the line; the lines lie in tables.
 * @param score Double, shape (N, 1).
 */
function isotonic(builder: GraphBuilder, curve: State, score: TensorName): TensorName {
  const reader = readState(curve, 'isotonic')
  const x = reader.float64('x')
  const y = reader.float64('y', x.length)
  const last = x.length - 1
  // Line k holds between point k - 1 and point k: line 0 before the first, the last behind the last.
  const from = Float64Array.from({ length: x.length + 1 }, (_, k) => x[Math.max(0, k - 1)]!)
  const base = Float64Array.from({ length: x.length + 1 }, (_, k) => y[Math.max(0, k - 1)]!)
  const ceiling = Float64Array.from({ length: x.length + 1 }, (_, k) => y[Math.min(last, k)]!)
  const slope = Float64Array.from({ length: x.length + 1 }, (_, k) =>
    k === 0 || k > last ? 0 : (y[k]! - y[k - 1]!) / (x[k]! - x[k - 1]!),
  )
  const below = builder.cast(builder.node('Less', [builder.doubles(x), score]), 'double')
  const count = builder.cast(
    builder.node('ReduceSum', [below, builder.integers([1])], { keepdims: { int: 1 } }),
    'int64',
  )
  const lookUp = (table: Float64Array) => builder.node('Gather', [builder.doubles(table, [table.length]), count])
  const run = builder.node('Mul', [lookUp(slope), builder.node('Sub', [score, lookUp(from)])])
  const value = builder.node('Add', [lookUp(base), run])
  const top = lookUp(ceiling)
  return builder.where(builder.node('Greater', [value, top]), top, value)
}
