import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A file system of its own in memory, of some size, that a test may fill up or make read-only. */
export interface SmallDisk {
  readonly folder: string
  /** Makes a folder on it read-only for whoever opens anything below it from now on. @returns what undoes that */
  readOnly(name: string): () => void
  remove(): void
}

/** @returns null where this user may not mount anything */
export function smallDisk(sizeMib: number): SmallDisk | null {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'bellwether-disk-'))
  const run = (command: string, ...args: string[]) => execFileSync(command, args, { stdio: 'ignore' })
  try {
    run('mount', '-t', 'tmpfs', '-o', `size=${sizeMib}m,mode=0755`, 'tmpfs', folder)
  } catch {
    rmSync(folder, { recursive: true, force: true })
    return null
  }
  return {
    folder,
    readOnly(name) {
      const place = path.join(folder, name)
      mkdirSync(place, { recursive: true })
      run('mount', '--bind', place, place)
      run('mount', '-o', 'remount,bind,ro', place)
      return () => run('umount', place)
    },
    remove() {
      // Lazily: a process that was killed a moment ago may still hold a file.
      run('umount', '-l', folder)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
