import { type Code, PipeError } from '../errors.ts'
import { choosePlatform, listPlatforms } from '../image/match.ts'
import { formatPlatform, type Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { RegistryClient } from '../registry/client.ts'
import { describeImage } from '../registry/describe.ts'
import type { Descriptor, ImageManifest, Resolved } from '../registry/manifest.ts'
import type { Credential } from '../settings/settings.ts'

/** What the registry says of an image before it is pulled. */
export interface Resolution {
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
  platform: string | undefined
  layers: readonly Descriptor[]
  /** Sum of config and layers as they are stored, in bytes. */
  compressedSize: number
  /** The credential that may read it; undefined: it was read without one. */
  credential: Credential | undefined
}

/** One credential's failure to read an image. */
export interface Attempt {
  credential: Credential | undefined
  error: PipeError
}

export type Clients = (domain: string, credential: Credential | undefined) => RegistryClient

/** Failures after which the next credential is tried. */
// What another repository's package answers is not documented: each of these may mean that this credential
// may not read what the next one may.
export const TRY_NEXT: readonly Code[] = ['PKG-AUTH-REFUSED', 'PKG-ACCESS-DENIED', 'PKG-PACKAGE-UNKNOWN']

/**
 * Asks the registry for an image with one credential after another until one may read it: which digest its tag
 * means, which manifest is the platform's, and how large it is.
 *
 * @returns every attempt where none may read it, the one that says most first
 */
export const resolveImage = async (
  image: ImageReference,
  credentials: ReadonlyArray<Credential | undefined>,
  clients: Clients,
  platform: () => Promise<Platform>,
): Promise<Resolution | Attempt[]> => {
  const attempts: Attempt[] = []
  for (const credential of credentials) {
    try {
      return { ...(await read(image, clients(image.domain, credential), platform)), credential }
    } catch (error) {
      if (!(error instanceof PipeError)) throw error
      // A tag that is missing for the second credential says more than that the first one may not look.
      if (TRY_NEXT.includes(error.code)) attempts.push({ credential, error })
      else return [{ credential, error }, ...attempts]
    }
  }
  return attempts
}

const read = async (
  image: ImageReference,
  client: RegistryClient,
  platform: () => Promise<Platform>,
): Promise<Omit<Resolution, 'credential'>> => {
  const top = await client.resolve(image.path, image.digest ?? image.tag ?? 'latest')
  const { manifest, digest, bytes, on } = await platformManifest(image, client, top, platform)
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
  image: ImageReference,
  client: RegistryClient,
  top: Resolved,
  platform: () => Promise<Platform>,
): Promise<{ manifest: ImageManifest; digest: string; bytes: Buffer; on: string | undefined }> => {
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
  return { manifest, digest, bytes, on: chosen.platform && formatPlatform(chosen.platform) }
}

const noPlatform = (image: ImageReference, wanted: Platform, platforms: readonly string[]) =>
  new PipeError('PKG-PLATFORM', `${image.name} has no image for ${formatPlatform(wanted)}.`, {
    why: `It was built for ${platforms.join(', ') || 'no platform that has a name'}.`,
    hint: `Build it for ${formatPlatform(wanted)} too, run the step on a machine of a platform that it has, or name that one in PLATFORM.`,
  })
