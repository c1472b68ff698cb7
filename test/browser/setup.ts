import { createInterface } from 'node:readline'
import type { TestProject } from 'vitest/node'
import { launchBrowser } from '../support/browser.ts'
import { startBellwether, temporaryFolder } from '../support/cli.ts'
import { noteNotRun } from '../support/test-notes.ts'
import { trainHome } from './trained-home.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the real server answers, without a slash at the end; null where there is no browser to open it with. */
    readonly serverUrl: string | null
  }
}

/**
 * Once for all browser tests: trains a home, serves it on a free port, and takes both away in the end. Without a browser no
 * test can run; the summary of `npm test` says why.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  try {
    await (await launchBrowser()).close()
  } catch (error) {
    noteNotRun('browser', error instanceof Error ? error.message : String(error))
    project.provide('serverUrl', null)
    return async () => {}
  }
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
