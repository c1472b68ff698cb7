import { constants, existsSync } from 'node:fs'
import { copyFile, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { BellwetherError } from '../../../errors.ts'
import { temporarySibling } from '../temporary-sibling.ts'
import type { DvcPlace } from './dvc-config.ts'

/** Where an object lies below a cache or remote: DVC 3 keeps it under `files/md5/`, DVC 2 at the top. */
export function objectPaths(md5: string, isFolder: boolean, hash: 'md5' | 'md5-dos2unix'): string[] {
  const legacy = `${md5.slice(0, 2)}/${md5.slice(2)}${isFolder ? '.dir' : ''}`
  const current = `files/md5/${legacy}`
  return hash === 'md5' ? [current, legacy] : [legacy, current]
}

/** Objects of a cache or a remote. */
export interface DvcObjects {
  /** For messages; without anything secret. */
  readonly place: string
  /** A file with the object, to be read only; null where it is not there. */
  find(objectPath: string): Promise<string | null>
}

/** @param scratch Folder that objects of an object store are brought to. */
export function dvcObjects(place: DvcPlace, scratch: string): DvcObjects {
  if (place.kind === 'folder') {
    return {
      place: place.folder,
      find: async (objectPath) => {
        const file = path.join(place.folder, ...objectPath.split('/'))
        return existsSync(file) ? file : null
      },
    }
  }
  return {
    place: place.url,
    find: async (objectPath) => {
      const { fetchS3 } = await import('../../sources/read-s3.ts')
      const folder = path.join(scratch, ...path.posix.dirname(objectPath).split('/'))
      await mkdir(folder, { recursive: true })
      const { endpoint, region } = place
      try {
        return await fetchS3({ from: `${place.url}/${objectPath}`, endpoint, region }, folder)
      } catch (error) {
        if (error instanceof BellwetherError && error.code === 'FILE_NOT_FOUND') return null
        throw error
      }
    },
  }
}

/** Puts a file into a remote, unless it is there with the same size. It appears whole. */
export async function putObject(place: DvcPlace, objectPath: string, file: string): Promise<void> {
  const { size } = await stat(file)
  if (place.kind === 's3') {
    const { putS3 } = await import('../../sources/write-s3.ts')
    const { endpoint, region } = place
    return putS3({ from: `${place.url}/${objectPath}`, endpoint, region }, file, size)
  }
  const target = path.join(place.folder, ...objectPath.split('/'))
  if ((await stat(target).catch(() => null))?.size === size) return
  await mkdir(path.dirname(target), { recursive: true })
  const temporary = temporarySibling(target)
  try {
    await copyFile(file, temporary, constants.COPYFILE_EXCL)
    const handle = await open(temporary, 'r+')
    await handle.sync()
    await handle.close()
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
