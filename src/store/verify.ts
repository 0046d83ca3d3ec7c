import { createHash } from 'node:crypto'
import { lstat } from 'node:fs/promises'
import { parseDigest } from '../image/digest.ts'
import { openCarried } from './carried.ts'
import { blobPath } from './layout.ts'
import { hashed } from './part.ts'

/** A blob as a manifest names it. */
export interface Blob {
  digest: string
  /** In bytes. */
  size: number
}

/** Whether a store has a blob. */
export type BlobState = 'whole' | 'absent' | 'damaged'

/** Looks at a blob of a store: at its size, which takes no time. */
export const sizeState = async (folder: string, { digest, size }: Blob): Promise<BlobState> => {
  const found = await lstat(blobPath(folder, digest)).catch(() => undefined)
  if (found === undefined) return 'absent'
  return found.isFile() && found.size === size ? 'whole' : 'damaged'
}

/** Looks at a blob of a store: at every byte. */
export const blobState = async (folder: string, blob: Blob): Promise<BlobState> => {
  const state = await sizeState(folder, blob)
  if (state !== 'whole') return state
  const { algorithm, encoded } = parseDigest(blob.digest)
  const file = await openCarried(blobPath(folder, blob.digest))
  if (file === undefined) return 'damaged'
  try {
    const hash = createHash(algorithm)
    await hashed(file, hash)
    return hash.digest('hex') === encoded ? 'whole' : 'damaged'
  } finally {
    await file.close()
  }
}
