/**
 * npm run bench:serve -- [--only load,start,memory,idle] [--seconds N] [--load-seconds N] [--repeats N] [--connections N] [--json]
 *
 * Bellwether's server, built as it is packed, beside the same kind of model behind FastAPI and Flask: fresh processes in turns, load by autocannon from a process of its own,
 * medians of --repeats. --seconds is how long memory is watched at full load, --load-seconds how long each load lasts. The peers come from PyPI, pinned
 * in bench/peers/serve-requirements.txt, in an environment of their own (bench/.venv-serve); models are trained once, into bench/.data/serve.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { builtProgram } from './built-program.ts'
import { peerPython } from './peer-python.ts'
import { type Bodies, measureIdle, measureMemory, measureStart, takeTurn } from './serve/measure.ts'
import { prepare, TABLE } from './serve/prepare.ts'
import { groupsOf, readStudents } from './serve/records.ts'
import { serveReport, type Turns } from './serve/report.ts'
import { bellwether, fastapi, flask } from './serve/servers.ts'

const PARTS = ['load', 'start', 'memory', 'idle']
const RECORDS = 1024
const ROWS_EACH = 100
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: PARTS.join(',') },
    seconds: { type: 'string', default: '60' },
    'load-seconds': { type: 'string', default: '6' },
    repeats: { type: 'string', default: '2' },
    connections: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
  },
})
const parts = values.only.split(',')
const unknown = parts.find((part) => !PARTS.includes(part))
if (unknown !== undefined) {
  console.error(`--only takes ${PARTS.join(', ')}; got "${unknown}".`)
  process.exit(2)
}
const seconds = number('--seconds', values.seconds)
const loadSeconds = number('--load-seconds', values['load-seconds'])
const repeats = number('--repeats', values.repeats)
const wanted = number('--connections', values.connections)

const python = peerPython('.venv-serve', fileURLToPath(new URL('peers/serve-requirements.txt', import.meta.url)))
const bin = await builtProgram()
const { home, homeOfMany, peerModel } = prepare(bin, python)
const { records } = readStudents(readFileSync(TABLE, 'utf8'), 'Target')
const bodies: Bodies = {
  one: records.slice(0, RECORDS).map((record) => JSON.stringify(record)),
  many: groupsOf(records, ROWS_EACH, 40).map((group) => JSON.stringify({ records: group })),
  rowsEach: ROWS_EACH,
}
const ours = bellwether(bin, home)

let servers: Turns[] | null = null
if (parts.includes('load')) {
  const peers = [1, 2].flatMap((workers) => [fastapi(python, peerModel, workers), flask(python, peerModel, workers)])
  const taken = [ours, ...peers].map((server) => ({ server, turns: [] as Turns['turns'][number][] }))
  for (let repeat = 0; repeat < repeats; repeat++) {
    for (const { server, turns } of taken) {
      console.error(`turn ${repeat + 1} of ${repeats}: ${server.name}`)
      turns.push(await takeTurn(server, bodies, loadSeconds))
    }
  }
  servers = taken.map(({ server, turns }) => ({ server: server.name, turns }))
}
const startSeconds = parts.includes('start') ? await measureStart(bellwether(bin, homeOfMany), 5) : null
const memory = parts.includes('memory') ? await measureMemory(ours, bodies, seconds) : null
const idle = parts.includes('idle')
  ? await measureIdle(ours, bodies, loadSeconds, Math.min(wanted, openFiles() - 500))
  : null

const machine = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
const results = { servers, startSeconds, memory, idle }
if (values.json) console.log(JSON.stringify({ machine, results }, null, 2))
else console.log(`${machine}; medians of ${repeats} turns of ${loadSeconds} s\n\n${serveReport(results)}`)

/** Files and connections that a process may have open. Node raises its own limit to the hard one at its start. */
function openFiles(): number {
  try {
    const limit = execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
    const count = limit === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(limit)
    if (count < wanted + 500)
      console.error(`the system allows ${count} open files: fewer idle connections than ${wanted}`)
    return count
  } catch {
    return Number.MAX_SAFE_INTEGER
  }
}

/** A whole number above 0 from the command line; ends the program with a message on any other text. */
function number(flag: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  console.error(`${flag} takes a whole number above 0; got "${text}".`)
  process.exit(2)
}
