import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf } from '../file-error.ts'

// A link is not followed, and a FIFO or a device that somebody put in the place of a file is not waited for.
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

// What `open` says where there is nothing, a link, a folder on the way that is none, a device without a driver.
const NO_FILE = ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'ENODEV']

/**
 * Opens a regular file of a folder that an artifact or a cache carried here, and that may hold anything; undefined
 * where there is none: nothing at all, a folder, a link, a device.
 *
 * @throws the system's error where there is one that cannot be read
 */
export const openCarried = async (path: string): Promise<FileHandle | undefined> => {
  try {
    const file = await open(path, PLAIN)
    if ((await file.stat()).isFile()) return file
    await file.close()
    return undefined
  } catch (error) {
    if (NO_FILE.includes(errnoOf(error) ?? '')) return undefined
    throw error
  }
}

/** The bytes of such a file, if it is no larger than `most`, in bytes; undefined where there is none, or a larger one. */
export const readCarried = async (path: string, most: number): Promise<Buffer | undefined> => {
  const file = await openCarried(path)
  try {
    const { size } = (await file?.stat()) ?? {}
    return size === undefined || size > most ? undefined : await file?.readFile()
  } finally {
    await file?.close()
  }
}
