import { KERNELS_BASE64, SHARED_KERNELS_BASE64 } from './kernels-wasm.ts'

/**
 * The compiled kernels (their sources: assembly/). Pointers are bytes from the beginning of the memory; a typed array over
 * that memory has its pointer as `byteOffset`. What each does and takes is said at its source.
 */
export interface Kernels {
  sortValues(values: number, n: number, scratch: number): void
  binValues(values: number, n: number, cuts: number, step: number, missing: number, bins: number): void
  useScratch(at: number): void
  expOf(values: number, n: number, powers: number): void
  chunkBins(bins: number, nRows: number, nColumns: number, begin: number, end: number, chunk: number): void
  logisticGradients(
    raw: number,
    codes: number,
    weights: number,
    begin: number,
    end: number,
    gradients: number,
    hessians: number,
  ): void
  softmaxProbabilities(
    raw: number,
    nRows: number,
    nClasses: number,
    begin: number,
    end: number,
    probabilities: number,
  ): void
  classGradients(
    probabilities: number,
    codes: number,
    weights: number,
    code: number,
    factor: number,
    begin: number,
    end: number,
    gradients: number,
    hessians: number,
  ): void
  largestOf(values: number, rows: number, begin: number, end: number): number
  packGradients(
    gradients: number,
    hessians: number,
    rows: number,
    begin: number,
    end: number,
    gradientScale: number,
    hessianScale: number,
    countUnit: number,
    pairs: number,
    sums: number,
  ): void
  addToHistogram(
    bins: number,
    nRows: number,
    offsets: number,
    columns: number,
    nColumns: number,
    rows: number,
    begin: number,
    end: number,
    pairs: number,
    histogram: number,
    clearBins: number,
  ): void
  addToValueHistogram(
    bins: number,
    nRows: number,
    offsets: number,
    columns: number,
    nColumns: number,
    rows: number,
    begin: number,
    end: number,
    first: number,
    second: number,
    histogram: number,
  ): void
  growClassTree(
    seed: number,
    bootstrap: number,
    weights: number,
    nRows: number,
    countBits: number,
    bins: number,
    chunks: number,
    hasMissing: number,
    nBins: number,
    nColumns: number,
    usable: number,
    nUsable: number,
    codes: number,
    nClasses: number,
    nFeatures: number,
    maxDepth: number,
    minSamplesSplit: number,
    minSamplesLeaf: number,
    extraTrees: number,
    room: number,
  ): number
  growBoostedTree(room: number, seed: number, raw: number): number
  sampleRows(seed: number, n: number, count: number, sample: number, others: number): void
  growLaneTree(
    seed: number,
    bootstrap: number,
    nRows: number,
    countBits: number,
    bins: number,
    chunks: number,
    nearRows: number,
    hasMissing: number,
    nBins: number,
    nColumns: number,
    usable: number,
    nUsable: number,
    codes: number,
    nClasses: number,
    classWeights: number,
    laneBits: number,
    nFeatures: number,
    maxDepth: number,
    minSamplesSplit: number,
    minSamplesLeaf: number,
    extraTrees: number,
    room: number,
  ): number
  mergeHistogram(sum: number, part: number, nBins: number): void
  subtractHistogram(parent: number, child: number, nBins: number): void
  addToClassHistogram(
    bins: number,
    nRows: number,
    columns: number,
    nColumns: number,
    rows: number,
    begin: number,
    end: number,
    codes: number,
    entries: number,
    nClasses: number,
    histogram: number,
  ): void
  findSplit(
    histogram: number,
    offsets: number,
    hasMissing: number,
    columns: number,
    nColumns: number,
    gradient: number,
    hessianAndCount: number,
    countUnit: number,
    gradientScale: number,
    hessianScale: number,
    minSamplesLeaf: number,
    l1Regularization: number,
    l2Regularization: number,
  ): number
  partitionRows(
    rows: number,
    begin: number,
    end: number,
    bins: number,
    bin: number,
    alsoLeft: number,
    scratch: number,
  ): number
  partRows(
    rows: number,
    begin: number,
    end: number,
    bins: number,
    bin: number,
    alsoLeft: number,
    lefts: number,
    rights: number,
  ): number
  joinRows(
    rows: number,
    begin: number,
    end: number,
    lefts: number,
    rights: number,
    nLeft: number,
    toLeft: number,
    toRight: number,
  ): void
  sumLeaves(
    gradients: number,
    hessians: number,
    rows: number,
    begins: number,
    first: number,
    last: number,
    sums: number,
  ): void
  addLeafValues(
    raw: number,
    rows: number,
    begin: number,
    end: number,
    begins: number,
    values: number,
    nLeaves: number,
  ): void
  addTreeOutputs(
    nodes: number,
    leaves: number,
    roots: number,
    nTrees: number,
    values: number,
    width: number,
    columns: number,
    nRows: number,
    nColumns: number,
    begin: number,
    end: number,
    block: number,
    outputs: number,
    nOutputs: number,
  ): void
}

/** A memory of WebAssembly: grows by pages of 64 KiB, never shrinks. */
export interface WasmMemory {
  readonly buffer: ArrayBufferLike
  grow(pages: number): number
}

/** One that several threads have at once; it does not grow. */
export interface SharedMemory {
  readonly buffer: ArrayBufferLike
}

export type WasmModule = object

/** What is used of the host's WebAssembly; the standard library's types for it come with those of a browser alone. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule
  readonly Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { exports: object }
  readonly Memory: new (pages: { initial: number; maximum?: number; shared?: boolean }) => WasmMemory
}

declare const WebAssembly: WebAssemblyHost | undefined
declare function atob(base64: string): string

let enabled = true
/** By whether the memory is shared. null where the host can't run them; not there before the first use. */
const compiled = new Map<boolean, WasmModule | null>()

/**
 * Runs `work` without the kernels, on their twins in plain TypeScript: same bytes, slower. For tests and comparisons.
 * `work` must not be asynchronous.
 */
export function withoutKernels<T>(work: () => T): T {
  const before = enabled
  enabled = false
  try {
    return work()
  } finally {
    enabled = before
  }
}

/** Whether this host runs the kernels: it has WebAssembly with SIMD, and its rules let code be compiled. */
export function kernelsAvailable(): boolean {
  return enabled && moduleFor(false) !== null
}

/** The kernels on a memory. */
export interface KernelInstance {
  readonly kernels: Kernels
  readonly memory: WasmMemory
  readonly module: WasmModule
}

/**
 * A memory of at least so many bytes, with the kernels on it.
 * @param shared Whether other threads are to work in it too.
 * @returns null where the host can't run them, or has no room.
 */
export function instantiateKernels(sizeBytes: number, shared = false): KernelInstance | null {
  const module = enabled ? moduleFor(shared) : null
  if (module === null || typeof WebAssembly === 'undefined') return null
  try {
    const initial = pagesOf(sizeBytes)
    const memory = new WebAssembly.Memory(shared ? { initial, maximum: initial, shared } : { initial })
    // The compiler's own type check stands behind this: a test calls every one of them.
    return { kernels: new WebAssembly.Instance(module, { env: { memory } }).exports as Kernels, memory, module }
  } catch {
    return null
  }
}

export function pagesOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 65_536)
}

function moduleFor(shared: boolean): WasmModule | null {
  const known = compiled.get(shared)
  if (known !== undefined) return known
  let module: WasmModule | null = null
  try {
    if (typeof WebAssembly !== 'undefined') {
      const base64 = shared ? SHARED_KERNELS_BASE64 : KERNELS_BASE64
      module = new WebAssembly.Module(Uint8Array.from(atob(base64), (byte) => byte.charCodeAt(0)))
    }
  } catch {
    // No SIMD, no shared memory, or a content security policy against compiling: the twins, or one thread, do the work.
  }
  compiled.set(shared, module)
  return module
}
