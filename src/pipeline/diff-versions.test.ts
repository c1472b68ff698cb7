import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { withTemporaryFolder } from '../data/duckdb.ts'
import { writeParquet } from '../data/parquet.ts'
import { makeTable } from '../table/table.ts'
import type { DatasetStore } from '../track/dataset-store.ts'
import { diffVersions } from './diff-versions.ts'

const observed = { missing: 0, distinct: 2, min: 1, max: 2, categories: [] }
const schema = {
  columns: [
    { name: 'a', kind: 'number' as const, dataType: 'integer' as const, declared: { required: false }, observed },
  ],
}

test('the comparison of two tables ends when it is cancelled', async () => {
  await withTemporaryFolder(async (folder) => {
    const file = path.join(folder, 'table.parquet')
    const table = makeTable([['a', { kind: 'number', values: Float64Array.of(1, 2) }]])
    writeFileSync(file, await writeParquet(table, schema))
    const version = { name: 't', nRows: 2, nRejected: 0, schema, profile: null, source: 't', rejectsBlob: null }
    const datasets: Pick<DatasetStore, 'dataset' | 'idColumns'> = {
      dataset: async (id) => ({ ...version, id, blob: id, createdTime: 0 }),
      idColumns: async () => [],
    }
    const blobs = { withFile: <T>(_: string, use: (file: string) => Promise<T>) => use(file), getStream: unused }
    const compare = (signal?: AbortSignal) => diffVersions('one', 'two', { signal }, { datasets, blobs })
    expect(await compare()).toMatchObject({ before: 'one', after: 'two', table: { rows: { unchanged: 2 } } })
    await expect(compare(AbortSignal.abort())).rejects.toMatchObject({ code: 'CANCELLED' })
  })
})

function unused(): never {
  throw new Error('tables are read from files')
}
