import type { EngineImage } from '../engine/images.ts'
import { familiarName } from '../image/docker-hub.ts'
import type { ImageReference } from '../image/reference.ts'

/** How a store names an image: by its tag where it has one. */
export const storedName = ({ name, tag, digest }: ImageReference): string =>
  tag === undefined ? `${name}@${digest}` : `${name}:${tag}`

/**
 * The tag that an image has in the engine. Engines keep the digest only of what they pulled themselves, so an
 * image that was asked for by digest alone and came another way gets a tag that holds it.
 */
export const localTag = ({ tag, digest = '' }: ImageReference): string => tag ?? digest.replace(':', '-')

/** The full reference by which `docker run` finds an image that has a tag, or that the engine did not pull itself. */
export const localName = (image: ImageReference): string => `${image.name}:${localTag(image)}`

/** The digest under which the engine pulled an image from this repository, if it did. */
export const digestIn = ({ repoDigests }: EngineImage, name: string): string | undefined => {
  const prefix = `${familiarName(name)}@`
  return repoDigests.find((each) => each.startsWith(prefix))?.slice(prefix.length)
}
