import { BellwetherError } from '../../errors.ts'
import { ELEMENT_TYPES } from './proto.ts'
import { type FileGraph, type FileTensor, type OnnxFile, readOnnx } from './read-model.ts'

/** Largest file that is looked at, and most operators in it. */
export const ONNX_LIMITS = { bytes: 512 * 1024 * 1024, nodes: 200_000 } as const

/** Operators that ship with every runtime, and run nothing but arithmetic. */
const DOMAINS = new Set(['', 'ai.onnx', 'ai.onnx.ml'])

/** They may run for ever, or for as long as an input says. */
const ENDLESS = new Set(['Loop', 'Scan', 'SequenceMap'])

/**
 * Reads an ONNX file of unknown origin and refuses what a tabular model has no need of, before any runtime sees it: weights in other files,
 * operators that a library brings along, loops, functions, tensors that are larger than their content.
 * @throws ONNX_INVALID saying what and where
 */
export function inspectOnnx(bytes: Uint8Array): OnnxFile {
  if (bytes.length > ONNX_LIMITS.bytes) {
    throw refused(`it has ${bytes.length} bytes; at most ${ONNX_LIMITS.bytes} are read`)
  }
  const file = readOnnx(bytes)
  if (file.nFunctions > 0) throw refused('it defines functions of its own; inline them before the export')
  const count = { nodes: 0 }
  inspectGraph(file.graph, count)
  return file
}

function inspectGraph(graph: FileGraph, count: { nodes: number }): void {
  for (const tensor of graph.constants) inspectTensor(tensor)
  for (const node of graph.nodes) {
    if (++count.nodes > ONNX_LIMITS.nodes) throw refused(`it has more than ${ONNX_LIMITS.nodes} operators`)
    const name = short(node.op)
    if (!DOMAINS.has(node.domain)) {
      throw refused(
        `its operator ${name} is of the domain "${short(node.domain)}", which a library would have to bring`,
      )
    }
    if (ENDLESS.has(node.op)) throw refused(`its operator ${name} may run for ever`)
    for (const tensor of node.tensors) inspectTensor(tensor)
    for (const inner of node.graphs) inspectGraph(inner, count)
  }
}

function inspectTensor({ name, type, dims, sizeBytes, external }: FileTensor): void {
  const shown = short(name || 'without a name')
  if (external) throw refused(`the content of its tensor "${shown}" lies in another file; save the model as one file`)
  const size = dims.reduce((product, dim) => product * dim, 1)
  if (!dims.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw refused(`its tensor "${shown}" has a negative size`)
  // Each element takes at least a byte; a text may take none.
  if (type !== ELEMENT_TYPES.string && size > sizeBytes) {
    throw refused(`its tensor "${shown}" says that it has ${size} elements, and holds ${sizeBytes} bytes`)
  }
}

export function refused(why: string): BellwetherError {
  return new BellwetherError('ONNX_INVALID', `The ONNX model is refused: ${why}.`)
}

const short = (text: string) => (text.length > 80 ? `${text.slice(0, 80)}…` : text)
