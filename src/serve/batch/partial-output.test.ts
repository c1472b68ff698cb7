import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { PartialOutput } from './partial-output.ts'

test('what a process that was killed at a checkpoint left is gone with the next attempt, and other files stay', async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'bellwether-partial-'))
  try {
    const out = path.join(folder, 'risks.csv')
    const own = '0123456789abcdef'
    for (const name of [
      `..risks.csv.${own}.checkpoint.0123456789ab.tmp`,
      '..risks.csv.fedcba9876543210.checkpoint.0123456789ab.tmp',
      '.risks.csv.fedcba9876543210.partial',
      '..other.csv.fedcba9876543210.checkpoint.0123456789ab.tmp',
      'risks.csv.tmp',
    ])
      await writeFile(path.join(folder, name), 'left')
    const partial = await PartialOutput.open({ out, identity: own })
    await partial.append('row\n', '', { chunks: 1, rows: 1, scored: 1, rejected: 0 })
    await partial.finish({ out, rejects: null }, partial.outFile)
    expect((await readdir(folder)).sort()).toEqual([
      '..other.csv.fedcba9876543210.checkpoint.0123456789ab.tmp',
      'risks.csv',
      'risks.csv.tmp',
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})
