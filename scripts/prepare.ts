/**
 * Runs after `npm ci` in a checkout and before packing: links the command so that `npx bellwether …` works, and builds the
 * dashboard. An installation without development dependencies has no vite; it keeps the page that was built before, if any.
 */
import path from 'node:path'
import { buildDashboard } from './dashboard-build.ts'
import { linkCommand } from './link-command.ts'

const root = path.resolve(import.meta.dirname, '..')

linkCommand(root)
const build = await buildDashboard(root)
const said = {
  built: 'The dashboard is built.',
  unchanged: 'The dashboard is up to date.',
  'no-vite': 'The dashboard is not built: development dependencies are left out. The API works without it.',
}
process.stderr.write(`${said[build]}\n`)
