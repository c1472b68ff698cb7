import { chmodSync, existsSync, lstatSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/**
 * Makes `npx bellwether …` work in a checkout: npm links the commands of dependencies, not the project's own.
 * @returns the link's path, or null where there is nothing to link.
 */
export function linkCommand(root: string): string | null {
  const target = path.join(root, 'bin', 'bellwether.js')
  const folder = path.join(root, 'node_modules', '.bin')
  if (!existsSync(target) || !existsSync(path.join(root, 'node_modules'))) return null
  mkdirSync(folder, { recursive: true })
  if (process.platform === 'win32') {
    const command = path.join(folder, 'bellwether.cmd')
    writeFileSync(command, '@node "%~dp0\\..\\..\\bin\\bellwether.js" %*\r\n')
    return command
  }
  chmodSync(target, 0o755)
  const link = path.join(folder, 'bellwether')
  const leadsTo = path.join('..', '..', 'bin', 'bellwether.js')
  // A link that is right stays as it is, so that nobody who calls it meanwhile finds it gone.
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(link) === leadsTo) return link
  rmSync(link, { force: true })
  symlinkSync(leadsTo, link)
  return link
}
