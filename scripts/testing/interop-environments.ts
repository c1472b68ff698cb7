import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

/** A Python environment that the tests of one folder of test/interop/ need. */
export interface InteropEnvironment {
  /** `mlflow` for requirements.txt, `mlflow-2` for requirements-2.txt beside it. */
  readonly name: string
  /** Folder under test/interop/ that needs it. */
  readonly suite: string
  readonly requirements: string
  readonly folder: string
}

/** A folder of test/interop/ with tests in it. */
export interface InteropSuite {
  readonly name: string
  readonly environments: readonly InteropEnvironment[]
}

const REQUIREMENTS = /^requirements(?:-([\w.]+))?\.txt$/

/** Every folder that has `*.interop.ts` files, in the order of names, with the environments that its requirements files ask for. */
export function findSuites(interopFolder: string): InteropSuite[] {
  if (!existsSync(interopFolder)) return []
  return readdirSync(interopFolder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => ({ name, files: readdirSync(path.join(interopFolder, name)).sort() }))
    .filter(({ files }) => files.some((file) => file.endsWith('.interop.ts')))
    .map(({ name, files }) => ({
      name,
      environments: files.flatMap((file) => {
        const match = REQUIREMENTS.exec(file)
        if (!match) return []
        const environment = match[1] === undefined ? name : `${name}-${match[1]}`
        return [
          {
            name: environment,
            suite: name,
            requirements: path.join(interopFolder, name, file),
            folder: path.join(interopFolder, '.venvs', environment),
          },
        ]
      }),
    }))
    .sort((left, right) => (left.name < right.name ? -1 : 1))
}

/** What an environment was made from; kept beside it, so that it is made again only when this changes. */
export function environmentStamp(requirements: string, pythonVersion: string): string {
  return createHash('sha256')
    .update(`${pythonVersion}\n${readFileSync(requirements, 'utf8')}`)
    .digest('hex')
}

export const STAMP_FILE = '.bellwether-stamp'

export function isCurrent(environment: InteropEnvironment, stamp: string): boolean {
  const file = path.join(environment.folder, STAMP_FILE)
  return existsSync(file) && readFileSync(file, 'utf8') === stamp
}
