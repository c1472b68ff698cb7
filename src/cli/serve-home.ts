import { fileURLToPath } from 'node:url'
import pc from 'picocolors'
import { ulid } from 'ulid'
import type { Home } from '../store/open-home.ts'
import { text, wholeNumber } from './context.ts'
import { note, noteLabelled } from './output.ts'
import { readableLog } from './readable-log.ts'

const DASHBOARD = fileURLToPath(new URL('../../dashboard/dist', import.meta.url))

/** Serves an open home until the process is told to stop. Takes the home over and closes it. @returns the exit status */
export async function serveHome(home: Home, options: Record<string, unknown>): Promise<number> {
  const { startServer } = await import('../server/start-server.ts')
  const defaultModel = text(options, 'defaultModel')
  const allowedHosts = text(options, 'allowedHost')
    ?.split(',')
    .map((name) => name.trim())
  try {
    const server = await startServer({
      stores: home,
      clock: Date.now,
      newId: ulid,
      dashboardFolder: DASHBOARD,
      host: text(options, 'host') ?? '127.0.0.1',
      port: wholeNumber(options, 'port', 0, 65_535) ?? 8000,
      ...(defaultModel ? { defaultModel } : {}),
      ...(allowedHosts ? { allowedHosts } : {}),
      ...(process.stderr.isTTY && !options['json'] ? { log: readableLog(note) } : {}),
    })
    const stopped = new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
    })
    if (options['json']) process.stdout.write(`${JSON.stringify({ url: server.url })}\n`)
    else {
      noteLabelled('serving', `${pc.bold(server.url)}   (Ctrl-C stops)`, pc.green)
      noteLabelled('', `API guide: ${server.url}/docs`)
    }
    await stopped
    note('stopping; requests that were taken are finished')
    await server.close()
    return 0
  } finally {
    await home.close()
  }
}
