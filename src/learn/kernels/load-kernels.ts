import { KERNELS_BASE64 } from './kernels-wasm.ts'

/**
 * The compiled kernels (their sources: assembly/). Pointers are bytes from the beginning of the memory; a typed array over
 * that memory has its pointer as `byteOffset`. What each does and takes is said at its source.
 */
export interface Kernels {
  sortValues(values: number, n: number, scratch: number): void
  binValues(values: number, n: number, cuts: number, step: number, missing: number, bins: number): void
  largestOf(values: number, rows: number, n: number): number
  packGradients(
    gradients: number,
    hessians: number,
    rows: number,
    n: number,
    gradientScale: number,
    hessianScale: number,
    countUnit: number,
    packedGradients: number,
    hessiansAndCounts: number,
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
    first: number,
    second: number,
    histogram: number,
  ): void
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
  addTreeOutputs(
    nodes: number,
    roots: number,
    nTrees: number,
    values: number,
    width: number,
    rows: number,
    nRows: number,
    nColumns: number,
    outputs: number,
    nOutputs: number,
  ): void
}

/** A memory of WebAssembly: grows by pages of 64 KiB, never shrinks. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer
  grow(pages: number): number
}

type WasmModule = object

/** What is used of the host's WebAssembly; the standard library's types for it come with those of a browser alone. */
interface WebAssemblyHost {
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule
  readonly Instance: new (module: WasmModule, imports: { env: { memory: WasmMemory } }) => { exports: object }
  readonly Memory: new (pages: { initial: number }) => WasmMemory
}

declare const WebAssembly: WebAssemblyHost | undefined
declare function atob(base64: string): string

let enabled = true
/** null where the host can't run them; undefined before the first use. */
let compiled: WasmModule | null | undefined

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
  return enabled && module() !== null
}

/**
 * A memory of at least so many bytes, with the kernels on it.
 * @returns null where the host can't run them, or has no room.
 */
export function instantiateKernels(sizeBytes: number): { kernels: Kernels; memory: WasmMemory } | null {
  const code = enabled ? module() : null
  if (code === null || typeof WebAssembly === 'undefined') return null
  try {
    const memory = new WebAssembly.Memory({ initial: pagesOf(sizeBytes) })
    // The compiler's own type check stands behind this: a test calls every one of them.
    return { kernels: new WebAssembly.Instance(code, { env: { memory } }).exports as Kernels, memory }
  } catch {
    return null
  }
}

export function pagesOf(sizeBytes: number): number {
  return Math.ceil(sizeBytes / 65_536)
}

function module(): WasmModule | null {
  if (compiled !== undefined) return compiled
  compiled = null
  if (typeof WebAssembly === 'undefined') return compiled
  try {
    compiled = new WebAssembly.Module(Uint8Array.from(atob(KERNELS_BASE64), (byte) => byte.charCodeAt(0)))
  } catch {
    // No SIMD, or a content security policy against compiling: the twins do the work.
  }
  return compiled
}
