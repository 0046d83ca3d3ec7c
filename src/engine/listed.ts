import { familiarName } from '../image/docker-hub.ts'
import type { ListedImage } from './images.ts'

/** The engine's images, to look one up in. */
export interface EngineImages {
  /** The id of the image with this name and tag. */
  byTag(name: string, tag: string): string | undefined
  /** The id of the image that came from this repository under one of these digests. */
  byDigest(name: string, digests: readonly string[]): string | undefined
  /** The one of these ids that the engine has. */
  byId(ids: readonly string[]): string | undefined
}

/** Makes a listing searchable. */
export const engineImages = (images: readonly ListedImage[]): EngineImages => ({
  byTag: (name, tag) => images.find((each) => each.name === familiarName(name) && each.tag === tag)?.id,
  byDigest: (name, digests) =>
    images.find((each) => each.name === familiarName(name) && digests.includes(each.digest))?.id,
  byId: (ids) => images.find(({ id }) => ids.includes(id))?.id,
})
