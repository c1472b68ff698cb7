import type { Target } from '../../table/target.ts'
import type { KernelMemory } from '../kernels/kernel-memory.ts'
import { type Loss, lossOf } from './loss.ts'
import type { BoostingSettings } from './options.ts'
import { valueLossOf } from './value-losses.ts'

/** As `lossOf`, of the loss that the options name for regression; they have no say in classification. */
export function chosenLoss(
  choice: Pick<BoostingSettings, 'loss' | 'quantile'>,
  target: Target,
  weights: Float64Array,
  initial?: Float64Array,
  memory: KernelMemory | null = null,
): Loss {
  return target.task === 'regression' && choice.loss !== 'squared_error'
    ? valueLossOf(choice.loss, target.values, weights, choice.quantile, initial)
    : lossOf(target, weights, initial, memory)
}
