import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** A loader that has compiled nothing yet. */
const freshLoader = () => import('./load-kernels.ts')

describe('the loader of kernels', () => {
  beforeEach(() => {
    vi.resetModules()
  })

  afterEach(() => {
    vi.unstubAllGlobals()
  })

  test('has none on a host without WebAssembly', async () => {
    vi.stubGlobal('WebAssembly', undefined)
    const { instantiateKernels, kernelsAvailable } = await freshLoader()
    expect(kernelsAvailable()).toBe(false)
    expect(instantiateKernels(1000)).toBeNull()
  })

  test('has none on a host that does not know SIMD or forbids compiling', async () => {
    const refuse = class {
      constructor() {
        throw new Error('refused')
      }
    }
    vi.stubGlobal('WebAssembly', { Module: refuse, Instance: refuse, Memory: refuse })
    const { kernelsAvailable } = await freshLoader()
    expect(kernelsAvailable()).toBe(false)
  })

  test('gives none where the host has no room for the memory', async () => {
    const { instantiateKernels, kernelsAvailable } = await freshLoader()
    expect(kernelsAvailable()).toBe(true)
    expect(instantiateKernels(2 ** 40)).toBeNull()
  })

  test('without kernels is so only for the work named, even when that fails', async () => {
    const { kernelsAvailable, withoutKernels } = await freshLoader()
    const fails = () =>
      withoutKernels(() => {
        expect(kernelsAvailable()).toBe(false)
        throw new Error('work failed')
      })
    expect(fails).toThrow('work failed')
    expect(kernelsAvailable()).toBe(true)
  })

  test('compiles every kernel', async () => {
    const { instantiateKernels } = await freshLoader()
    const made = instantiateKernels(100_000)
    expect(Object.keys(made!.kernels).sort()).toEqual([
      'addLeafValues',
      'addToClassHistogram',
      'addToHistogram',
      'addToValueHistogram',
      'addTreeOutputs',
      'binValues',
      'chunkBins',
      'classGradients',
      'expOf',
      'findSplit',
      'growBoostedTree',
      'growClassTree',
      'growLaneTree',
      'joinRows',
      'largestOf',
      'logisticGradients',
      'memory',
      'mergeHistogram',
      'packGradients',
      'partRows',
      'partitionRows',
      'sampleRows',
      'softmaxProbabilities',
      'sortValues',
      'subtractHistogram',
      'sumLeaves',
      'useScratch',
    ])
    expect(made!.memory.buffer.byteLength).toBe(131_072)
  })
})
