import type { Readable } from 'node:stream'
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3'
import { s3Client } from '../../data/sources/read-s3.ts'
import { BellwetherError } from '../../errors.ts'

/** An upload in parts holds this much of each in memory, and this many at once. */
const PART_BYTES = 8 * 1024 * 1024
const PARTS_AT_ONCE = 4
/** S3 takes no more parts than this of one object. */
const MAX_PARTS = 10_000

/** `s3://bucket` or `s3://bucket/prefix`, without a slash at the end. */
const ADDRESS = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/([\w!.*'()/-]*?)\/*)?$/i

export interface S3Entry {
  /** Without the prefix. */
  readonly name: string
  readonly sizeBytes: number
  readonly modifiedTime: number
}

/**
 * The objects below one prefix of a bucket. An object appears whole, when its last byte is there, and is replaced whole. Credentials come from where the
 * AWS tools find them, and stand in no message.
 *
 * All methods throw BLOB_STORE_UNREACHABLE, HOME_DENIED, HOME_NOT_FOUND (no such bucket), STORAGE_FULL, STORAGE_FAILED.
 */
export class S3Objects {
  /** `s3://bucket/prefix` */
  readonly place: string
  readonly #client: S3Client
  readonly #bucket: string
  readonly #prefix: string

  private constructor(client: S3Client, bucket: string, prefix: string) {
    this.#client = client
    this.#bucket = bucket
    this.#prefix = prefix === '' ? '' : `${prefix}/`
    this.place = `s3://${bucket}${prefix === '' ? '' : `/${prefix}`}`
  }

  /** @throws USAGE where the address is not of that form; it is not repeated, for somebody may have put a key into it */
  static async open(address: string): Promise<S3Objects> {
    const match = ADDRESS.exec(address)
    const parts = match?.[2] ? match[2].split('/') : []
    if (!match || parts.some((part) => part === '' || part === '.' || part === '..'))
      throw new BellwetherError(
        'USAGE',
        'The address of the object store is not of the form s3://bucket/prefix; credentials go into the environment.',
      )
    return new S3Objects(await s3Client({}), match[1]!, match[2] ?? '')
  }

  /** @returns null where there is none */
  async size(name: string): Promise<number | null> {
    const { HeadObjectCommand } = await import('@aws-sdk/client-s3')
    return this.#orNull(async () => {
      const answer = await this.#client.send(new HeadObjectCommand(this.#named(name)))
      return answer.ContentLength ?? 0
    })
  }

  /** The whole object, or its first bytes. @returns null where there is none */
  async read(name: string, firstBytes: number | null = null): Promise<Uint8Array | null> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    const range = firstBytes === null ? {} : { Range: `bytes=0-${firstBytes - 1}` }
    return this.#orNull(async () => {
      const answer = await this.#client.send(new GetObjectCommand({ ...this.#named(name), ...range }))
      const bytes = await answer.Body!.transformToByteArray()
      // Stores that know no ranges give all of it.
      return firstBytes === null ? bytes : bytes.subarray(0, firstBytes)
    })
  }

  /** Asked for when the first piece is; errors come from the iteration. */
  async *stream(name: string): AsyncGenerator<Uint8Array> {
    yield* (await this.#open(name, {})).pieces
  }

  /**
   * A stretch of an object, from `start` up to, not including, `end`; asked for when the first piece is.
   * @throws from the iteration STORAGE_FAILED where the object is too short
   */
  async *range(name: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    const { from, pieces } = await this.#open(name, { Range: `bytes=${start}-${end - 1}` })
    // Stores that know no ranges, or not this one, give more of it.
    let at = from
    for await (const piece of pieces) {
      const inner = piece.subarray(Math.max(0, start - at), Math.max(0, end - at))
      at += piece.length
      if (inner.length > 0) yield inner
      if (at >= end) return
    }
    throw new BellwetherError(
      'STORAGE_FAILED',
      `${this.place}: an object ends at ${at} bytes, before the ${end} that it had.`,
    )
  }

  /** @returns where in the object the pieces begin, and the pieces; errors come from both */
  async #open(
    name: string,
    range: { readonly Range?: string },
  ): Promise<{ from: number; pieces: AsyncGenerator<Uint8Array> }> {
    const { GetObjectCommand } = await import('@aws-sdk/client-s3')
    try {
      const answer = await this.#client.send(new GetObjectCommand({ ...this.#named(name), ...range }))
      const from = Number(/^bytes (\d+)-/.exec(answer.ContentRange ?? '')?.[1] ?? 0)
      return { from, pieces: this.#pieces(answer.Body as Readable, answer.ContentLength) }
    } catch (error) {
      throw this.#error(error)
    }
  }

  async *#pieces(body: Readable, expected: number | undefined): AsyncGenerator<Uint8Array> {
    try {
      let got = 0
      for await (const piece of body as AsyncIterable<Buffer>) {
        got += piece.length
        yield piece
      }
      if (expected !== undefined && got < expected) throw this.#unreachable('the connection ended early', null)
    } catch (error) {
      throw this.#error(error)
    }
  }

  async put(name: string, bytes: Uint8Array): Promise<void> {
    const { PutObjectCommand } = await import('@aws-sdk/client-s3')
    try {
      await this.#client.send(new PutObjectCommand({ ...this.#named(name), ...asBody(bytes) }))
    } catch (error) {
      throw this.#error(error)
    }
  }

  /** In parts where it is large, in constant memory; the parts of what fails are taken back. @param bytes How many will come. */
  async upload(name: string, content: Readable, bytes: number): Promise<void> {
    const { Upload } = await import('@aws-sdk/lib-storage')
    try {
      await new Upload({
        client: this.#client,
        params: { ...this.#named(name), Body: content, ...CONTENT_TYPE },
        partSize: Math.max(PART_BYTES, Math.ceil(bytes / MAX_PARTS)),
        queueSize: PARTS_AT_ONCE,
      }).done()
    } catch (error) {
      throw this.#error(error)
    }
  }

  async delete(name: string): Promise<void> {
    const { DeleteObjectCommand } = await import('@aws-sdk/client-s3')
    await this.#orNull(() => this.#client.send(new DeleteObjectCommand(this.#named(name))))
  }

  /** All objects below the prefix, in the order of their names. */
  async *list(): AsyncGenerator<S3Entry> {
    const { ListObjectsV2Command } = await import('@aws-sdk/client-s3')
    let token: string | undefined
    do {
      const answer = await this.#client
        .send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix, ContinuationToken: token }))
        .catch((error: unknown) => {
          throw this.#error(error)
        })
      for (const { Key, Size, LastModified } of answer.Contents ?? [])
        yield {
          name: (Key ?? '').slice(this.#prefix.length),
          sizeBytes: Size ?? 0,
          modifiedTime: LastModified?.getTime() ?? 0,
        }
      token = answer.IsTruncated ? answer.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  close(): void {
    this.#client.destroy()
  }

  #named(name: string): { Bucket: string; Key: string } {
    return { Bucket: this.#bucket, Key: `${this.#prefix}${name}` }
  }

  async #orNull<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask()
    } catch (error) {
      const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } }
      if (name !== 'NoSuchBucket' && $metadata?.httpStatusCode === 404) return null
      throw this.#error(error)
    }
  }

  /** What a failure means. The store's own text may repeat the request, so it goes no further than `cause`. */
  #error(error: unknown): BellwetherError {
    if (error instanceof BellwetherError) return error
    const { name, code, $metadata } = error as {
      name?: string
      code?: string
      $metadata?: { httpStatusCode?: number }
    }
    const status = $metadata?.httpStatusCode
    if (name === 'NoSuchBucket')
      return new BellwetherError('HOME_NOT_FOUND', `${this.place}: there is no such bucket.`, {
        hint: 'Make the bucket, or name another one with `blobs=s3://bucket/prefix`.',
        cause: error,
      })
    if (status === 401 || status === 403 || name === 'CredentialsProviderError')
      return new BellwetherError(
        'HOME_DENIED',
        `${this.place}: the object store does not let this user in (${name ?? status}).`,
        {
          hint: 'Give credentials as the AWS tools take them, with the rights that docs/store.md lists.',
          cause: error,
        },
      )
    if (name === 'XMinioStorageFull' || status === 507)
      return new BellwetherError('STORAGE_FULL', `${this.place}: no space is left (${name ?? status}).`, {
        cause: error,
      })
    if (status === undefined || status >= 500 || status === 429)
      return this.#unreachable(String(code ?? name ?? status), error)
    return new BellwetherError('STORAGE_FAILED', `${this.place}: the object store refused (${name ?? status}).`, {
      cause: error,
    })
  }

  #unreachable(why: string, cause: unknown): BellwetherError {
    return new BellwetherError('BLOB_STORE_UNREACHABLE', `${this.place}: the object store does not answer (${why}).`, {
      cause,
    })
  }
}

const CONTENT_TYPE = { ContentType: 'application/octet-stream' }

const asBody = (bytes: Uint8Array): Pick<PutObjectCommandInput, 'Body' | 'ContentLength' | 'ContentType'> => ({
  Body: bytes,
  ContentLength: bytes.length,
  ...CONTENT_TYPE,
})
