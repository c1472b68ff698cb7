/** npm runs this after it packed: the checkout's package.json comes back. Does nothing when it is in its place. */
import { existsSync, renameSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const kept = path.join(root, '.package.checkout.json')

if (existsSync(kept)) renameSync(kept, path.join(root, 'package.json'))
