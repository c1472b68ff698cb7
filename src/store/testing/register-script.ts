import { readFileSync, writeSync } from 'node:fs'
import type { NewModelVersion } from '../../track/model-registry.ts'
import { openHome } from '../open-home.ts'

/** Registers the version described in the JSON file `argv[3]` in the home `argv[2]`, `argv[4]` times, and prints the numbers that it got. */
const [folder, file, count] = process.argv.slice(2)
const version = JSON.parse(readFileSync(file!, 'utf8')) as NewModelVersion
const home = await openHome(folder!)
const numbers: number[] = []
for (let i = 0; i < Number(count); i++) numbers.push((await home.models.createVersion(version)).version)
await home.close()
writeSync(1, `${JSON.stringify(numbers)}\n`)
