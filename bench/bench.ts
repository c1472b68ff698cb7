/**
 * npm run bench -- [--trials N] [--threads N] [--data FILE] [--json]
 *
 * Bellwether beside its peer: same rows, same folds, same number of trials, fresh processes, one after the other. The peer is installed from PyPI
 * into a virtual environment of the bench's own (bench/.venv).
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { bellwetherSearch, defaultTable, sklearnSearch } from './search.ts'

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '10' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})
const file = path.resolve(values.data ?? defaultTable())
const trials = Number(values.trials)
const threads = Number(values.threads)
const python = peerPython()
const machine = `${os.cpus()[0]?.model ?? 'unknown CPU'}, ${os.availableParallelism()} cores, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}`
const results = [await bellwetherSearch(file, trials, threads), await sklearnSearch(python, file, trials, threads)]

if (values.json) {
  console.log(JSON.stringify({ machine, file: path.basename(file), trials, folds: 5, threads, results }, null, 2))
} else {
  console.log(
    `${machine}\n${path.basename(file)}: ${trials} trials x 5 folds of each kind of model, ${threads} threads\n`,
  )
  console.log(
    '| | f1_macro, cross-validated | f1_macro, test | accuracy, test | log loss, test | seconds |\n|---|---|---|---|---|---|',
  )
  for (const { peer, seconds, peakMib, candidates } of results) {
    for (const each of candidates) {
      const cells = [each.cvF1Macro, each.f1Macro, each.accuracy, each.logLoss].map((value) => value.toFixed(4))
      console.log(`| ${peer}, ${each.estimator} | ${cells.join(' | ')} | ${each.seconds.toFixed(1)} |`)
    }
    console.log(`| **${peer}**, whole process, peak ${peakMib ?? '?'} MiB | | | | | **${seconds.toFixed(1)}** |`)
  }
}

/** The peers' Python, made on first use. */
function peerPython(): string {
  const folder = fileURLToPath(new URL('.venv', import.meta.url))
  const binary = path.join(folder, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python')
  if (!existsSync(binary)) {
    console.error('installing the peers from PyPI into bench/.venv')
    execFileSync('python3', ['-m', 'venv', folder], { stdio: ['ignore', 'ignore', 'inherit'] })
    execFileSync(
      binary,
      ['-m', 'pip', 'install', '--quiet', '-r', fileURLToPath(new URL('peers/requirements.txt', import.meta.url))],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
  }
  return binary
}
