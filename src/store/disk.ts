import { statfs } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
import { errnoOf, fileError } from '../file-error.ts'
import { size } from '../units.ts'

/** How many bytes a file system has free. */
export const freeSpace = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The error for a transfer that is not begun because it cannot be finished; sizes in bytes. */
export const noSpace = (folder: string, { needed, free }: { needed: number; free: number }): PipeError =>
  new PipeError('PKG-DISK-FULL', `${folder} needs ${size(needed)} more, and ${size(free)} are free.`)

// The errors of a folder that cannot be written (errno of POSIX).
const CLOSED = ['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOENT', 'ENOSPC', 'EDQUOT']

/** The same failure in the catalogue's terms, if it is one to write to a store. */
export const diskError = (error: unknown, folder: string): unknown =>
  CLOSED.includes(errnoOf(error) ?? '')
    ? fileError(error, 'PKG-STORE', `${folder} could not be written.`)
    : error
