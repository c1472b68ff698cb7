import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { fileError } from '../../data/file-error.ts'
import { BellwetherError } from '../../errors.ts'
import { MAX_ARCHIVE_BYTES, readArchive } from '../../packaging/archive/package-archive.ts'
import { refused } from '../../packaging/archive/tar.ts'
import { MANIFEST_FILE } from '../../packaging/manifest.ts'
import { isForeign } from '../../packaging/onnx/foreign-files.ts'
import { readAnyPackage } from '../../packaging/read-package.ts'
import { checkSeal, SEAL_FILE } from '../../packaging/sign-manifest.ts'
import { registerImported } from '../../pipeline/register-imported.ts'
import { newId } from '../../security/new-id.ts'
import { createScorer } from '../../serve/scorer.ts'
import { openHome } from '../../store/open-home.ts'
import { checkName } from '../../track/names.ts'
import { actor, homeFolder, text, trustedKeysGiven } from '../context.ts'
import { note, printJson } from '../output.ts'

/** Flags that say what an ONNX file does not; a package says it all itself. */
const ONNX_FLAGS = ['features', 'classes', 'target', 'logits', 'signature']

/** Registers a version of another installation: every byte is checked, and the model answers its example, before anything is kept. */
export async function importPackage(options: Record<string, unknown>, file: string): Promise<number> {
  const flag = ONNX_FLAGS.find((name) => options[name] !== undefined)
  if (flag) throw new BellwetherError('USAGE', `--${flag} is for ONNX files; ${path.basename(file)} is a package.`)
  const archive = await readArchive(await readLimited(file))
  const name = text(options, 'name') ?? archive.origin.model
  checkName('model', name)
  const home = await openHome(homeFolder(options), { create: true, ...(await trustedKeysGiven(options)) })
  try {
    const trustedKeys = home.blobs.trustedKeys ?? null
    const bytesOf = async (wanted: string) => {
      const found = archive.files.find((each) => each.path === wanted)
      return found ? archive.source.get(found.hash) : undefined
    }
    const signedBy = checkSeal((await bytesOf(MANIFEST_FILE))!, await bytesOf(SEAL_FILE), trustedKeys)
    if (isForeign(archive.manifest) && trustedKeys === null) {
      throw new BellwetherError(
        'PACKAGE_UNTRUSTED',
        'The package holds an ONNX file that neither installation made; import that file itself, or say whose packages are trusted.',
      )
    }
    const loaded = await readAnyPackage({ ...archive.source, trustedKeys }, archive.files)
    createScorer(loaded).smoke(newId)
    const version = await registerImported(
      { name, archive, loaded, signedBy, source: path.basename(file), alias: text(options, 'alias') ?? null },
      { ...home, clock: Date.now, actor: actor() },
    )
    const { origin } = archive
    if (options['json']) {
      printJson({ model: { name, version: version.version, aliases: version.aliases }, origin, signedBy })
      return 0
    }
    note(
      `${name} version ${version.version}: version ${origin.version} of ${origin.model}, ${signedBy ? `signed by ${signedBy}` : 'not signed'}${version.aliases.length > 0 ? `; alias ${version.aliases.join(', ')}` : ''}`,
    )
    return 0
  } finally {
    await home.close()
  }
}

async function readLimited(file: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(file)
    if (size > MAX_ARCHIVE_BYTES) throw refused(`it is larger than ${MAX_ARCHIVE_BYTES} bytes`)
    return await readFile(file)
  } catch (error) {
    throw error instanceof BellwetherError ? error : fileError(error, file)
  }
}
