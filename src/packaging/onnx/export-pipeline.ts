import type { AnsweringPipeline } from '../../evaluate/answering-pipeline.ts'
import type { FeaturesState } from '../../features/block-state.ts'
import type { FittedFeatures } from '../../features/fitted-features.ts'
import type { OnnxInput } from './column-scope.ts'
import { exportCalibrator, jumps } from './export-calibrator.ts'
import { exportFeatures, type FeatureTensor, inputNames } from './export-features.ts'
import { exportModel } from './export-model.ts'
import { GraphBuilder, type TensorName } from './graph-builder.ts'
import { writeOnnxModel } from './write-model.ts'

/** What the file says of the model beside the graph. */
export interface OnnxFacts {
  readonly name: string
  /** null where it is no registered version. */
  readonly version: number | null
  readonly bellwetherVersion: string
  /** JSON of the model's signature. */
  readonly signature: string
}

export interface OnnxExport {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** One for each column, in the order of the model's inputs, what is worked out beforehand behind the rest. */
  readonly inputs: readonly OnnxInput[]
  /** `label` (string, shape (N)) and `probabilities` (float, shape (N, nClasses)), or `value` (float, shape (N, 1)). */
  readonly outputs: readonly string[]
}

/** Key of the list of inputs in the file's metadata. */
export const INPUTS_KEY = 'bellwether.inputs'

/**
 * A whole answering pipeline as one ONNX file: features, models, blend, calibration, decision. Numbers are computed as doubles, as our
 * scorer does; answers come out as float. Equal pipelines give equal bytes.
 * @throws ONNX_EXPORT_UNSUPPORTED for a part that can't be said in ONNX
 */
export function exportOnnx(pipeline: AnsweringPipeline, facts: OnnxFacts): OnnxExport {
  const { members, weights, calibrator, decision, target } = pipeline
  const states = new Map<FittedFeatures, FeaturesState>()
  for (const { features } of members) states.set(features, features.state() as FeaturesState)
  const builder = new GraphBuilder([...states.values()].flatMap(inputNames))
  const known = new Map<string, OnnxInput>()
  const tensors = new Map<FittedFeatures, FeatureTensor>()
  for (const [features, state] of states) tensors.set(features, exportFeatures(builder, known, state))

  const precision = calibrator && jumps(calibrator.state()) ? 'double' : 'single'
  const answers = members.map(({ features, model }, i) => {
    const own = exportModel(model.estimator, {
      builder,
      features: tensors.get(features)!,
      state: model.state(),
      nClasses: target.classes.length,
      precision,
    })
    return weights[i] === 1 ? own : builder.node('Mul', [own, builder.number(weights[i]!)])
  })
  const blend = answers.reduce((sum, own) => builder.node('Add', [sum, own]))
  const answer = calibrator ? exportCalibrator(builder, calibrator.state(), blend) : blend
  const outputs =
    target.task === 'classification'
      ? classOutputs(builder, answer, target.classes, decision)
      : [builder.output(builder.cast(answer, 'float'), 'value', 'float', 1)]

  const inputs = inOrder([...known.values()], pipeline.inputs)
  const graph = builder.graph(
    facts.name,
    inputs.map(({ name }) => name),
  )
  const bytes = writeOnnxModel({
    producerVersion: facts.bellwetherVersion,
    doc: `${facts.name}${facts.version === null ? '' : ` version ${facts.version}`}, exported by Bellwether.`,
    metadata: {
      'bellwether.model': facts.name,
      'bellwether.version': facts.version === null ? '' : String(facts.version),
      'bellwether.signature': facts.signature,
      [INPUTS_KEY]: JSON.stringify(inputs),
    },
    graph,
  })
  return { bytes, inputs, outputs }
}

/** The label is the class of the largest probability, weighed where the model decides so; the first of equals. */
function classOutputs(
  builder: GraphBuilder,
  probabilities: TensorName,
  classes: readonly string[],
  decision: Float64Array | null,
): string[] {
  const weighed = decision ? builder.node('Mul', [probabilities, builder.doubles(decision)]) : probabilities
  const best = builder.node('ArgMax', [weighed], { axis: { int: 1 }, keepdims: { int: 0 } })
  const label = builder.node('Gather', [builder.texts(classes, [classes.length]), best], { axis: { int: 0 } })
  return [
    builder.output(label, 'label', 'string', null),
    builder.output(builder.cast(probabilities, 'float'), 'probabilities', 'float', classes.length),
  ]
}

function inOrder(inputs: readonly OnnxInput[], columns: readonly string[]): readonly OnnxInput[] {
  const rank = ({ name, column }: OnnxInput) => {
    const at = name === column ? columns.indexOf(name) : -1
    return at < 0 ? columns.length : at
  }
  return inputs.toSorted((a, b) => rank(a) - rank(b))
}
