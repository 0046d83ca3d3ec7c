import { lstat } from 'node:fs/promises'
import { PipeError } from '../errors.ts'
import { errnoOf } from '../file-error.ts'
import { DigestError, digestOf, parseDigest } from '../image/digest.ts'
import { type Manifest, manifestLimit, parseManifest } from '../registry/manifest.ts'
import { readCarried } from './carried.ts'
import { blobPath } from './layout.ts'

/**
 * What a store has under the digest of a manifest or an index. What is there and whole, but not understood here, is
 * neither absent nor damaged, and never means that it needs nothing.
 */
export type StoredDocument =
  | Manifest
  | { kind: 'absent' | 'damaged' }
  /** `error` says why. */
  | { kind: 'unclear'; error: PipeError }

/** Reads the manifest or the index of a digest from a store. What it says of its own type counts, not who lists it. */
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

// A digest becomes a path.
const checked = (manifest: Manifest): Manifest => {
  if (manifest.kind === 'image')
    for (const { digest } of [manifest.config, ...manifest.layers]) parseDigest(digest)
  return manifest
}

const unclear = (digest: string, why: string): StoredDocument => ({
  kind: 'unclear',
  error: new PipeError('PKG-MANIFEST', `The manifest of ${digest} cannot be used`, { why }),
})
