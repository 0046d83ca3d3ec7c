import { statfs } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
import { errnoOf, fileError } from '../file-error.ts'
import { size } from '../units.ts'

/** How many bytes a file system has free. */
export const freeSpace = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** The refusal to begin what cannot be finished; sizes in bytes. */
export const noSpace = (folder: string, { needed, free }: { needed: number; free: number }): PipeError =>
  new PipeError('PKG-DISK-FULL', `${folder} needs ${size(needed)} more, and ${size(free)} are free.`)

// What a folder that is not ours to write says (errno of POSIX).
const CLOSED = ['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EISDIR', 'EEXIST', 'ENOENT', 'ENOSPC', 'EDQUOT']

/** A failure to write to a store. */
export const diskError = (error: unknown, folder: string): unknown =>
  CLOSED.includes(errnoOf(error) ?? '')
    ? fileError(error, 'PKG-STORE', `${folder} could not be written.`)
    : error
