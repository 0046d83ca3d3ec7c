import type { ListedImage } from './images.ts'

/** The engine's images, to look one up in. */
export interface Present {
  /** The id of what has this name and tag. */
  byTag(name: string, tag: string): string | undefined
  /** The id of what came from this repository under one of these digests. */
  byDigest(name: string, digests: readonly string[]): string | undefined
  /** The one of these ids that the engine has. */
  byId(ids: readonly string[]): string | undefined
}

export const createPresent = (images: readonly ListedImage[]): Present => ({
  byTag: (name, tag) => images.find((each) => each.name === familiar(name) && each.tag === tag)?.id,
  byDigest: (name, digests) =>
    images.find((each) => each.name === familiar(name) && digests.includes(each.digest))?.id,
  byId: (ids) => images.find(({ id }) => ids.includes(id))?.id,
})

// Engines show Docker Hub's names short.
const familiar = (name: string) => name.replace(/^docker\.io\/(?:library\/)?/, '')
