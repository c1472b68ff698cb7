import { createReadStream } from 'node:fs'
import { parseS3, type S3Place, s3Client, s3Error } from './read-s3.ts'

/** Puts a file as an object, unless one of the same size is there. @throws URL_REFUSED, SOURCE_DENIED, NETWORK_UNAVAILABLE, DOWNLOAD_FAILED */
export async function putS3(place: S3Place, file: string, sizeBytes: number): Promise<void> {
  const { bucket, key } = parseS3(place.from)
  const [client, { HeadObjectCommand }, { Upload }] = await Promise.all([
    s3Client(place),
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ])
  try {
    const there = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key })).catch((error: unknown) => {
      if ((error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode === 404) return null
      throw error
    })
    if (there?.ContentLength === sizeBytes) return
    // In parts, for S3 takes no more than 5 GB at once; an object appears when its last part is there.
    await new Upload({ client, params: { Bucket: bucket, Key: key, Body: createReadStream(file) } }).done()
  } catch (error) {
    throw s3Error(error, `s3://${bucket}/${key}`)
  } finally {
    client.destroy()
  }
}
