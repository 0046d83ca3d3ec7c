import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { errnoOf } from '../file-error.ts'
import { parseDigest } from '../image/digest.ts'
import { openCarried } from './carried.ts'
import { blobPath } from './layout.ts'
import { hashed } from './part.ts'

/** A blob as a manifest names it. */
export interface Blob {
  digest: string
  /** In bytes, as it says: that may be wrong, and 0 where it says nothing. */
  size: number
}

/** Whether a store has a blob. */
export type BlobState = 'whole' | 'absent' | 'damaged' | 'unreadable'

/** Looks at a blob of a store: at its size, which takes no time, and at its bytes only where that is another. */
export const sizeState = async (folder: string, blob: Blob): Promise<BlobState> => {
  const found = await lstat(blobPath(folder, blob.digest)).catch(() => undefined)
  if (found === undefined) return 'absent'
  // What a manifest says of a size may be wrong or nothing at all: its digest decides.
  return found.isFile() && found.size === blob.size && blob.size > 0 ? 'whole' : blobState(folder, blob)
}

/** Looks at a blob of a store: at every byte. */
export const blobState = async (folder: string, { digest }: Pick<Blob, 'digest'>): Promise<BlobState> => {
  const path = blobPath(folder, digest)
  const { algorithm, encoded } = parseDigest(digest)
  try {
    if ((await lstat(path).catch(() => undefined)) === undefined) return 'absent'
    const file = await openCarried(path)
    if (file === undefined) return 'damaged'
    try {
      const hash = createHash(algorithm)
      await hashed(file, hash)
      return hash.digest('hex') === encoded ? 'whole' : 'damaged'
    } finally {
      await file.close()
    }
  } catch (error) {
    // Another user may have made it for himself alone, and a disk may be broken.
    if (errnoOf(error)) return 'unreadable'
    throw error
  }
}
