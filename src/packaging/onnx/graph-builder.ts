import type { Attribute, ConstantTensor, ElementType, GraphNode, GraphValue, OnnxGraph } from './proto.ts'
import { ELEMENT_TYPES } from './proto.ts'
import { ML_DOMAIN } from './write-model.ts'

/** Name of a tensor in the graph that is being built. */
export type TensorName = string

/**
 * Collects the nodes of a graph. Numbers are double throughout, so that the graph computes as our own code does; tensors have a row per
 * record, shape (N, nColumns), and what is written out broadcasts to that.
 */
export class GraphBuilder {
  readonly #inputs = new Map<string, GraphValue>()
  readonly #outputs: GraphValue[] = []
  readonly #constants = new Map<string, ConstantTensor>()
  readonly #constantNames = new Map<string, string>()
  readonly #nodes: GraphNode[] = []
  readonly #taken: Set<string>
  #next = 0

  /** @param reserved Names that inputs have or will have: nothing else is called so. */
  constructor(reserved: Iterable<string>) {
    this.#taken = new Set(reserved)
  }

  /** Declares an input of shape (N, width); once for each name. */
  input(name: string, type: ElementType, doc: string, width: number | string = 1): TensorName {
    if (!this.#inputs.has(name)) {
      this.#taken.add(name)
      this.#inputs.set(name, { name, type, dims: ['N', width], doc })
    }
    return name
  }

  get inputs(): readonly GraphValue[] {
    return [...this.#inputs.values()]
  }

  node(op: string, inputs: readonly TensorName[], attributes: Readonly<Record<string, Attribute>> = {}): TensorName {
    return this.#add(op, '', inputs, attributes)
  }

  /** A node of the operators for classical models. */
  mlNode(op: string, inputs: readonly TensorName[], attributes: Readonly<Record<string, Attribute>>): TensorName {
    return this.#add(op, ML_DOMAIN, inputs, attributes)
  }

  /** Numbers as a tensor; of shape (1, length) where no other is given. */
  doubles(values: ArrayLike<number>, dims: readonly number[] = [1, values.length]): TensorName {
    return this.#constant({ type: 'double', dims, values })
  }

  number(value: number): TensorName {
    return this.doubles([value])
  }

  integers(values: ArrayLike<number>): TensorName {
    return this.#constant({ type: 'int64', dims: [values.length], values })
  }

  texts(values: readonly string[], dims: readonly number[] = [1, values.length]): TensorName {
    return this.#constant({ type: 'string', dims, values })
  }

  cast(tensor: TensorName, type: ElementType): TensorName {
    return this.node('Cast', [tensor], { to: { int: ELEMENT_TYPES[type] } })
  }

  where(condition: TensorName, yes: TensorName, no: TensorName): TensorName {
    return this.node('Where', [condition, yes, no])
  }

  /** Columns side by side. */
  concat(tensors: readonly TensorName[]): TensorName {
    return tensors.length === 1 ? tensors[0]! : this.node('Concat', tensors, { axis: { int: 1 } })
  }

  /** Numbers that are not finite become NaN. */
  finite(tensor: TensorName): TensorName {
    return this.where(this.node('IsInf', [tensor]), this.number(Number.NaN), tensor)
  }

  /** Gives a tensor the name of an output, made free with "_" where an input is called so. Returns that name. */
  output(tensor: TensorName, wanted: string, type: ElementType, nColumns: number | null): string {
    let name = wanted
    while (this.#taken.has(name)) name += '_'
    this.#taken.add(name)
    this.#nodes.push({ op: 'Identity', domain: '', inputs: [tensor], outputs: [name], attributes: {} })
    this.#outputs.push({ name, type, dims: nColumns === null ? ['N'] : ['N', nColumns] })
    return name
  }

  /** @param order Names of the inputs in the order that they are to have. */
  graph(name: string, order: readonly string[]): OnnxGraph {
    const rank = new Map(order.map((input, i) => [input, i]))
    return {
      name,
      inputs: this.inputs.toSorted((a, b) => rank.get(a.name)! - rank.get(b.name)!),
      outputs: this.#outputs,
      constants: this.#constants,
      nodes: this.#nodes,
    }
  }

  #add(
    op: string,
    domain: string,
    inputs: readonly TensorName[],
    attributes: Readonly<Record<string, Attribute>>,
  ): TensorName {
    const output = this.#free(op)
    this.#nodes.push({ op, domain, inputs, outputs: [output], attributes })
    return output
  }

  /** Short constants that are equal are one. */
  #constant(tensor: ConstantTensor): TensorName {
    const key =
      tensor.values.length <= 64
        ? JSON.stringify([tensor.type, tensor.dims, Array.from<unknown>(tensor.values).map(spelt)])
        : null
    const known = key === null ? undefined : this.#constantNames.get(key)
    if (known !== undefined) return known
    const name = this.#free('constant')
    this.#constants.set(name, tensor)
    if (key !== null) this.#constantNames.set(key, name)
    return name
  }

  #free(what: string): string {
    let name: string
    do name = `${what}_${++this.#next}`
    while (this.#taken.has(name))
    this.#taken.add(name)
    return name
  }
}

/** JSON has no word for NaN, infinities and -0. */
function spelt(value: unknown): unknown {
  return typeof value === 'number' && (Object.is(value, -0) || !Number.isFinite(value))
    ? { number: Object.is(value, -0) ? '-0' : String(value) }
    : value
}
