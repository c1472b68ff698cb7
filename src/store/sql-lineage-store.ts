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
    const add = (node: Omit<LineageNode, 'key'>): string => {
      const key = nodeKey(node.kind, node.id)
      if (!nodes.has(key)) nodes.set(key, { key, ...node })
      return key
    }
    const edges = rows.slice(0, MOST_EDGES).map((row): LineageEdge => {
      const from = add({ kind: row.from_kind, id: row.from_id, name: row.from_name })
      const to = add({ kind: row.to_kind, id: row.to_id, name: row.to_name })
      return { from, to, as: row.label }
    })
    const start = add({ kind, id, name: null })
    return { start, nodes: [...nodes.values()], edges, truncated: rows.length > MOST_EDGES }
  }
}
