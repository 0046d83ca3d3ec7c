import { PipeError } from '../errors.ts'
import { choosePlatform } from '../image/match.ts'
import type { Platform } from '../image/platform.ts'
import { describeImage } from '../registry/describe.ts'
import type { WholeImage } from './archive.ts'
import { withBlobs } from './contents.ts'
import { type StoredDocument, storedDocument } from './document.ts'
import { imageOf, readEntries, type StoredImage } from './layout.ts'

interface Wanted {
  reference: string
  /** Asked for only if the store has the image for several platforms. */
  platform: () => Promise<Platform>
}

/**
 * Finds the image that a store has under a name for a platform; undefined if it has none.
 *
 * @param shown the folder as the log names it
 * @throws {PipeError} PKG-INTEGRITY if the manifest that the store lists is absent or damaged; PKG-MANIFEST or
 *   PKG-SCHEMA1 if it is whole, but not that of an image that can be loaded
 */
export const findImage = async (
  { folder, shown }: { folder: string; shown: string },
  { reference, platform }: Wanted,
): Promise<WholeImage | undefined> => {
  let image = await listed(folder, reference, platform)
  let document = image && (await storedDocument(folder, image.manifest.digest))
  // Other tools put the index itself under the name.
  for (let depth = 1; document?.kind === 'index' && depth <= DEEPEST; depth++) {
    const chosen = choosePlatform(document.manifests, await platform())
    image = chosen && image && { ...image, manifest: chosen, platform: chosen.platform }
    document = chosen && (await storedDocument(folder, chosen.digest))
  }
  if (image === undefined || document === undefined) return undefined
  const manifest = loadable(document, image, shown)
  const { digest, size } = image.manifest
  // The list may give the manifest another type than it has.
  const named = { ...image, manifest: { mediaType: manifest.mediaType, digest, size } }
  return withBlobs(await proven(folder, named), manifest)
}

// The same depth as for images of a registry.
const DEEPEST = 4

const listed = async (
  folder: string,
  reference: string,
  platform: () => Promise<Platform>,
): Promise<StoredImage | undefined> => {
  const named = (await readEntries(folder)).flatMap((entry) => imageOf(entry) ?? [])
  const images = named.flatMap((image) => (isNamed(image, reference) ? { ...image, reference } : []))
  // If the tag means a manifest and not an index, every engine gets this image.
  const only = images.find(({ digest, manifest }) => digest === manifest.digest)
  return images.length === 0 ? undefined : (only ?? choosePlatform(images, await platform()))
}

// What a tag brought here is found by its digest too.
const isNamed = (image: StoredImage, reference: string): boolean => {
  if (image.reference === reference) return true
  const [name, digest] = reference.split('@')
  const isOfName =
    image.reference.startsWith(`${name}:`) && !image.reference.slice(`${name}:`.length).includes('/')
  return digest !== undefined && isOfName && [image.digest, image.manifest.digest].includes(digest)
}

const loadable = (document: StoredDocument, { reference, manifest }: StoredImage, shown: string) => {
  switch (document.kind) {
    case 'image':
      describeImage(document, reference)
      return document
    case 'index':
      throw new PipeError('PKG-MANIFEST', notLoadable(reference, shown), {
        why: `It is an index within ${DEEPEST} others.`,
      })
    case 'unclear':
      throw document.error.with({ message: notLoadable(reference, shown), unclear: false })
    default:
      throw new PipeError(
        'PKG-INTEGRITY',
        `${shown} lists ${reference}, but its manifest ${manifest.digest} is ${document.kind}.`,
        {
          why: 'The artifact or cache was damaged or is incomplete.',
          hint: 'Remove the cache, or run the step again that made the artifact; with PULL_POLICY: missing and the credentials of the step the pipe fetches it again.',
        },
      )
  }
}

const notLoadable = (reference: string, shown: string) =>
  `${shown} lists ${reference}, but not as an image that can be loaded.`

/**
 * The image under the digest that its tag meant. An index's digest counts only if the store has that index and it leads
 * to the image, because what a store says of itself proves nothing.
 */
const proven = async (folder: string, image: StoredImage): Promise<StoredImage> => {
  const { digest, manifest } = image
  if (digest === manifest.digest) return image
  const index = await storedDocument(folder, digest)
  const leads = index.kind === 'index' && index.manifests.some((each) => each.digest === manifest.digest)
  return leads ? image : { ...image, digest: manifest.digest }
}
