/** What something was made from, and what was made from it. */
export interface LineageStore {
  /** The graph around a node: everything upstream and downstream of it, at most `MOST_EDGES` steps. */
  lineage(start: LineageStart): Promise<LineageGraph>
}

export const MOST_EDGES = 5000

export type LineageKind = 'source' | 'dataset' | 'run' | 'version' | 'prediction'

/** Where to begin. A version is named `model/number`. */
export interface LineageStart {
  readonly kind: Exclude<LineageKind, 'source' | 'prediction'>
  readonly id: string
}

export interface LineageNode {
  /** Tells nodes of one graph apart. */
  readonly key: string
  readonly kind: LineageKind
  /** Id of a dataset version, run or prediction; `model/number`; what is noted of a source. */
  readonly id: string
  /** What people call it: the dataset's name, the run's name; null where it has none besides its id. */
  readonly name: string | null
  /** Experiment of a run, model of a version; null for others, and for a run that stands alone. */
  readonly project: string | null
}

/** One thing went into another. */
export interface LineageEdge {
  /** Keys of nodes. */
  readonly from: string
  readonly to: string
  /** How: `read`, `training`, `registered`, `taught`, `erased into`, `answered`. */
  readonly as: string
}

export interface LineageGraph {
  /** Key of the node that was asked for. */
  readonly start: string
  readonly nodes: readonly LineageNode[]
  readonly edges: readonly LineageEdge[]
  /** There are more steps than these. */
  readonly truncated: boolean
}

export const nodeKey = (kind: LineageKind, id: string) => `${kind}:${id}`

/** The graph with a prediction that one of its versions gave. */
export function withPrediction(graph: LineageGraph, prediction: string): LineageGraph {
  const key = nodeKey('prediction', prediction)
  return {
    ...graph,
    start: key,
    nodes: [...graph.nodes, { key, kind: 'prediction', id: prediction, name: null, project: null }],
    edges: [...graph.edges, { from: graph.start, to: key, as: 'answered' }],
  }
}
