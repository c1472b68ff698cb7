import type { FittedFeatures, ReplacingFeatures } from '../features/fitted-features.ts'
import { answersChanges } from '../learn/changing-model.ts'
import type { Matrix } from '../table/matrix.ts'
import { isSparseMatrix } from '../table/sparse-matrix.ts'
import type { Table } from '../table/table.ts'
import type { AnsweringPipeline } from './answering-pipeline.ts'
import { blendPredictions } from './ensemble/blend.ts'
import type { PredictReplaced } from './permutation-importance.ts'

/**
 * Answers of one table again and again, each time with one input column replaced: those of `pipeline.predict`, to the last bit. Only
 * the features made of the column are made anew, trees are only walked where a decision asks for one of them, and members that read
 * nothing of it are not asked at all.
 */
export function predictReplaced(
  { members, weights, calibrator }: Pick<AnsweringPipeline, 'members' | 'weights' | 'calibrator'>,
  table: Table,
): PredictReplaced {
  const replacing = new Map<FittedFeatures, ReplacingFeatures>()
  const asked = members.map((member): PredictReplaced => {
    const { features, model } = member
    const own = replacing.get(features) ?? features.replacing?.(table)
    if (!own) {
      return (input, columns) =>
        columns.map((column) => member.predict({ ...table, columns: new Map(table.columns).set(input, column) }))
    }
    replacing.set(features, own)
    const before = model.predict(own.matrix)
    const changing = answersChanges(model) && !isSparseMatrix(own.matrix) ? model.changing(own.matrix) : null
    return (input, columns) => {
      const changed = own.madeOf(input)
      if (changed.length === 0) return columns.map(() => before)
      const matrices = columns.map((column) => own.replace(input, column))
      return changing ? changing(changed, matrices as Matrix[]) : matrices.map((matrix) => model.predict(matrix))
    }
  })
  const alone = members.length === 1 && weights[0] === 1
  return (input, columns) => {
    const predictions = asked.map((ask) => ask(input, columns))
    return columns.map((_, version) => {
      const ofMembers = predictions.map((own) => own[version]!)
      const blended = alone ? ofMembers[0]! : blendPredictions(ofMembers, weights)
      return calibrator ? calibrator.apply(blended) : blended
    })
  }
}
