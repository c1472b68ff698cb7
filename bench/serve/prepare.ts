import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

const PROJECT = fileURLToPath(new URL('.', import.meta.url))
const PROJECT_FILE = path.join(PROJECT, 'bellwether.yaml')
const DATA = fileURLToPath(new URL('../.data/serve', import.meta.url))
const PEER_MODEL = fileURLToPath(new URL('../peers/serve_model.py', import.meta.url))
/** The bundled synthetic sample, so that anyone can run the bench. */
export const TABLE = fileURLToPath(new URL('../../examples/academic-risk/data/students-synthetic.csv', import.meta.url))
export const MODELS = 20

export interface Prepared {
  /** A home with one model. */
  readonly home: string
  /** A home with 20 models, copies of it, each with a champion. */
  readonly homeOfMany: string
  /** The peers' fitted pipeline. */
  readonly peerModel: string
}

/** Trains both sides' models and fills the registry, on first use and when the project file or the peers' script changes. */
export function prepare(bin: string, python: string): Prepared {
  const ours = (...args: string[]) =>
    execFileSync(process.execPath, [bin, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  const prepared = {
    home: path.join(DATA, 'home'),
    homeOfMany: path.join(DATA, 'home-of-many'),
    peerModel: path.join(DATA, 'peer.pickle'),
  }
  const done = path.join(DATA, 'made-from.txt')
  const madeFrom = readFileSync(PROJECT_FILE, 'utf8') + readFileSync(PEER_MODEL, 'utf8')
  if (existsSync(done) && readFileSync(done, 'utf8') === madeFrom) return prepared
  console.error('training the models of both sides into bench/.data/serve')
  rmSync(DATA, { recursive: true, force: true })
  mkdirSync(DATA, { recursive: true })
  ours('run', PROJECT, '--data', TABLE, '--home', prepared.home, '--json')
  const project = parse(readFileSync(PROJECT_FILE, 'utf8')) as {
    name: string
    data: { columns: Record<string, { kind: string }> }
  }
  const exported = path.join(DATA, 'model.bwpkg')
  ours('models', 'export', project.name, '--home', prepared.home, '--out', exported)
  cpSync(prepared.home, prepared.homeOfMany, { recursive: true })
  for (let copy = 1; copy < MODELS; copy++) {
    const name = `${project.name}-${copy}`
    ours('models', 'import', exported, '--name', name, '--home', prepared.homeOfMany, '--alias', 'champion')
  }
  const kinds = Object.entries(project.data.columns).map(([name, { kind }]) => [name, kind])
  execFileSync(python, [PEER_MODEL, TABLE, JSON.stringify(Object.fromEntries(kinds)), prepared.peerModel], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  writeFileSync(done, madeFrom)
  return prepared
}
