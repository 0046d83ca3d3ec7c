import { lstat } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
import { errnoOf } from '../file-error.ts'
import { DigestError, digestOf, parseDigest } from '../image/digest.ts'
import { type Manifest, manifestLimit, parseManifest } from '../registry/manifest.ts'
import { readCarried } from './carried.ts'
import { blobPath } from './layout.ts'

/**
 * What a store has under the digest of a manifest or an index. A document that is whole, but that this pipe does not
 * understand, is neither absent nor damaged, and it may need other blobs.
 */
export type StoredDocument =
  | Manifest
  | { kind: 'absent' | 'damaged' }
  /** `error` says why. */
  | { kind: 'unclear'; error: PipeError }

/** Reads a manifest or an index from a store. Its type is the one that it states itself, not the one in the list. */
export const storedDocument = async (folder: string, digest: string): Promise<StoredDocument> => {
  try {
    const { algorithm } = parseDigest(digest)
    const path = blobPath(folder, digest)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined) return { kind: 'absent' }
    if (found.isFile() && found.size > manifestLimit) return unclear(digest, 'It is larger than 4 MiB.')
    const bytes = await readCarried(path, manifestLimit)
    if (bytes === undefined || digestOf(bytes, algorithm) !== digest) return { kind: 'damaged' }
    return checked(parseManifest(bytes, '', digest))
  } catch (error) {
    if (error instanceof PipeError) return { kind: 'unclear', error }
    if (error instanceof DigestError || errnoOf(error)) return unclear(digest, (error as Error).message)
    throw error
  }
}

// Every digest will become a path.
const checked = (manifest: Manifest): Manifest => {
  if (manifest.kind === 'image')
    for (const { digest } of [manifest.config, ...manifest.layers]) parseDigest(digest)
  return manifest
}

const unclear = (digest: string, why: string): StoredDocument => ({
  kind: 'unclear',
  error: new PipeError('PKG-MANIFEST', `The manifest of ${digest} cannot be used`, { why }),
})
