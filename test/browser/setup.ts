import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'
import { startBellwether, temporaryFolder } from '../support/cli.ts'
import { trainHome } from './trained-home.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the real server answers, without a slash at the end. */
    readonly serverUrl: string
  }
}

/** Once for all browser tests: trains a home, serves it on a free port, and takes both away in the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { folder, remove } = temporaryFolder()
  try {
    const home = await trainHome(folder)
    const server = startBellwether(['serve', '--home', home, '--port', '0', '--json'])
    const ended = new Promise<number | null>((resolve) => server.once('close', resolve))
    const errors: string[] = []
    createInterface({ input: server.stderr }).on('line', (line) => errors.push(line))
    const url = await Promise.race([
      new Promise<string>((resolve) =>
        createInterface({ input: server.stdout }).once('line', (line) => resolve(JSON.parse(line).url)),
      ),
      ended.then((status) => {
        throw new Error(`bellwether serve ended with status ${status}:\n${errors.join('\n')}`)
      }),
    ])
    project.provide('serverUrl', url)
    return async () => {
      server.kill('SIGTERM')
      await ended
      remove()
    }
  } catch (error) {
    remove()
    throw error
  }
}
