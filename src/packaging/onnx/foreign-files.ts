/** What tells an imported model from one of ours, apart from what reads it: that needs the whole of ONNX, and most servers have none. */

/** Estimator of an imported model, in manifests and states. */
export const FOREIGN_ESTIMATOR = 'onnx'

/** The file of an imported model inside its package, as it came. */
export const FOREIGN_FILE = 'model.onnx'

/** Whether a version was imported. */
export function isForeign({ estimator }: { readonly estimator: string }): boolean {
  return estimator === FOREIGN_ESTIMATOR
}
