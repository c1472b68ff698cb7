import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** What the page is made of. A change in any of these is a reason to build it anew. */
const SOURCES = ['dashboard/index.html', 'dashboard/vite.config.ts', 'dashboard/{src,public}/**/*', 'package-lock.json']

export type DashboardBuild = 'built' | 'unchanged' | 'no-vite'

/**
 * Builds the dashboard into `dashboard/dist` unless it was built from the same sources before. The new build takes the old
 * one's place as a whole, so a server that reads it meanwhile never finds half a page.
 */
export async function buildDashboard(root: string): Promise<DashboardBuild> {
  const folder = path.join(root, 'dashboard')
  const target = path.join(folder, 'dist')
  const stampFile = path.join(target, '.sources.sha256')
  const stamp = sourcesHash(root)
  if (existsSync(path.join(target, 'index.html')) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp)
    return 'unchanged'

  const vite = await import('vite').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_MODULE_NOT_FOUND') return null
    throw error
  })
  if (vite === null) return 'no-vite'

  const fresh = path.join(folder, `dist-${process.pid}`)
  const old = `${fresh}-old`
  try {
    await vite.build({ root: folder, logLevel: 'warn', build: { outDir: fresh, emptyOutDir: true } })
    writeFileSync(path.join(fresh, path.basename(stampFile)), stamp)
    mkdirSync(target, { recursive: true })
    renameSync(target, old)
    renameSync(fresh, target)
  } finally {
    rmSync(fresh, { recursive: true, force: true })
    rmSync(old, { recursive: true, force: true })
  }
  return 'built'
}

/** SHA-256 over the names and contents of the page's sources, in the order of their names. */
function sourcesHash(root: string): string {
  const hash = createHash('sha256')
  const names = SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
  for (const name of [...new Set(names)].sort()) {
    hash.update(`${name}\0`)
    hash.update(
      createHash('sha256')
        .update(readFileSync(path.join(root, name)))
        .digest(),
    )
  }
  return hash.digest('hex')
}
