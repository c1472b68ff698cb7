import type { FittedPipeline } from '../../learn/fitted-pipeline.ts'
import type { State } from '../../table/state.ts'
import { ForeignBinding } from './foreign-binding.ts'
import { FOREIGN_ESTIMATOR, foreignPipeline } from './foreign-pipeline.ts'

/** The file of an imported model inside its package, as it came. */
export const FOREIGN_FILE = 'model.onnx'

/** Whether a version was imported. */
export function isForeign({ estimator }: { readonly estimator: string }): boolean {
  return estimator === FOREIGN_ESTIMATOR
}

/** The pipeline of an imported version. Throws as zod does for a state that is none, and as `foreignPipeline`. */
export function restoreForeign(state: State, bytes: Uint8Array): FittedPipeline {
  return foreignPipeline(bytes, ForeignBinding.parse(state))
}
