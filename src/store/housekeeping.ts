import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDigest } from '../image/digest.ts'
import { isTemporary } from './layout.ts'
import type { Needed } from './needed.ts'

/** What another pipe may be writing, or be about to list, is younger than this, in milliseconds. */
const YOUNG = 60 * 60 * 1000

/**
 * Removes the blobs that no listed image needs any more, and the temporary files of pipes that are gone, unless they are
 * younger than an hour: then they may be those of a pipe that runs now. No blob is removed as long as something listed
 * cannot be read. Removes only regular files with names of a store.
 */
export const removeUnneeded = async (folder: string, { sizes, unread }: Needed): Promise<void> => {
  for (const name of await list(folder)) if (isTemporary(name)) await removeOld(join(folder, name))
  for (const algorithm of await list(join(folder, 'blobs'))) {
    const place = join(folder, 'blobs', algorithm)
    for (const name of await list(place)) {
      const isUnneeded = unread.length === 0 && isBlob(algorithm, name) && !sizes.has(`${algorithm}:${name}`)
      if (isTemporary(name) || isUnneeded) await removeOld(join(place, name))
    }
  }
}

const isBlob = (algorithm: string, name: string): boolean => {
  try {
    return parseDigest(`${algorithm}:${name}`).encoded === name
  } catch {
    return false
  }
}

// A time in the future is that of another machine's clock.
const removeOld = async (path: string): Promise<void> => {
  const found = await lstat(path).catch(() => undefined)
  if (found?.isFile() && Math.abs(Date.now() - found.mtimeMs) > YOUNG) await rm(path, { force: true })
}

// Not through a link, which the folder did not have when it was looked at.
const list = async (folder: string): Promise<string[]> => {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() ? readdir(folder) : []
}
