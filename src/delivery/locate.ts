import type { Present } from '../engine/find.ts'
import { inspect } from '../engine/images.ts'
import { PipeError } from '../errors.ts'
import { matchPlatform } from '../image/match.ts'
import { type Platform, parsePlatform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import { noCredentials, type Settings } from '../settings/settings.ts'
import type { WholeImage } from '../store/archive.ts'
import type { Store } from '../store/store.ts'
import { type Finding, find } from '../lookup/find.ts'
import { storedName } from './names.ts'
import type { Resolution } from '../lookup/resolve.ts'
import type { Tools } from './tools.ts'

/** Where an image is taken from. */
export type Located = { image: ImageReference } & (
  | {
      from: 'engine'
      id: string
      /** Undefined where the registry was not asked. */
      resolution?: Resolution | undefined
      /** What the store knows of it. */
      stored?: WholeImage | undefined
      /** As the engine knows it. */
      digest?: string | undefined
    }
  | { from: 'store'; stored: WholeImage }
  | { from: 'registry'; resolution: Resolution }
  /** Only the engine can find out. */
  | { from: 'unknown'; error: PipeError }
  | { from: 'nowhere'; error: PipeError }
)

/** Where images can be. */
export interface Places {
  present: Promise<Present>
  store: Store | undefined
  platform: () => Promise<Platform>
  /** A docker config without a login. */
  config: string
}

/**
 * Decides by PULL_POLICY where an image is taken from. `always` asks the registry what the tag means, and takes
 * from the engine what is that; `missing` asks nobody for what engine or store has; `never` does not ask.
 */
export const locate = async (
  image: ImageReference,
  settings: Settings,
  places: Places,
  tools: Tools,
): Promise<Located> => {
  if (settings.pullPolicy === 'always') return ask(image, settings, places, tools)
  const here = await lookHere(image, settings, places, tools).catch((error: unknown) => {
    if (!(error instanceof PipeError && error.code === 'PKG-INTEGRITY')) throw error
    if (settings.pullPolicy === 'never') return { image, from: 'nowhere', error } as const
    tools.log.warning(error.message)
    return undefined
  })
  if (here !== undefined) return here
  if (settings.pullPolicy === 'never') return { image, from: 'nowhere', error: notHere(image, settings) }
  const { registry, builtIn, apiToken } = settings
  if (image.domain === registry && builtIn === undefined && apiToken === undefined)
    return { image, from: 'nowhere', error: noCredentials(registry) }
  return ask(image, settings, places, tools)
}

const ask = async (
  image: ImageReference,
  settings: Settings,
  { present, platform }: Places,
  { clients }: Tools,
): Promise<Located> => {
  const finding: Finding = await find(image, settings, clients, platform)
  const { resolution, error } = finding
  if (error !== undefined) return { image, from: finding.definite ? 'nowhere' : 'unknown', error }
  const { config, manifestDigest, digest } = resolution
  // With PLATFORM, an index does not say which of its images the engine took.
  const digests = settings.platform === undefined ? [manifestDigest, digest] : [manifestDigest]
  const engine = await present
  const id = engine.byId([config.digest, ...digests]) ?? engine.byDigest(image.name, digests)
  return id === undefined
    ? { image, from: 'registry', resolution }
    : { image, from: 'engine', id, resolution }
}

const lookHere = async (
  image: ImageReference,
  settings: Settings,
  places: Places,
  { docker }: Tools,
): Promise<Located | undefined> => {
  const { present, store, platform } = places
  const engine = await present
  const named =
    image.digest === undefined
      ? engine.byTag(image.name, image.tag ?? 'latest')
      : engine.byDigest(image.name, [image.digest])
  const fits = async (each: string) =>
    settings.platform === undefined ||
    matchPlatform(settings.platform).matches(
      parsePlatform((await inspect(docker, each, places.config)).platform),
    )
  const id = named !== undefined && (await fits(named)) ? named : undefined
  // A damaged store is of no account for what the engine has.
  const stored = await store?.find(storedName(image), platform).catch((error: unknown) => {
    if (id === undefined) throw error
    return undefined
  })
  const meant = stored !== undefined && isMeant(image, stored) ? stored : undefined
  const same = meant && engine.byId([meant.config.digest, meant.manifest.digest])
  const found = id ?? same
  if (found !== undefined)
    return {
      image,
      from: 'engine',
      id: found,
      stored: found === same ? meant : undefined,
      digest: image.digest,
    }
  return meant && { image, from: 'store', stored: meant }
}

const isMeant = ({ digest }: ImageReference, stored: WholeImage) =>
  digest === undefined || [stored.digest, stored.manifest.digest].includes(digest)

const notHere = (image: ImageReference, { store }: Settings) =>
  new PipeError(
    'PKG-NOT-HERE',
    `${storedName(image)} is not in the engine${store === undefined ? '' : `, and not in ${store}`}.`,
    store === undefined
      ? {
          hint: 'Name the folder that an earlier step filled in STORE, or let the registry be asked: PULL_POLICY: missing.',
        }
      : {},
  )
