import { BellwetherError } from '../../../errors.ts'
import type { NamedFile } from '../add-files.ts'
import { comparePaths, isInnerPath } from '../tree-manifest.ts'
import type { DvcContent } from './resolve-dvc.ts'

/** The files of a pointer's outputs by their names in a version: of one output as they are inside it, of several below each output's path. */
export function dvcFiles(contents: readonly DvcContent[]): NamedFile[] {
  const [only] = contents
  if (only && contents.length === 1) return [...only.files]
  const files = contents.flatMap(({ output, name, files: inside }) => {
    const place = output.path.replace(/^(\.\.?\/)+/, '')
    const prefix = isInnerPath(place) ? place : name
    return inside.map(({ path, file }) => ({ path: output.isFolder ? `${prefix}/${path}` : prefix, file }))
  })
  files.sort((a, b) => comparePaths(a.path, b.path))
  const twice = files.find(({ path }, i) => i > 0 && comparePaths(files[i - 1]!.path, path) === 0)
  if (twice) throw new BellwetherError('DVC_INVALID', `Two outputs have a file ${JSON.stringify(twice.path)}.`)
  return files
}
