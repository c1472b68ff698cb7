/** `npm run docs`: writes the pages under docs/ that are made from the code. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { PAGES } from './docs/pages.ts'

const folder = path.resolve(import.meta.dirname, '../docs')

for (const [name, page] of Object.entries(PAGES)) {
  writeFileSync(path.join(folder, name), page())
  process.stdout.write(`docs/${name}\n`)
}
