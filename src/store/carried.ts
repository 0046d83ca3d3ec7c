import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { errnoOf } from '../file-error.ts'

// Do not follow a link, and do not wait for a FIFO or a device that somebody put in the place of a file.
const PLAIN = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK

// The errors of `open` for: nothing there, a link, a file where a folder should be, a device without a driver.
const NO_FILE = ['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO', 'ENODEV']

/**
 * Opens a regular file in a folder that an artifact or a cache carried here, and that may hold anything.
 *
 * @returns undefined if nothing is there, or a folder, a link or a device
 * @throws the system's error if the file is there but cannot be read
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

/** Reads such a file; undefined if there is none, or if it is larger than `most` bytes. */
export const readCarried = async (path: string, most: number): Promise<Buffer | undefined> => {
  const file = await openCarried(path)
  try {
    const { size } = (await file?.stat()) ?? {}
    return size === undefined || size > most ? undefined : await file?.readFile()
  } finally {
    await file?.close()
  }
}
