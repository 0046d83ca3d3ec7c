import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import { choosePlatform, listPlatforms } from '../image/match.ts'
import { formatPlatform, type Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { describeImage } from '../registry/describe.ts'
import type { Descriptor, ImageManifest, ReadManifest } from '../registry/manifest.ts'
import { nextMayRead } from './credentials.ts'
import type { Failure } from './diagnosis.ts'

/** What the registry says of an image before it is pulled. */
export interface Resolved {
  /** Digest of the tag: of the index where the image is a multi-platform one. */
  digest: string
  /** The index that the tag means, exactly as the registry has it; undefined where it means a manifest. */
  index: Buffer | undefined
  /** Digest of the manifest of the platform. */
  manifestDigest: string
  /** That manifest, exactly as the registry has it. */
  manifest: { mediaType: string; bytes: Buffer }
  config: Descriptor
  /** What the manifest's index says it runs on; undefined for an image that is in no index. */
  platform: Platform | undefined
  layers: readonly Descriptor[]
  /** Sum of config and layers as they are stored, in bytes. */
  compressedSize: number
  /** The credential that may read it; undefined: it was read without one. */
  credential: Credential | undefined
}

interface Context {
  /** In the order in which they are tried. */
  credentials: ReadonlyArray<Credential | undefined>
  /** The client of the image's registry that shows a credential. */
  client: (credential: Credential | undefined) => RegistryClient
  platform: () => Promise<Platform>
}

/**
 * Asks the registry for an image with one credential after another until one may read it: which digest its tag
 * means, which manifest is the platform's, and how large it is.
 *
 * @returns every failure where none may read it, the one that says most first
 */
export const resolve = async (
  image: ImageReference,
  { credentials, client, platform }: Context,
): Promise<Resolved | Failure[]> => {
  const failures: Failure[] = []
  for (const credential of credentials) {
    try {
      return { ...(await read(image, client(credential), platform)), credential }
    } catch (error) {
      if (!(error instanceof PipeError)) throw error
      // A tag that is missing for the second credential says more than that the first one may not look.
      if (nextMayRead(error)) failures.push({ credential, error })
      else return [{ credential, error }, ...failures]
    }
  }
  return failures
}

const read = async (
  image: ImageReference,
  client: RegistryClient,
  platform: () => Promise<Platform>,
): Promise<Omit<Resolved, 'credential'>> => {
  const top = await client.resolve(image.path, image.digest ?? image.tag ?? 'latest')
  const { manifest, digest, bytes, on } = await platformManifest(top, { image, client, platform })
  return {
    ...describeImage(manifest, image.name),
    digest: top.digest,
    index: top.manifest.kind === 'index' ? top.bytes : undefined,
    manifestDigest: digest,
    manifest: { mediaType: manifest.mediaType, bytes },
    platform: on,
  }
}

const platformManifest = async (
  top: ReadManifest,
  {
    image,
    client,
    platform,
  }: { image: ImageReference; client: RegistryClient; platform: () => Promise<Platform> },
): Promise<{ manifest: ImageManifest; digest: string; bytes: Buffer; on: Platform | undefined }> => {
  if (top.manifest.kind === 'image') return { ...top, manifest: top.manifest, on: undefined }
  const wanted = await platform()
  const chosen = choosePlatform(top.manifest.manifests, wanted)
  const platforms = listPlatforms(top.manifest.manifests)
  if (chosen === undefined) throw noPlatform(image, wanted, platforms)
  const { manifest, digest, bytes } = await client.resolve(image.path, chosen.digest)
  if (manifest.kind !== 'image') {
    throw new PipeError('PKG-MANIFEST', `The index of ${image.name} leads to another index.`, {
      said: `${chosen.digest} is of the type ${manifest.mediaType}`,
    })
  }
  return { manifest, digest, bytes, on: chosen.platform }
}

const noPlatform = (image: ImageReference, wanted: Platform, platforms: readonly string[]) =>
  new PipeError('PKG-PLATFORM', `${image.name} has no image for ${formatPlatform(wanted)}.`, {
    why: `It was built for ${platforms.join(', ') || 'no platform that has a name'}.`,
    hint: `Build it for ${formatPlatform(wanted)} too, run the step on a machine of a platform that it has, or name that one in PLATFORM.`,
  })
