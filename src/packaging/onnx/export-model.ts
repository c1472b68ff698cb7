import { readState } from '../../learn/read-state.ts'
import { restoreEnsemble, treeCount } from '../../learn/tree/ensemble.ts'
import type { State } from '../../table/state.ts'
import type { FeatureTensor } from './export-features.ts'
import { exportTrees, type TreePrecision } from './export-trees.ts'
import type { GraphBuilder, TensorName } from './graph-builder.ts'
import { unsupported } from './unsupported.ts'

export interface ModelExport {
  readonly builder: GraphBuilder
  readonly features: FeatureTensor
  readonly state: State
  /** 0 for regression */
  readonly nClasses: number
  readonly precision: TreePrecision
}

type Exporter = (model: ModelExport) => TensorName

/** The largest log of a value, as boosting has it. */
const MAX_LOG = 700

/** How each kind of model becomes nodes, by the name that its state goes by. */
const EXPORTERS: ReadonlyMap<string, Exporter> = new Map<string, Exporter>([
  ['baseline', exportBaseline],
  ['logistic-regression', exportLogistic],
  ['sparse-logistic-regression', exportLogistic],
  ['ridge', exportLinear],
  ['elastic-net', exportLinear],
  ['random-forest', exportForest],
  ['gradient-boosting', exportBoosting],
])

/**
 * A fitted model as nodes: probabilities, double, shape (N, nClasses), or values, shape (N, 1).
 * @throws ONNX_EXPORT_UNSUPPORTED
 */
export function exportModel(estimator: string, model: ModelExport): TensorName {
  const exporter = EXPORTERS.get(estimator)
  if (!exporter) throw unsupported(`Models of the kind "${estimator}" can't be written as ONNX yet.`)
  return exporter(model)
}

/** The same answer for each record. */
function exportBaseline({ builder, features, state }: ModelExport): TensorName {
  const answers = readState(state, 'baseline').float64('answers')
  const count = builder.node('Gather', [builder.node('Shape', [features.tensor]), builder.integers([0])], {
    axis: { int: 0 },
  })
  const shape = builder.node('Concat', [count, builder.integers([answers.length])], { axis: { int: 0 } })
  return builder.node('Expand', [builder.doubles(answers), shape])
}

/** intercept + sum of coefficient * column; shape (N, nOutputs). */
function linearScores(
  { builder, features }: ModelExport,
  coefficients: Float64Array,
  intercepts: ArrayLike<number>,
): TensorName {
  const nOutputs = intercepts.length
  const nColumns = features.position.length
  if (nColumns === 0) {
    const zeros = builder.node('Mul', [features.tensor, builder.number(0)])
    return builder.node('Add', [zeros, builder.doubles(intercepts)])
  }
  const turned = new Float64Array(coefficients.length)
  for (let k = 0; k < nOutputs; k++) {
    for (let j = 0; j < nColumns; j++) turned[features.position[j]! * nOutputs + k] = coefficients[k * nColumns + j]!
  }
  const products = builder.node('MatMul', [features.tensor, builder.doubles(turned, [nColumns, nOutputs])])
  return builder.node('Add', [products, builder.doubles(intercepts)])
}

function exportLinear(model: ModelExport): TensorName {
  const reader = readState(model.state, 'linear model')
  return linearScores(model, reader.float64('coefficients'), [reader.number('intercept')])
}

/** Sigmoid of one score or softmax of several; classes that training never saw have probability 0. */
function exportLogistic(model: ModelExport): TensorName {
  const { builder, nClasses } = model
  const reader = readState(model.state, 'logistic regression')
  const present = reader.int32('present')
  const scores = linearScores(model, reader.float64('coefficients'), reader.float64('intercepts'))
  const own =
    present.length === 2 ? twoClasses(builder, scores) : builder.node('Softmax', [scores], { axis: { int: 1 } })
  if (present.length === nClasses) return own
  const placed = new Float64Array(present.length * nClasses)
  for (let k = 0; k < present.length; k++) placed[k * nClasses + present[k]!] = 1
  return builder.node('MatMul', [own, builder.doubles(placed, [present.length, nClasses])])
}

/** Probabilities of two classes from the second's log-odds. */
function twoClasses(builder: GraphBuilder, scores: TensorName): TensorName {
  const sigmoid = (sign: 1 | -1) =>
    builder.node('Div', [
      builder.number(1),
      builder.node('Add', [
        builder.number(1),
        builder.node('Exp', [builder.node('Mul', [scores, builder.number(-sign)])]),
      ]),
    ])
  return builder.concat([sigmoid(-1), sigmoid(1)])
}

/** The mean of the leaves. */
function exportForest({ builder, features, state, precision }: ModelExport): TensorName {
  const trees = restoreEnsemble(readState(readState(state, 'forest').raw('trees'), 'forest'))
  const sums = exportTrees(builder, features, trees, precision)
  return builder.node('Div', [sums, builder.number(treeCount(trees))])
}

/** Initial scores and the leaves' sums, through the loss's link. */
function exportBoosting({ builder, features, state, nClasses, precision }: ModelExport): TensorName {
  const reader = readState(state, 'boosting')
  const trees = restoreEnsemble(readState(reader.raw('trees'), 'boosting'))
  const initial = builder.doubles(reader.float64('initial'))
  const raw =
    treeCount(trees) === 0
      ? builder.node('Add', [noTrees(builder, features), initial])
      : builder.node('Add', [exportTrees(builder, features, trees, precision), initial])
  if (nClasses === 0) return linked(builder, raw, reader.has('link') ? reader.text('link') : null)
  return nClasses === 2 ? twoClasses(builder, raw) : builder.node('Softmax', [raw], { axis: { int: 1 } })
}

/** The value from its score. */
function linked(builder: GraphBuilder, raw: TensorName, link: string | null): TensorName {
  if (link === null) return raw
  if (link !== 'log') throw unsupported(`Boosting with the link "${link}" can't be written as ONNX yet.`)
  const bounded = builder.where(builder.node('Greater', [raw, builder.number(MAX_LOG)]), builder.number(MAX_LOG), raw)
  return builder.node('Exp', [bounded])
}

/** Zeros, shape (N, 1). */
function noTrees(builder: GraphBuilder, { tensor }: FeatureTensor): TensorName {
  const first = builder.node('Gather', [tensor, builder.integers([0])], { axis: { int: 1 } })
  const known = builder.where(builder.node('IsNaN', [first]), builder.number(0), first)
  return builder.node('Mul', [known, builder.number(0)])
}
