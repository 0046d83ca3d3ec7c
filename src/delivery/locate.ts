import type { EngineImages } from '../engine/listed.ts'
import { PipeError } from '../errors.ts'
import { matchPlatform } from '../image/match.ts'
import { type Platform, parsePlatform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Lookup } from '../lookup/lookup.ts'
import { noCredentials } from '../settings/credentials.ts'
import type { Settings } from '../settings/settings.ts'
import type { WholeImage } from '../store/archive.ts'
import type { Store } from '../store/store.ts'
import type { ImageSource } from './delivery.ts'
import { storedName } from './names.ts'
import type { Tools } from './tools.ts'

/** Where images can be, and what decides between these places. */
export interface Places extends Pick<Settings, 'pullPolicy'>, Pick<Tools, 'engine' | 'log'> {
  lookup: Lookup
  present: Promise<EngineImages>
  store: Store | undefined
  /** The platform that is wanted of a multi-platform image. */
  platform: () => Promise<Platform>
  /** PLATFORM, where the user named one. */
  chosen: Platform | undefined
}

/**
 * Decides by PULL_POLICY where an image is taken from. `always` asks the registry what the tag means, and takes
 * from the engine what is that; `missing` asks nobody for what engine or store has; `never` does not ask.
 */
export const locate = async (image: ImageReference, places: Places): Promise<ImageSource> => {
  const { pullPolicy, lookup, store, log } = places
  if (pullPolicy === 'always') return ask(image, places)
  const here = await lookHere(image, places).catch((error: unknown) => {
    if (!(error instanceof PipeError && error.code === 'PKG-INTEGRITY')) throw error
    if (pullPolicy === 'never') return { from: 'nowhere', error } as const
    log.warning(error.message)
    return undefined
  })
  if (here !== undefined) return here
  if (pullPolicy === 'never') return { from: 'nowhere', error: notHere(image, store) }
  if (lookup.credentials(image).length === 0) return { from: 'nowhere', error: noCredentials(image.domain) }
  return ask(image, places)
}

const ask = async (image: ImageReference, { lookup, present, chosen }: Places): Promise<ImageSource> => {
  const finding = await lookup.find(image)
  if (finding.error !== undefined)
    return { from: finding.definite ? 'nowhere' : 'unknown', error: finding.error }
  const { resolved } = finding
  const { config, manifestDigest, digest } = resolved
  // With PLATFORM, an index does not say which of its images the engine took.
  const digests = chosen === undefined ? [manifestDigest, digest] : [manifestDigest]
  const engine = await present
  const id = engine.byId([config.digest, ...digests]) ?? engine.byDigest(image.name, digests)
  return id === undefined ? { from: 'registry', resolved } : { from: 'engine', id, resolved }
}

const lookHere = async (
  image: ImageReference,
  { engine, present, store, platform, chosen }: Places,
): Promise<ImageSource | undefined> => {
  const images = await present
  const named =
    image.digest === undefined
      ? images.byTag(image.name, image.tag ?? 'latest')
      : images.byDigest(image.name, [image.digest])
  const fits = async (id: string) =>
    chosen === undefined ||
    matchPlatform(chosen).matches(parsePlatform((await engine.anonymous.inspect(id)).platform))
  const id = named !== undefined && (await fits(named)) ? named : undefined
  // A damaged store is of no account for what the engine has.
  const stored = await store?.find(storedName(image), platform).catch((error: unknown) => {
    if (id === undefined) throw error
    return undefined
  })
  const meant = stored !== undefined && isMeant(image, stored) ? stored : undefined
  const same = meant && images.byId([meant.config.digest, meant.manifest.digest])
  const found = id ?? same
  if (found !== undefined) return { from: 'engine', id: found, stored: found === same ? meant : undefined }
  return meant && { from: 'store', stored: meant }
}

const isMeant = ({ digest }: ImageReference, stored: WholeImage) =>
  digest === undefined || [stored.digest, stored.manifest.digest].includes(digest)

const notHere = (image: ImageReference, store: Store | undefined) =>
  new PipeError(
    'PKG-NOT-HERE',
    `${storedName(image)} is not in the engine${store === undefined ? '' : `, and not in ${store.folder}`}.`,
    store === undefined
      ? {
          hint: 'Name the folder that an earlier step filled in STORE, or let the registry be asked: PULL_POLICY: missing.',
        }
      : {},
  )
