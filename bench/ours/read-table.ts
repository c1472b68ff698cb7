import { fileLiteral, forEachChunk, withDuckDb } from '../../src/data/duckdb.ts'
import type { Matrix } from '../../src/table/matrix.ts'

/** The bench's table, cut into rows to learn from and rows to be asked about. */
export interface BenchTable {
  readonly x: Matrix
  readonly y: Int32Array
  readonly xTest: Matrix
  readonly yTest: Int32Array
}

/** Reads the Parquet file column by column, straight into the matrices, whose numbers have 32 bits as the file's. */
export async function readTable(file: string, rows: number, threads: number): Promise<BenchTable> {
  return withDuckDb(async (connection) => {
    await connection.run(`SET threads = ${threads}`)
    const from = `read_parquet(${fileLiteral(file)})`
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${from}`)
    const names = (described.getColumns()[0] as string[]).filter((name) => name !== 'y')
    const counted = await connection.runAndReadAll(`SELECT count(*)::INTEGER FROM ${from}`)
    const total = counted.getRows()[0]![0] as number
    const nColumns = names.length
    const matrix = (nRows: number): Matrix => ({ nRows, nColumns, names, data: new Float32Array(nRows * nColumns) })
    const [x, xTest] = [matrix(rows), matrix(total - rows)]
    const [y, yTest] = [new Int32Array(rows), new Int32Array(total - rows)]
    let row = 0
    await forEachChunk(connection, `SELECT * FROM ${from}`, (chunk) => {
      const n = chunk.rowCount
      const learn = Math.max(0, Math.min(n, rows - row))
      const asked = Math.max(0, row - rows)
      for (let column = 0; column <= nColumns; column++) {
        // The vector's own array; its type leaves the property out.
        const { items } = chunk.getColumnVector(column) as unknown as { items: Float32Array }
        const [here, there] = [items.subarray(0, learn), items.subarray(learn, n)]
        if (column === nColumns) {
          y.set(here, row < rows ? row : 0)
          yTest.set(there, asked)
        } else {
          x.data.set(here, column * rows + (row < rows ? row : 0))
          xTest.data.set(there, column * xTest.nRows + asked)
        }
      }
      row += n
    })
    return { x, y, xTest, yTest }
  })
}
