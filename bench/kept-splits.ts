import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'

/** The results of splits that are done, kept in a file as they come, so that a stopped bench goes on where it was. */
export interface KeptSplits<Split> {
  readonly splits: ReadonlyMap<number, Split>
  add(split: Split): void
}

/**
 * @param key What the results are of; results of another key are not seen.
 * @param made Files and folders that decide what comes out: where one changes, the splits are made anew.
 */
export function keptSplits<Split extends { readonly split: number }>(
  folder: string,
  key: string,
  made: readonly string[],
): KeptSplits<Split> {
  mkdirSync(folder, { recursive: true })
  const file = path.join(folder, `${key.replaceAll(/[^\w.-]+/g, '-')}.${digestOf(made)}.jsonl`)
  const splits = new Map<number, Split>()
  for (const line of existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []) {
    const split = wholeLine<Split>(line)
    if (split) splits.set(split.split, split)
  }
  return {
    splits,
    add(split) {
      splits.set(split.split, split)
      // A line of its own, whatever stands at the end of the file.
      appendFileSync(file, `\n${JSON.stringify(split)}\n`)
    },
  }
}

/** null for an empty line, and for one that a stop cut off: that split is made again. */
function wholeLine<Split>(line: string): Split | null {
  try {
    return line === '' ? null : (JSON.parse(line) as Split)
  } catch {
    return null
  }
}

/** Of the bytes of files and, in folders, of all files but tests. */
function digestOf(places: readonly string[]): string {
  const hash = createHash('sha256')
  const add = (place: string): void => {
    if (statSync(place).isDirectory()) {
      for (const name of readdirSync(place).sort())
        if (!/\.test\.ts$|^fixtures$/.test(name)) add(path.join(place, name))
    } else hash.update(path.basename(place)).update(readFileSync(place))
  }
  for (const place of places) add(place)
  return hash.digest('hex').slice(0, 12)
}
