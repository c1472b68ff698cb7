import { BellwetherError } from '../errors.ts'

/** Turns what the operating system says about a path into an error with a remedy; others pass unchanged. */
export function fileError(cause: unknown, file: string): unknown {
  if (cause instanceof BellwetherError) return cause
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new BellwetherError('FILE_NOT_FOUND', `There is no file ${file}.`, { cause })
    case 'EISDIR':
      return new BellwetherError('FILE_UNREADABLE', `${file} is a folder; expected a file.`, { cause })
    case 'EACCES':
    case 'EPERM':
      return new BellwetherError('FILE_UNREADABLE', `${file} may not be read by this user (${code}).`, { cause })
    case 'EROFS':
      return new BellwetherError('FILE_UNREADABLE', `${file} is where nothing can be written (${code}).`, { cause })
    case 'EIO':
    case 'EMFILE':
    case 'ENFILE':
    case 'ELOOP':
    case 'ENAMETOOLONG':
      return new BellwetherError('FILE_UNREADABLE', `${file} can't be read (${code}).`, { cause })
    case 'ENOSPC':
    case 'EDQUOT':
    // A limit of the process (ulimit -f) or of the file system, such as 4 GiB on FAT.
    case 'EFBIG':
      return new BellwetherError('DISK_FULL', `The disk is full: ${file} can't be written (${code}).`, { cause })
    case 'Z_BUF_ERROR':
    case 'Z_DATA_ERROR':
    case 'ERR_TRAILING_JUNK_AFTER_STREAM_END':
      return new BellwetherError('FILE_UNREADABLE', `${file} is not a whole gzip file.`, { cause })
    default:
      return cause
  }
}
