import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { BellwetherError } from '../../errors.ts'
import { openHome } from '../open-home.ts'
import { becomeOrdinaryUser } from './run-script.ts'

/** Opens the home in `argv[2]` (`argv[3]`: `write`, `read`), reads it, where it may writes a run and a blob of `argv[4]` bytes, and prints the outcome as JSON. */
becomeOrdinaryUser()
const [folder, mode, blobBytes] = process.argv.slice(2)
try {
  const home = await openHome(folder!, { readOnly: mode === 'read' })
  if (mode === 'write') {
    const { id } = await home.tracking.ensureExperiment('grades', 1)
    await home.tracking.createRun({ experimentId: id, name: 'r', startTime: 1 })
    await home.blobs.put(randomBytes(Number(blobBytes ?? 0)))
  }
  const runs = await home.tracking.runs({})
  await home.close()
  writeSync(1, `${JSON.stringify({ runs: runs.length })}\n`)
} catch (error) {
  if (!(error instanceof BellwetherError)) throw error
  writeSync(1, `${JSON.stringify(error.toDocument())}\n`)
}
