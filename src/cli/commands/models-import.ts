import { open, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '../../data/file-error.ts'
import { BellwetherError } from '../../errors.ts'
import { isArchive } from '../../packaging/archive/package-archive.ts'
import { ForeignSignature } from '../../packaging/onnx/foreign-binding.ts'
import { importModel } from '../../packaging/onnx/import-model.ts'
import { ONNX_LIMITS } from '../../packaging/onnx/inspect-model.ts'
import { provenance } from '../../pipeline/provenance.ts'
import { registerForeign } from '../../pipeline/register-foreign.ts'
import { openHome } from '../../store/open-home.ts'
import { checkName } from '../../track/names.ts'
import { actor, homeFolder, text } from '../context.ts'
import { formatTable } from '../format-table.ts'
import { note, printJson, printLine } from '../output.ts'

/** Registers a version of another installation, or an ONNX model from elsewhere; both serve as our own do. */
export async function action(options: Record<string, unknown>, [file]: string[]): Promise<number> {
  if (await beginsAsArchive(file!)) return (await import('./models-import-package.ts')).importPackage(options, file!)
  const name = text(options, 'name')
  if (!name) throw new BellwetherError('USAGE', 'models import of an ONNX file takes the name of its model: --name.')
  checkName('model', name)
  const source = path.basename(file!)
  const bytes = await readLimited(file!)
  const imported = await importModel(bytes, await signatureGiven(options))
  const alias = text(options, 'alias')
  const home = await openHome(homeFolder(options), { create: true })
  try {
    const version = await registerForeign(
      { name, bytes, imported, source, aliases: alias ? [alias] : [] },
      { ...home, clock: Date.now, provenance: await provenance('.'), actor: actor() },
    )
    const { signature } = imported
    if (options['json']) {
      printJson({ model: { name, version: version.version, aliases: version.aliases }, signature })
      return 0
    }
    printLine(
      formatTable(
        ['input', 'type', 'example'],
        signature.inputs.map((column) => [column.name, column.dataType, String(signature.example[column.name])]),
        ['left', 'left', 'left'],
      ),
    )
    printLine()
    const { classes } = signature.target
    note(
      `${name} version ${version.version}: ${signature.task}${classes.length > 0 ? ` of ${classes.join(', ')}` : ''}${version.aliases.length > 0 ? `; alias ${version.aliases.join(', ')}` : ''}`,
    )
    note('an imported model has no explanations: what it learnt is not known here')
    return 0
  } finally {
    await home.close()
  }
}

async function beginsAsArchive(file: string): Promise<boolean> {
  try {
    const handle = await open(file, 'r')
    try {
      const bytes = Buffer.alloc(4)
      await handle.read(bytes, 0, bytes.length, 0)
      return isArchive(bytes)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw fileError(error, file)
  }
}

async function readLimited(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > ONNX_LIMITS.bytes) {
      throw new BellwetherError('ONNX_INVALID', `The file has ${size} bytes; at most ${ONNX_LIMITS.bytes} are read.`)
    }
    return await readFile(file)
  } catch (error) {
    throw error instanceof BellwetherError ? error : fileError(error, file)
  }
}

/** `--signature`, with what the other flags say put over it. @throws USAGE */
async function signatureGiven(options: Record<string, unknown>): Promise<ForeignSignature> {
  const file = text(options, 'signature')
  let document: unknown = {}
  if (file) {
    const content = await readFile(file, 'utf8').catch((error: unknown) => {
      throw fileError(error, file)
    })
    try {
      document = JSON.parse(content)
    } catch (cause) {
      throw new BellwetherError('USAGE', `--signature takes a JSON document; ${path.basename(file)} is none.`, {
        cause,
      })
    }
  }
  const parsed = ForeignSignature.safeParse(document)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    throw new BellwetherError('USAGE', `--signature: ${issue.path.join('.') || 'the document'}: ${issue.message}.`)
  }
  const classes = listOf(options, 'classes')
  const features = listOf(options, 'features')
  const target = text(options, 'target')
  const said = new Map((parsed.data.inputs ?? []).map((input) => [input.name, input]))
  return {
    ...parsed.data,
    ...(classes ? { classes } : {}),
    ...(features ? { inputs: features.map((each) => said.get(each) ?? { name: each }) } : {}),
    ...(target ? { target } : {}),
    ...(options['logits'] === true ? { scores: 'logits' as const } : {}),
  }
}

function listOf(options: Record<string, unknown>, name: string): string[] | undefined {
  const parts = text(options, name)
    ?.split(',')
    .map((part) => part.trim())
  if (parts?.some((part) => part === ''))
    throw new BellwetherError('USAGE', `--${name} takes names separated by commas.`)
  return parts
}
