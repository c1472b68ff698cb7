import type { FittedPipeline } from '../../learn/fitted-pipeline.ts'
import type { State } from '../../table/state.ts'
import { ForeignBinding } from './foreign-binding.ts'
import { foreignPipeline } from './foreign-pipeline.ts'

/** The pipeline of an imported version. Throws as zod does for a state that is none, and as `foreignPipeline`. */
export function restoreForeign(state: State, bytes: Uint8Array): FittedPipeline {
  return foreignPipeline(bytes, ForeignBinding.parse(state))
}
