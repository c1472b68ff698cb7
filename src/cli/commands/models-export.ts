import path from 'node:path'
import { writeFileWhole } from '../../data/write-file-whole.ts'
import { BellwetherError } from '../../errors.ts'
import { checkExport, exportVersion, readExportable } from '../../packaging/onnx/export-version.ts'
import { FOREIGN_FILE, isForeign } from '../../packaging/onnx/foreign-files.ts'
import { parseReference, text, wholeNumber, withHome } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { note, printJson, printLine } from '../output.ts'

/** Writes a version as a package for another installation; or as one ONNX file, and lets ONNX Runtime answer like it before anyone relies on it. */
export async function action(options: Record<string, unknown>, [reference]: string[]): Promise<number> {
  const target = text(options, 'onnx')
  const packageFile = text(options, 'out')
  if (!target === !packageFile)
    throw new BellwetherError('USAGE', 'models export takes one of --out FILE (a package) and --onnx FILE.')
  const { model, version: named, alias } = parseReference(reference!)
  const number = wholeNumber(options, 'version', 1, 2_147_483_647) ?? named
  return withHome(options, async (home) => {
    const found =
      number === undefined
        ? await home.models.byAlias(model, alias ?? 'champion')
        : await home.models.version(model, number)
    if (!target) return (await import('./models-export-package.ts')).exportPackage(home, found, packageFile!, options)
    const loaded = await readExportable(home.blobs, found.files)
    const file = path.resolve(target)
    if (isForeign(loaded.manifest)) {
      const bytes = await home.blobs.get(found.files.find((each) => each.path === FOREIGN_FILE)!.hash)
      await writeFileWhole(file, bytes)
      if (options['json']) printJson({ model, version: found.version, file, sizeBytes: bytes.length, inputs: null })
      else note(`${model} version ${found.version} was imported: ${bytes.length} bytes written as they came`)
      return 0
    }
    const exported = exportVersion(loaded, found.version)
    const agreement = checkExport(loaded, exported)
    await writeFileWhole(file, exported.bytes)
    const { inputs, outputs, bytes } = exported
    if (options['json']) {
      printJson({ model, version: found.version, file, sizeBytes: bytes.length, inputs, outputs, check: agreement })
      return 0
    }
    printLine(
      formatTable(
        ['input', 'type', 'what goes in'],
        inputs.map(({ name, type, precomputed }) => [name, type, precomputed ?? 'the value as it is']),
        ['left', 'left', 'left'],
      ),
    )
    printLine()
    note(`${model} version ${found.version}: ${bytes.length} bytes to ${target}; outputs ${outputs.join(', ')}`)
    note(
      `checked in ONNX Runtime on ${agreement.rows} rows made of the example: same labels, largest difference ${agreement.largestDifference.toExponential(1)}`,
    )
    return 0
  })
}
