import { createWriteStream } from 'node:fs'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { S3Client } from '@aws-sdk/client-s3'
import { BellwetherError } from '../../errors.ts'

export interface S3Place {
  readonly from: string
  readonly endpoint?: string | undefined
  readonly region?: string | undefined
}

/** The bucket and the key of `s3://bucket/key`. @throws URL_REFUSED */
export function parseS3(address: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/i.exec(address)
  if (!match) throw new BellwetherError('URL_REFUSED', 'An object is named as s3://bucket/key.')
  return { bucket: match[1]!, key: match[2]! }
}

/**
 * A client of an object store. Keys come from where the AWS tools find them (environment, profile, role of the machine). A store of another maker is
 * named by `endpoint` or AWS_ENDPOINT_URL_S3. The library is loaded on first use.
 */
export async function s3Client({ endpoint, region }: Pick<S3Place, 'endpoint' | 'region'>): Promise<S3Client> {
  const { S3Client } = await import('@aws-sdk/client-s3')
  const custom = endpoint ?? process.env['AWS_ENDPOINT_URL_S3'] ?? process.env['AWS_ENDPOINT_URL']
  return new S3Client({
    region: region ?? process.env['AWS_REGION'] ?? process.env['AWS_DEFAULT_REGION'] ?? 'us-east-1',
    ...(custom ? { endpoint: custom, forcePathStyle: true } : {}),
    // Other makers' stores do not know the newer checksums; some of them keep their framing as content.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
}

/**
 * Streams one object into a folder, under its own last name.
 * @returns The file.
 * @throws URL_REFUSED, FILE_NOT_FOUND, SOURCE_DENIED, NETWORK_UNAVAILABLE, DOWNLOAD_FAILED, CANCELLED
 */
export async function fetchS3(place: S3Place, folder: string, signal?: AbortSignal): Promise<string> {
  const { bucket, key } = parseS3(place.from)
  const [client, { GetObjectCommand }] = await Promise.all([s3Client(place), import('@aws-sdk/client-s3')])
  try {
    const answer = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key }),
      signal ? { abortSignal: signal } : {},
    )
    const file = path.join(folder, path.posix.basename(key).replaceAll(/[^\w.-]/g, '_') || 'object.csv')
    await pipeline(answer.Body as Readable, createWriteStream(file, { mode: 0o600 }), ...(signal ? [{ signal }] : []))
    return file
  } catch (error) {
    throw s3Error(error, `s3://${bucket}/${key}`, signal)
  } finally {
    client.destroy()
  }
}

/** What an object store's failure means here. */
export function s3Error(error: unknown, place: string, signal?: AbortSignal): BellwetherError {
  if (error instanceof BellwetherError) return error
  if (signal?.aborted) return new BellwetherError('CANCELLED', `Reading ${place} was cancelled.`)
  const { name, code, $metadata } = error as {
    name?: string
    code?: string
    $metadata?: { httpStatusCode?: number }
  }
  const status = $metadata?.httpStatusCode
  if (status === 404 || name === 'NoSuchKey' || name === 'NoSuchBucket')
    return new BellwetherError('FILE_NOT_FOUND', `${place}: there is no such object.`, { cause: error })
  if (status === 401 || status === 403 || name === 'CredentialsProviderError')
    return new BellwetherError('SOURCE_DENIED', `${place}: the object store does not let this user in.`, {
      cause: error,
    })
  if (status === undefined && code !== undefined)
    return new BellwetherError('NETWORK_UNAVAILABLE', `${place}: the object store can't be reached (${code}).`, {
      cause: error,
    })
  return new BellwetherError('DOWNLOAD_FAILED', `${place}: reading failed (${name ?? status ?? 'unknown'}).`, {
    cause: error,
  })
}
