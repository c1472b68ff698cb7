import type { LineageEdge, LineageGraph, LineageNode } from './lineage.ts'

/**
 * Of a graph what belongs to some projects: their runs and versions, the datasets that these used, where those came from, and what their versions answered. What it
 * started from stays.
 */
export function ownPart(graph: LineageGraph, sees: (project: string) => boolean): LineageGraph {
  const nodes = new Map(graph.nodes.map((node) => [node.key, node]))
  const own = new Set([graph.start])
  for (const { key, project } of graph.nodes) if (project !== null && sees(project)) own.add(key)
  const beside = (kind: LineageNode['kind'], other: (edge: LineageEdge) => readonly (readonly [string, string])[]) => {
    const found = graph.edges
      .flatMap(other)
      .filter(([key, neighbour]) => nodes.get(key)?.kind === kind && own.has(neighbour))
    for (const [key] of found) own.add(key)
  }
  // Datasets do not make one another visible: who sees what a person was erased from sees no more of it than its own runs used.
  beside('dataset', ({ from, to }) => (isOfProject(nodes.get(to)) ? [[from, to]] : []))
  beside('source', ({ from, to }) => [[from, to]])
  beside('prediction', ({ from, to }) => [[to, from]])
  return {
    ...graph,
    nodes: graph.nodes.filter(({ key }) => own.has(key)),
    edges: graph.edges.filter(({ from, to }) => own.has(from) && own.has(to)),
  }
}

const isOfProject = (node: LineageNode | undefined) => node?.kind === 'run' || node?.kind === 'version'
