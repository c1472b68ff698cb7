import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { RandomState } from '../src/table/random.ts'

const SEED = 20_260_101
const FOLDER = fileURLToPath(new URL('.data', import.meta.url))

/** The table of peers/make_table.py, written on first use: rows to learn from, and after them rows to be asked about. */
export function numberTable(python: string, rows: number): string {
  const file = path.join(FOLDER, `numbers-${rows}.parquet`)
  if (!existsSync(file)) {
    mkdirSync(FOLDER, { recursive: true })
    const script = fileURLToPath(new URL('peers/make_table.py', import.meta.url))
    execFileSync(python, [script, `${file}.part`, String(rows), String(SEED)], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    renameSync(`${file}.part`, file)
  }
  return file
}

/** A post of the real posts. */
interface Post {
  readonly Question_content: string
  readonly Tags: readonly string[]
}

/**
 * Documents recombined from sentences of the real posts, one JSON object a line, written on first use: 3 to 14 sentences, seven in ten of
 * them from posts about regression (label 1) or from others (label 0), the rest from any. Neither posts nor documents are kept in the repository.
 * @throws where the posts are not there
 */
export function documents(count: number): string {
  const file = path.join(FOLDER, `documents-${count}.jsonl`)
  if (existsSync(file)) return file
  const posts = path.join(process.env['BELLWETHER_DATASETS'] ?? '', 'cross-validated/crossvalidated-2016.jsonl')
  if (!process.env['BELLWETHER_DATASETS'] || !existsSync(posts)) {
    throw new Error('--only text needs the posts: set BELLWETHER_DATASETS to the folder of the data sets.')
  }
  const pools: [string[], string[]] = [[], []]
  for (const line of readFileSync(posts, 'utf8').split('\n')) {
    if (!line) continue
    const post = JSON.parse(line) as Post
    const label = post.Tags.some((tag) => tag.includes('regression')) ? 1 : 0
    pools[label].push(...post.Question_content.split(/(?<=[.?!])\s+/).filter((sentence) => sentence.length > 20))
  }
  const all = [...pools[0], ...pools[1]]
  const random = new RandomState(SEED)
  const pick = (pool: readonly string[]) => pool[random.randint(pool.length)]!
  const lines = Array.from({ length: count }, () => {
    const label = random.randint(2) as 0 | 1
    const sentences = Array.from({ length: 3 + random.randint(12) }, () =>
      pick(random.randint(10) < 7 ? pools[label] : all),
    )
    return JSON.stringify({ text: sentences.join(' '), label })
  })
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(`${file}.part`, `${lines.join('\n')}\n`)
  renameSync(`${file}.part`, file)
  return file
}
