import type { Kernels } from './load-kernels.ts'

/** Kernels that helper threads run; told by their place here. */
export const TEAM_KERNELS = [
  'addLeafValues',
  'addToHistogram',
  'addTreeOutputs',
  'chunkBins',
  'classGradients',
  'growClassTree',
  'growLaneTree',
  'joinRows',
  'largestOf',
  'logisticGradients',
  'packGradients',
  'partRows',
  'softmaxProbabilities',
  'sumLeaves',
] as const satisfies readonly (keyof Kernels)[]

export type TeamKernel = (typeof TEAM_KERNELS)[number]
