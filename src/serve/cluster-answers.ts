import { LARGEST } from '../learn/check-fit-input.ts'
import type { ClusterReasons } from '../learn/cluster/cluster-pipeline.ts'
import type { LoadedClustering } from '../packaging/read-package.ts'
import type { Matrix } from '../table/matrix.ts'
import { selectRows, type Table } from '../table/table.ts'
import { explanationOf } from './explain-record.ts'
import type { ClusterPrediction, Explanation } from './prediction.ts'
import { asRecord, type ScorePart } from './scorer-parts.ts'

/** Answers of a clustering: the cluster of a row, and what is said of every cluster beside it. */
export function clusterAnswers({ pipeline, signature }: LoadedClustering): ScorePart {
  const { clusters: width, beside } = signature
  return (table) => {
    const x = pipeline.transform(table)
    // Clusterers refuse a whole matrix for one row with a huge value; the answers to the others don't depend on it.
    const bad = refusedRows(x)
    const { clusters, distances, probabilities } = pipeline.answer(bad.size > 0 ? withoutRows(x, bad) : x)
    const said = beside === 'probabilities' ? probabilities! : distances
    const ofRow = (row: number) => said.subarray(row * width, (row + 1) * width)
    return {
      isFinite: (row) => !bad.has(row) && ofRow(row).every(Number.isFinite),
      answer({ row, record, warnings }, { explain, newId }): ClusterPrediction {
        const cluster = clusters[row]!
        return {
          id: newId(),
          cluster,
          [beside]: Array.from(ofRow(row)),
          warnings,
          ...(explain ? { explanation: explainCluster(pipeline, table, row, asRecord(record), cluster) } : {}),
        }
      },
    }
  }
}

/** The margin of the row's cluster over the next one, by columns. */
function explainCluster(
  { features, transform, explain }: LoadedClustering['pipeline'],
  table: Table,
  row: number,
  record: Readonly<Record<string, unknown>>,
  cluster: number,
): Explanation {
  const one = table.nRows === 1 ? table : selectRows(table, Uint32Array.of(row))
  const reasons = explain(transform(one), 0, cluster)
  const { base, margin, contributions } = reasons
  return explanationOf({
    score: marginName(reasons, cluster),
    base,
    total: margin,
    contributions,
    columns: features.withDerived(one).columns,
    record,
  })
}

/** In words that say what raising it means. */
function marginName({ rival, space }: ClusterReasons, own: number): string {
  if (rival === null) return `lead of cluster ${own}, which is the only one`
  return space === 'log-odds'
    ? `log-odds of cluster ${own} against cluster ${rival}`
    : `lead of cluster ${own} over cluster ${rival} in squared distance`
}

/** Rows with values that clusterers refuse: not finite, or so large that their squares are not. */
function refusedRows({ data, nRows }: Matrix): Set<number> {
  const found = new Set<number>()
  for (let i = 0; i < data.length; i++) if (!(Math.abs(data[i]!) <= LARGEST)) found.add(i % nRows)
  return found
}

/** The matrix with zeros in the place of some rows. */
function withoutRows(x: Matrix, rows: ReadonlySet<number>): Matrix {
  const data = x.data.slice()
  for (const row of rows) for (let column = 0; column < x.nColumns; column++) data[column * x.nRows + row] = 0
  return { ...x, data }
}
