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
  /** In bytes, as the manifest has it: it may be wrong, and is 0 if the manifest has none. */
  size: number
}

/** Whether a store has a blob. */
export type BlobState = 'whole' | 'absent' | 'damaged' | 'unreadable'

/** Checks a blob of a store by its size, which takes no time; if that is another one, by its bytes. */
export const sizeState = async (folder: string, blob: Blob, signal?: AbortSignal): Promise<BlobState> => {
  const found = await lstat(blobPath(folder, blob.digest)).catch(() => undefined)
  if (found === undefined) return 'absent'
  // The size in a manifest may be wrong or missing; the digest decides.
  return found.isFile() && found.size === blob.size && blob.size > 0
    ? 'whole'
    : blobState(folder, blob, signal)
}

/** Checks every byte of a blob of a store. Throws the signal's reason when that is aborted. */
export const blobState = async (
  folder: string,
  { digest }: Pick<Blob, 'digest'>,
  signal?: AbortSignal,
): Promise<BlobState> => {
  const path = blobPath(folder, digest)
  const { algorithm, encoded } = parseDigest(digest)
  try {
    if ((await lstat(path).catch(() => undefined)) === undefined) return 'absent'
    const file = await openCarried(path)
    if (file === undefined) return 'damaged'
    try {
      const hash = createHash(algorithm)
      await hashed(file, hash, signal)
      return hash.digest('hex') === encoded ? 'whole' : 'damaged'
    } finally {
      await file.close()
    }
  } catch (error) {
    // It may belong to another user who alone may read it, or the disk may be broken.
    if (errnoOf(error)) return 'unreadable'
    throw error
  }
}
