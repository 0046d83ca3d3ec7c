import { asPipeError, PipeError } from '../errors.ts'
import { choosePlatform, isSamePlatform, listPlatforms, matchPlatform } from '../image/match.ts'
import { formatPlatform, type Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import { once } from '../once.ts'
import { artifactOf, notAnImage } from '../registry/artifacts.ts'
import type { RegistryClient } from '../registry/client.ts'
import { type Configuration, fetchConfiguration } from '../registry/configuration.ts'
import { describeImage, type ImageFacts } from '../registry/describe.ts'
import type { Descriptor, ImageManifest, Index, ReadManifest } from '../registry/manifest.ts'
import { kindOf } from '../registry/types.ts'

/** What the registry says of an image before it is pulled. */
export interface Found {
  /** Digest of the tag: that of the index if the image is multi-platform. */
  digest: string
  /** The index that the tag means, exactly as the registry has it; undefined if it means a manifest. */
  index: Buffer | undefined
  /** Digest of the manifest of the platform. */
  manifestDigest: string
  /** That manifest, exactly as the registry has it. */
  manifest: { mediaType: string; bytes: Buffer }
  /**
   * The digest by which every engine pulls that manifest: the tag's, unless an engine might choose another manifest of
   * its index.
   */
  pullDigest: string
  config: Descriptor
  /** Asks for the configuration, once; a failure is why it cannot be read. */
  configuration: () => Promise<Configuration | PipeError>
  /** The configuration, if it had to be read to know the platform. */
  configBytes: Buffer | undefined
  /** The platform that the index states; undefined for an image that is in no index. */
  platform: Platform | undefined
  /** That platform, else the one in the configuration, which is then asked for; undefined if that cannot be read. */
  runsOn: () => Promise<Platform | undefined>
  layers: readonly Descriptor[]
  /** Sum of config and layers as they are stored, in bytes. */
  compressedSize: number
  /** How index or manifest are sent, if engines do not read what is sent so. */
  oddity: string | undefined
}

export interface Wanted {
  /** The platform to take from a multi-platform image: PLATFORM, else the engine's. */
  platform: () => Promise<Platform>
  /** PLATFORM, if the user named one. */
  chosen: Platform | undefined
}

/**
 * Asks a registry about an image, through one client: which digest its tag means, which manifest is the platform's, and
 * how large it is. Throws `PKG-PLATFORM` if it has none for the platform; for an image that is in no index the
 * configuration tells, if it can be read.
 */
export const readImage = async (
  image: ImageReference,
  client: RegistryClient,
  wanted: Wanted,
): Promise<Found> => {
  const top = await resolveTop(image, client)
  const { read, manifest, platform, sure } = await platformManifest(top, { image, client, wanted })
  const { config, ...facts } = await describe(manifest, { image, top, platform, wanted })
  const configuration = once(() => fetchConfiguration(client, image.path, config.digest).catch(asPipeError))
  const runsOn = async () => platform ?? platformIn(await configuration())
  const { chosen } = wanted
  const on = chosen && (await runsOn())
  if (chosen && on && !matchPlatform(chosen).matches(on))
    throw noPlatform(image, chosen, [formatPlatform(on)])
  return {
    ...facts,
    digest: top.digest,
    index: top.manifest.kind === 'index' ? top.bytes : undefined,
    manifestDigest: read.digest,
    manifest: { mediaType: manifest.mediaType, bytes: read.bytes },
    pullDigest: sure ? top.digest : read.digest,
    config,
    configuration,
    configBytes: chosen && platform === undefined ? bytesOf(await configuration()) : undefined,
    platform,
    runsOn,
    oddity: top.oddity ?? read.oddity,
  }
}

// Of a tag, an engine asks only which digest it means; what it reads comes by that digest.
const resolveTop = async (image: ImageReference, client: RegistryClient): Promise<ReadManifest> => {
  const top = await client.resolve(image.path, image.digest ?? image.tag ?? 'latest')
  const isRead = top.oddity === undefined || image.digest !== undefined
  return isRead ? top : client.resolve(image.path, top.digest).catch(() => top)
}

const platformIn = (configuration: Configuration | PipeError) =>
  configuration instanceof PipeError ? undefined : configuration.platform

const bytesOf = (configuration: Configuration | PipeError) =>
  configuration instanceof PipeError ? undefined : configuration.bytes

interface Around {
  image: ImageReference
  client: RegistryClient
  wanted: Wanted
}

interface Chosen {
  read: ReadManifest
  manifest: ImageManifest
  /** What an index says it runs on. */
  platform: Platform | undefined
  /** Whether every engine of the wanted platform takes the same manifest from the index. */
  sure: boolean
}

// Engines follow an index within an index; nobody nests them deeper than this.
const DEEPEST = 4

const platformManifest = async (top: ReadManifest, { image, client, wanted }: Around): Promise<Chosen> => {
  let read = top
  let platform: Platform | undefined
  let sure = true
  for (let depth = 1; read.manifest.kind === 'index'; depth++) {
    if (depth > DEEPEST) throw tooDeep(image)
    const machine = await wanted.platform()
    const { manifests } = read.manifest
    const entry = choosePlatform(manifests.filter(mayBeImage), machine)
    if (entry === undefined) throw nothingOf(read.manifest, image, machine)
    // From an index, engines before 23 take only an entry of their own platform, and none that names no platform.
    sure =
      depth === 1 &&
      wanted.chosen === undefined &&
      entry.platform !== undefined &&
      isSamePlatform(entry.platform, machine)
    platform = entry.platform ?? platform
    read = await client.resolve(image.path, entry.digest)
  }
  return { read, manifest: read.manifest, platform, sure }
}

// Build caches list their layers in an index.
const mayBeImage = ({ mediaType, platform }: Descriptor) =>
  platform !== undefined || mediaType === '' || kindOf(mediaType) !== undefined

const describe = async (
  manifest: ImageManifest,
  {
    image,
    top,
    platform,
    wanted,
  }: Pick<Around, 'image' | 'wanted'> & Pick<Found, 'platform'> & { top: ReadManifest },
): Promise<ImageFacts> => {
  try {
    return describeImage(manifest, image.name)
  } catch (error) {
    // In an index of images, an entry that names no platform is something attached to one of them.
    const offered = top.manifest.kind === 'index' ? listPlatforms(top.manifest.manifests) : []
    if (platform !== undefined || offered.length === 0) throw error
    throw noPlatform(image, await wanted.platform(), offered)
  }
}

const nothingOf = ({ manifests }: Index, image: ImageReference, machine: Platform): PipeError => {
  const offered = listPlatforms(manifests)
  const artifact = offered.length === 0 && artifactOf(manifests.map(({ mediaType }) => mediaType))
  return artifact ? notAnImage(artifact, image.name) : noPlatform(image, machine, offered)
}

const noPlatform = (image: ImageReference, wanted: Platform, offered: readonly string[]) =>
  new PipeError('PKG-PLATFORM', `${image.name} has no image for ${formatPlatform(wanted)}.`, {
    why: `It was built for ${offered.join(', ') || 'no platform that has a name'}.`,
    hint: `Build it for ${formatPlatform(wanted)} too, run the step on a machine of a platform that it has, or name such a platform in PLATFORM.`,
  })

const tooDeep = (image: ImageReference) =>
  new PipeError('PKG-MANIFEST', `The index of ${image.name} leads to another index again and again.`, {
    unclear: true,
  })
