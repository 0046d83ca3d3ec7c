import { statfs } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
import { size } from '../report/log.ts'

/**
 * Refuses to begin what cannot be finished: throws PKG-DISK-FULL where a file system has not as much space free
 * as is needed, in bytes.
 */
export const checkSpace = async (folder: string, needed: number): Promise<void> => {
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  if (free >= needed) return
  throw new PipeError('PKG-DISK-FULL', `${folder} needs ${size(needed)} more, and ${size(free)} are free.`)
}

/** A failure to write to a store. */
export const diskError = (error: unknown, folder: string): unknown => {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new PipeError('PKG-DISK-FULL', `${folder} could not be written.`, { said: message, cause: error })
  if (
    code === 'EACCES' ||
    code === 'EROFS' ||
    code === 'EPERM' ||
    code === 'ENOTDIR' ||
    code === 'EEXIST' ||
    code === 'ENOENT'
  )
    return new PipeError('PKG-STORE', `${folder} could not be written.`, { said: message, cause: error })
  return error
}
