import { X509Certificate } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { Http2SecureServer } from 'node:http2'
import type { Duplex } from 'node:stream'
import { createSecureContext } from 'node:tls'
import { BellwetherError } from '../errors.ts'

/** Files in PEM: a certificate with its chain, and its private key. */
export interface TlsFiles {
  readonly cert: string
  readonly key: string
  /** How often the files are looked at, in milliseconds. Default 5 s. */
  readonly pollMs?: number
}

export interface TlsContext {
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.2'
}

/** @throws TLS_INVALID where a file cannot be read, or certificate and key are none or do not belong together */
export async function readTls({ cert, key }: TlsFiles): Promise<TlsContext> {
  const read = (file: string, what: string) =>
    readFile(file).catch((cause: unknown) => {
      throw new BellwetherError('TLS_INVALID', `The ${what} ${file} cannot be read.`, { cause })
    })
  const context = {
    cert: await read(cert, 'certificate'),
    key: await read(key, 'private key'),
    minVersion: 'TLSv1.2',
  } as const
  try {
    createSecureContext(context)
  } catch (cause) {
    throw new BellwetherError('TLS_INVALID', `${cert} and ${key} are no certificate and the private key of it.`, {
      cause,
    })
  }
  return context
}

export interface ReloadOptions {
  readonly onReloaded: (expires: string) => void
  /** Told of files that are no good; the certificate before stays. */
  readonly onError: (error: unknown) => void
}

/**
 * Follows the files: once both are as they should be, new connections get the new certificate, and open ones go on. Files are
 * looked at by their name each time, so that links which are moved (as secrets in Kubernetes are) count as changes.
 * @returns what ends it
 */
export function followTls(
  server: Http2SecureServer,
  files: TlsFiles,
  { onReloaded, onError }: ReloadOptions,
): () => void {
  const state = async () => {
    const both = await Promise.all([stat(files.cert, { bigint: true }), stat(files.key, { bigint: true })])
    return both.map(({ mtimeNs, ino, size }) => `${mtimeNs}.${ino}.${size}`).join('/')
  }
  let known: string | null = null
  let looking = false
  const look = async () => {
    if (looking) return
    looking = true
    try {
      const now = await state()
      if (known !== null && now !== known) {
        known = now
        const context = await readTls(files)
        server.setSecureContext(context)
        onReloaded(new X509Certificate(context.cert).validToDate.toISOString())
      }
      known = now
    } catch (error) {
      onError(error)
    } finally {
      looking = false
    }
  }
  void look()
  const timer = setInterval(() => void look(), files.pollMs ?? 5000).unref()
  return () => clearInterval(timer)
}

/** Keeps the open connections, to end those that would keep a server from closing. @returns what ends them */
export function trackConnections(server: Http2SecureServer): () => void {
  const open = new Set<Duplex>()
  server.on('connection', (socket: Duplex) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
  })
  return () => {
    for (const socket of open) socket.destroy()
  }
}
