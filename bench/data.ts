/**
 * node bench/data.ts [--files N] [--large MB] [--keep]
 *
 * How long `bellwether data add` takes for many small files, again where nothing changed, again where one file in a hundred did, and for one large
 * file; each in a process of its own, with its peak memory. Files are made anew in the system's temporary folder, of 200 to 2,000 bytes, in folders of
 * a thousand.
 */
import { spawnSync } from 'node:child_process'
import { randomFillSync } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '100000' },
    large: { type: 'string', default: '1024' },
    keep: { type: 'boolean', default: false },
  },
})
const nFiles = Number(values.files)
const largeMb = Number(values.large)
const root = mkdtempSync(path.join(os.tmpdir(), 'bellwether-bench-data-'))
const bin = path.resolve(import.meta.dirname, '../bin/bellwether.js')
const cpu = os.cpus()[0]?.model ?? 'unknown CPU'
console.log(
  `${cpu}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}\n`,
)

try {
  const small = path.join(root, 'small')
  makeSmallFiles(small)
  show(`${nFiles} small files, first time`, add(small))
  show('again, nothing changed', add(small))
  for (let i = 0; i < nFiles; i += 100) appendFileSync(smallFile(small, i), 'x')
  show('again, one in a hundred changed', add(small))
  const large = path.join(root, 'large.bin')
  makeLargeFile(large)
  show(`one file of ${largeMb} MiB`, add(large))
  show('again, nothing changed', add(large))
} finally {
  if (!values.keep) rmSync(root, { recursive: true, force: true })
}

interface Added {
  readonly files: number
  readonly filesRead: number
  readonly newBytes: number
}

function add(place: string): { added: Added; seconds: number; peakMb: number } {
  const started = performance.now()
  const child = spawnSync(
    '/usr/bin/env',
    ['node', bin, 'data', 'add', place, '--as-files', '--home', path.join(root, 'home'), '--json'],
    {
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: `--import=${peakHook()}` },
      maxBuffer: 1 << 24,
    },
  )
  const seconds = (performance.now() - started) / 1000
  if (child.status !== 0) throw new Error(child.stderr)
  const peak = /peak (\d+)/.exec(child.stderr)?.[1]
  return { added: JSON.parse(child.stdout) as Added, seconds, peakMb: Number(peak) / 1024 }
}

function show(what: string, { added, seconds, peakMb }: ReturnType<typeof add>): void {
  const { files, filesRead, newBytes } = added
  console.log(
    `${what.padEnd(36)} ${seconds.toFixed(1).padStart(6)} s   ${files} files, ${filesRead} read, ${(newBytes / 1e6).toFixed(1)} MB new, peak ${peakMb.toFixed(0)} MiB`,
  )
}

/** A module that says at the end how much memory the process had at most. */
function peakHook(): string {
  const file = path.join(root, 'peak.mjs')
  writeFileSync(
    file,
    `import { isMainThread } from 'node:worker_threads'\nif (isMainThread) process.on('exit', () => process.stderr.write('peak ' + process.resourceUsage().maxRSS + '\\n'))\n`,
  )
  return file
}

function smallFile(folder: string, i: number): string {
  return path.join(folder, String(Math.floor(i / 1000)), `${i}.bin`)
}

function makeSmallFiles(folder: string): void {
  const noise = randomFillSync(Buffer.alloc(1 << 20))
  const past = new Date(Date.now() - 3_600_000)
  for (let i = 0; i < nFiles; i++) {
    const file = smallFile(folder, i)
    if (i % 1000 === 0) mkdirSync(path.dirname(file), { recursive: true })
    const size = 200 + ((i * 7919) % 1801)
    const from = (i * 104_729) % (noise.length - 2001)
    writeFileSync(file, Buffer.concat([Buffer.from(`${i}\n`), noise.subarray(from, from + size)]))
    utimesSync(file, past, past)
  }
}

function makeLargeFile(file: string): void {
  const handle = openSync(file, 'w')
  const block = Buffer.alloc(1 << 20)
  for (let i = 0; i < largeMb; i++) writeSync(handle, randomFillSync(block))
  closeSync(handle)
}
