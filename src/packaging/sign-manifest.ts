import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { BellwetherError } from '../errors.ts'

/** The file of a package that holds the signature over its manifest, which names every other file with its hash. Unsigned packages have none. */
export const SEAL_FILE = 'manifest.sig'

const PURPOSE = Buffer.from('bellwether model package\n')
/** DER of an Ed25519 key up to its 32 bytes: RFC 8410. */
const PRIVATE_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const PUBLIC_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const RAW_BYTES = 32

const Seal = z.strictObject({
  algorithm: z.literal('Ed25519'),
  publicKey: z.string().regex(/^[A-Za-z0-9+/]{43}=$/),
  signature: z.string().regex(/^[A-Za-z0-9+/]{86}==$/),
})

/** Whose packages may be loaded, by the public key in base64. */
export type TrustedKeys = ReadonlySet<string>

/** The bytes of `SEAL_FILE`. Ed25519 is deterministic: the same manifest and key give the same bytes. */
export function signManifest(manifest: Uint8Array, key: KeyObject): Uint8Array {
  const signature = sign(null, Buffer.concat([PURPOSE, manifest]), key)
  return new TextEncoder().encode(
    `${JSON.stringify({ algorithm: 'Ed25519', publicKey: publicKeyOf(key), signature: signature.toString('base64') })}\n`,
  )
}

/**
 * Checks who signed a package. A signature that is there must be right, whether anybody is asked for or not.
 * @param trusted Null: unsigned packages and any signer are taken.
 * @returns The signer's public key, or null for an unsigned package.
 * @throws PACKAGE_CORRUPT for a signature that is not of these bytes; PACKAGE_UNTRUSTED
 */
export function checkSeal(
  manifest: Uint8Array,
  seal: Uint8Array | undefined,
  trusted: TrustedKeys | null,
): string | null {
  if (seal === undefined) {
    if (trusted) throw untrusted('is not signed')
    return null
  }
  const { publicKey, signature } = parseSeal(seal)
  const key = publicKeyObject(Buffer.from(publicKey, 'base64'))
  if (!verify(null, Buffer.concat([PURPOSE, manifest]), key, Buffer.from(signature, 'base64'))) {
    throw new BellwetherError('PACKAGE_CORRUPT', 'The signature of the model package is not of its manifest.')
  }
  if (trusted && !trusted.has(publicKey)) throw untrusted(`is signed with the key ${publicKey}`)
  return publicKey
}

function parseSeal(bytes: Uint8Array): z.output<typeof Seal> {
  try {
    const seal = Seal.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)))
    // One spelling of each key, so that it can be looked up.
    if (Buffer.from(seal.publicKey, 'base64').toString('base64') === seal.publicKey) return seal
  } catch (cause) {
    throw new BellwetherError('PACKAGE_CORRUPT', `The file ${SEAL_FILE} of the model package is no signature.`, {
      cause,
    })
  }
  throw new BellwetherError('PACKAGE_CORRUPT', `The file ${SEAL_FILE} of the model package is no signature.`)
}

/** The 32 bytes of a private or public key's public half, in base64: how keys are named. */
export function publicKeyOf(key: KeyObject): string {
  const open = key.type === 'private' ? createPublicKey(key) : key
  return open.export({ format: 'der', type: 'spki' }).subarray(PUBLIC_PREFIX.length).toString('base64')
}

/**
 * The key of `BELLWETHER_SIGNING_KEY` (PEM, or a seed of 32 bytes in hexadecimal or base64) or of the file that
 * `BELLWETHER_SIGNING_KEY_FILE` names.
 * @returns null where neither is set. @throws SIGNING_KEY_INVALID, without a part of the key
 */
export async function signingKeyFromEnvironment(environment: NodeJS.ProcessEnv): Promise<KeyObject | null> {
  const text = environment['BELLWETHER_SIGNING_KEY']
  const file = environment['BELLWETHER_SIGNING_KEY_FILE']
  if (text && file) throw invalid('BELLWETHER_SIGNING_KEY and BELLWETHER_SIGNING_KEY_FILE are both set; keep one')
  if (text) return parseSigningKey(text, 'BELLWETHER_SIGNING_KEY')
  return file ? parseSigningKey(await textOf(file), 'BELLWETHER_SIGNING_KEY_FILE') : null
}

/** @throws SIGNING_KEY_INVALID */
export function parseSigningKey(text: string, place: string): KeyObject {
  const raw = rawBytes(text.trim())
  let key: KeyObject | null = null
  try {
    key = raw
      ? createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, raw]), format: 'der', type: 'pkcs8' })
      : createPrivateKey(text)
  } catch {
    // Its error might tell of the key.
  }
  if (key?.asymmetricKeyType !== 'ed25519')
    throw invalid(`${place} holds no private Ed25519 key, neither as PEM nor as a seed of 32 bytes`)
  return key
}

/**
 * Public keys with commas between: each in base64 or hexadecimal, or the name of a PEM file (a private key's file serves too: its public half is
 * taken). @throws SIGNING_KEY_INVALID
 */
export async function parseTrustedKeys(text: string): Promise<TrustedKeys> {
  const keys = new Set<string>()
  for (const part of text.split(',').map((each) => each.trim())) {
    const raw = rawBytes(part)
    if (raw) {
      keys.add(publicKeyOf(publicKeyObject(raw)))
      continue
    }
    const pem = await textOf(part)
    let key: KeyObject | null = null
    try {
      key = createPublicKey(pem)
    } catch {
      // Said below.
    }
    if (key?.asymmetricKeyType !== 'ed25519') throw invalid(`${part} holds no Ed25519 key as PEM`)
    keys.add(publicKeyOf(key))
  }
  return keys
}

function publicKeyObject(raw: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, raw]), format: 'der', type: 'spki' })
  } catch {
    throw invalid('A public key is not one of Ed25519')
  }
}

function rawBytes(text: string): Buffer | null {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(text)) return null
  const bytes = Buffer.from(text, 'base64')
  return bytes.length === RAW_BYTES ? bytes : null
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw invalid(`the file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`)
  }
}

/** `sha256:<hex>` of bytes, as files of packages are named. */
export const fileHash = (bytes: Uint8Array) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

function untrusted(what: string): BellwetherError {
  return new BellwetherError(
    'PACKAGE_UNTRUSTED',
    `The model package ${what}; only packages of the trusted keys are loaded here.`,
  )
}

function invalid(what: string): BellwetherError {
  return new BellwetherError('SIGNING_KEY_INVALID', `${what}.`)
}
