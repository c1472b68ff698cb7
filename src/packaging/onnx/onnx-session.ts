import { createRequire } from 'node:module'
import { BellwetherError } from '../../errors.ts'

/** Element types that the runtime takes and gives, by the names of its own. */
export type TensorType =
  | 'float32'
  | 'float64'
  | 'int32'
  | 'int64'
  | 'uint8'
  | 'int8'
  | 'uint16'
  | 'int16'
  | 'uint32'
  | 'uint64'
  | 'bool'
  | 'string'

/** A tensor, row-major. */
export interface TensorFeed {
  readonly type: TensorType
  readonly dims: readonly number[]
  readonly data: Float64Array | Float32Array | Int32Array | BigInt64Array | Uint8Array | readonly string[]
}

export interface TensorResult {
  readonly type: TensorType
  readonly dims: readonly number[]
  readonly data: ArrayLike<number> | ArrayLike<bigint> | readonly string[]
}

/** A model in ONNX Runtime, ready to answer. */
export interface OnnxSession {
  /** At once, in this thread. @throws ONNX_RUN_FAILED */
  run(feeds: Readonly<Record<string, TensorFeed>>, outputs: readonly string[]): Record<string, TensorResult>
  close(): void
}

/**
 * The native half of `onnxruntime-node`, whose public half gives a promise for what this does at once. Scorers answer at once, and a
 * promise for each row would change everything that calls them.
 */
interface NativeBinding {
  readonly InferenceSession: new () => {
    loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void
    run(feeds: object, fetches: object, options: object): Record<string, TensorResult>
    dispose(): void
  }
}

interface Runtime {
  readonly binding: NativeBinding
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => object
}

let runtime: Runtime | null = null

/** Loaded with the first model that needs it: without one, the runtime may be missing. @throws ONNX_RUNTIME_MISSING */
function loadRuntime(): Runtime {
  if (runtime) return runtime
  const require = createRequire(import.meta.url)
  try {
    const { Tensor } = require('onnxruntime-node') as { Tensor: Runtime['Tensor'] }
    const native = require('onnxruntime-node/dist/binding.js') as { binding: NativeBinding; initOrt(): void }
    native.initOrt()
    runtime = { binding: native.binding, Tensor }
    return runtime
  } catch (cause) {
    const message = 'ONNX Runtime (the package onnxruntime-node) can’t be loaded on this machine.'
    throw new BellwetherError('ONNX_RUNTIME_MISSING', message, { cause })
  }
}

const OPTIONS = {
  executionProviders: ['cpu'],
  // One thread: answers don't depend on how many there are, and a server has requests to keep its cores busy.
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  enableMemPattern: false,
  logSeverityLevel: 3,
} as const

/**
 * Opens a model. The bytes must have been looked through by `inspectOnnx` where they are not our own.
 * @throws ONNX_INVALID when the runtime refuses them; ONNX_RUNTIME_MISSING
 */
export function openOnnx(bytes: Uint8Array): OnnxSession {
  const { binding, Tensor } = loadRuntime()
  const session = new binding.InferenceSession()
  try {
    // A copy: the runtime is given the whole buffer, and a small Buffer shares its own with others.
    const own = new Uint8Array(bytes)
    session.loadModel(own.buffer, 0, own.byteLength, OPTIONS)
  } catch (cause) {
    throw new BellwetherError('ONNX_INVALID', `ONNX Runtime refuses the model: ${reason(cause)}`, { cause })
  }
  return {
    run(feeds, outputs) {
      const tensors = Object.fromEntries(
        Object.entries(feeds).map(([name, { type, data, dims }]) => [name, new Tensor(type, data, dims)]),
      )
      try {
        return session.run(tensors, Object.fromEntries(outputs.map((name) => [name, null])), {})
      } catch (cause) {
        throw new BellwetherError('ONNX_RUN_FAILED', `ONNX Runtime can't run the model: ${reason(cause)}`, { cause })
      }
    },
    close: () => session.dispose(),
  }
}

/** The runtime's words, cut: they name operators and shapes. */
function reason(cause: unknown): string {
  const text = (cause instanceof Error ? cause.message : String(cause)).replaceAll(/\s+/g, ' ')
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}
