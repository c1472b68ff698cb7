import { openHome } from '../../store/open-home.ts'
import { homeFolder } from '../context.ts'
import { serveHome } from '../serve-home.ts'

export async function action(options: Record<string, unknown>): Promise<number> {
  return serveHome(await openHome(homeFolder(options), { create: false }), options)
}
