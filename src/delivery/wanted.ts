import { parsePlatform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Credential } from '../settings/settings.ts'
import type { WholeImage } from '../store/archive.ts'
import { localName, storedName } from './names.ts'
import type { Resolution } from '../lookup/resolve.ts'

/** An image that is to be in the store when the pipe ends. */
export interface Wanted {
  image: ImageReference
  whole: WholeImage
  /** What the registry said of it, by digest: its manifest, and the index that led there; none where it was not asked. */
  described: ReadonlyMap<string, Buffer>
  /** Whether it goes to the engine, so that every byte of it counts. */
  loaded: boolean
  /** The credentials to ask the registry with; none where it must not be asked. */
  credentials: ReadonlyArray<Credential | undefined>
}

/** What a store needs to know of an image that the registry has described. */
export const wholeOf = (image: ImageReference, resolution: Resolution): WholeImage => {
  const { digest, manifestDigest, manifest, config, layers, platform: on } = resolution
  const reference = storedName(image)
  return {
    reference,
    digest,
    manifest: { mediaType: manifest.mediaType, digest: manifestDigest, size: manifest.bytes.length },
    platform: on === undefined ? undefined : parsePlatform(on),
    config,
    layers,
    tags: [localName(image)],
  }
}
