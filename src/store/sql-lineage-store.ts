import {
  type LineageEdge,
  type LineageGraph,
  type LineageNode,
  type LineageStart,
  type LineageStore,
  MOST_EDGES,
  nodeKey,
} from '../track/lineage/lineage.ts'
import { type LineageRow, SELECT_LINEAGE } from './queries/lineage-query.ts'
import type { SqlDatabase } from './sql-database.ts'

type Found = Omit<LineageNode, 'key' | 'project'> & { readonly experiment: string | null }

/** Of a version, which is named `model/number`. */
const modelOf = (version: string) => version.slice(0, version.lastIndexOf('/'))

/** Lineage on a SQL database, whatever its dialect. */
export class SqlLineageStore implements LineageStore {
  readonly #database: SqlDatabase

  constructor(database: SqlDatabase) {
    this.#database = database
  }

  async lineage({ kind, id }: LineageStart): Promise<LineageGraph> {
    const rows = await this.#database.read((sql) =>
      sql.all<LineageRow>(SELECT_LINEAGE, kind, id, kind, id, MOST_EDGES + 1),
    )
    const nodes = new Map<string, LineageNode>()
    const add = ({ experiment, ...node }: Found): string => {
      const key = nodeKey(node.kind, node.id)
      const project = node.kind === 'version' ? modelOf(node.id) : experiment
      if (!nodes.has(key)) nodes.set(key, { key, ...node, project })
      return key
    }
    const edges = rows.slice(0, MOST_EDGES).map((row): LineageEdge => {
      const from = add({ kind: row.from_kind, id: row.from_id, name: row.from_name, experiment: row.from_experiment })
      const to = add({ kind: row.to_kind, id: row.to_id, name: row.to_name, experiment: row.to_experiment })
      return { from, to, as: row.label }
    })
    const start = add({ kind, id, name: null, experiment: null })
    return { start, nodes: [...nodes.values()], edges, truncated: rows.length > MOST_EDGES }
  }
}
