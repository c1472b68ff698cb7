import { BellwetherError } from '../../errors.ts'

/*
 * The part of tar (POSIX ustar) that packages need, and nothing besides: ordinary files with short plain names. `tar --zstd -tf` reads what is
 * written here. What is read must be as it is written here: no links, no folders, no devices, no names that lead elsewhere, none twice.
 */

const BLOCK = 512
const MAX_FILES = 200
const NAME = /^(?!.*\.\.)[A-Za-z0-9][A-Za-z0-9._-]{0,98}$/

export interface TarFile {
  readonly path: string
  readonly bytes: Uint8Array
}

/** Equal files give equal bytes: there are no times or owners in them. */
export function writeTar(files: readonly TarFile[]): Buffer {
  const parts: Uint8Array[] = []
  for (const { path, bytes } of files) {
    if (!NAME.test(path)) throw refused(`the name ${JSON.stringify(path)} cannot stand in it`)
    parts.push(header(path, bytes.length), bytes, Buffer.alloc(padding(bytes.length)))
  }
  parts.push(Buffer.alloc(2 * BLOCK))
  return Buffer.concat(parts)
}

/** @throws PACKAGE_ARCHIVE_INVALID */
export function readTar(bytes: Buffer): TarFile[] {
  const files = new Map<string, TarFile>()
  let at = 0
  for (;;) {
    if (at + BLOCK > bytes.length) throw refused('it ends too early')
    const block = bytes.subarray(at, at + BLOCK)
    if (block.every((byte) => byte === 0)) break
    const path = block.subarray(0, 100).toString('latin1').replace(/\0+$/, '')
    if (!NAME.test(path)) throw refused('a name in it is none of a file of a package')
    if (files.has(path)) throw refused(`${path} is in it twice`)
    if (files.size === MAX_FILES) throw refused(`there are more than ${MAX_FILES} files in it`)
    const octal = /^[0-7]{11}$/.exec(block.toString('latin1', 124, 135))?.[0]
    const size = octal ? Number.parseInt(octal, 8) : 0
    // The header must be the one that is written for this name and size: any other kind of entry differs.
    if (!octal || !header(path, size).equals(block))
      throw refused(`${path} is no ordinary file, or its header is damaged`)
    const from = at + BLOCK
    at = from + size + padding(size)
    if (at > bytes.length) throw refused(`${path} is cut short`)
    if (!bytes.subarray(from + size, at).every((byte) => byte === 0))
      throw refused('there is something between its files')
    files.set(path, { path, bytes: bytes.subarray(from, from + size) })
  }
  if (bytes.length !== at + 2 * BLOCK || !bytes.subarray(at).every((byte) => byte === 0))
    throw refused('its end is not where it should be')
  return [...files.values()]
}

const padding = (size: number) => (BLOCK - (size % BLOCK)) % BLOCK

function header(path: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK)
  block.write(path, 0, 'latin1')
  block.write('0000644\0', 100, 'latin1')
  block.write('0000000\0', 108, 'latin1')
  block.write('0000000\0', 116, 'latin1')
  block.write(`${size.toString(8).padStart(11, '0')}\0`, 124, 'latin1')
  block.write('00000000000\0', 136, 'latin1')
  block.write('        0', 148, 'latin1')
  block.write('ustar\u000000', 257, 'latin1')
  const sum = block.reduce((total, byte) => total + byte, 0)
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return block
}

export function refused(what: string, cause?: unknown): BellwetherError {
  return new BellwetherError('PACKAGE_ARCHIVE_INVALID', `The file is no package archive that can be taken: ${what}.`, {
    cause,
  })
}
