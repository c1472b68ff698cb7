import { openExistingHome } from '../context.ts'
import { serveHome } from '../serve-home.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return serveHome(await openExistingHome(options), options)
}
