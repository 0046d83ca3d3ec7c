import type { EngineImage } from '../engine/images.ts'
import type { EngineImages } from '../engine/listed.ts'
import { type Code, PipeError } from '../errors.ts'
import { isSamePlatform, matchPlatform } from '../image/match.ts'
import type { Platform } from '../image/platform.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Lookup } from '../lookup/lookup.ts'
import type { Resolved } from '../lookup/resolve.ts'
import { noCredentials } from '../settings/credentials.ts'
import type { PullPolicy, Settings } from '../settings/settings.ts'
import type { WholeImage } from '../store/archive.ts'
import type { Store } from '../store/store.ts'
import type { ImageSource } from './delivery.ts'
import { mayRun, platformFrom } from './fit.ts'
import { storedName } from './names.ts'
import type { Tools } from './tools.ts'

/** Where images can be, and what decides between these places. */
export interface Places extends Pick<Settings, 'pullPolicies'>, Pick<Tools, 'engine' | 'log'> {
  lookup: Lookup
  present: Promise<EngineImages>
  store: Store | undefined
  /** The platform to take from a multi-platform image: PLATFORM, else the engine's. */
  wanted: () => Promise<Platform>
  /** Whether the registry was asked for the image, without an answer. */
  isAsked?: boolean
  /** PLATFORM, if the user named one. */
  chosen: Platform | undefined
}

/**
 * Decides by PULL_POLICY where an image is taken from. `always` asks the registry what the tag means, and takes that
 * image from the engine if it is there; `missing` asks for it only if neither engine nor store has the image, and else
 * whether this step may read what is in the engine; `never` does not ask. Of several, the next is tried where the one
 * before found nothing here, or the registry gave no answer about the image.
 */
export const locate = async (image: ImageReference, places: Places): Promise<ImageSource> => {
  const { pullPolicies, log } = places
  const [first = 'always', ...others] = pullPolicies
  const source = await locateBy(first, image, places)
  if (!isOpen(source)) return source
  for (const policy of others) {
    const next = await locateBy(policy, image, { ...places, isAsked: pullPolicies.includes('always') })
    if (next.from === 'nowhere' || next.from === 'unknown') continue
    const { message, said } = source.error
    log.warning(
      `${storedName(image)} is taken as PULL_POLICY: ${policy} finds it, and may be an older one: ${message}${said === undefined ? '' : ` (${said})`}`,
    )
    return next
  }
  if (source.from === 'nowhere' || pullPolicies.includes('missing')) return source
  const here = await lookHere(image, 'missing', places).catch(() => undefined)
  return { ...source, isHere: here !== undefined }
}

type Open = Extract<ImageSource, { from: 'nowhere' | 'unknown' }>

// A refusal is an answer; that the image is not here, and that the registry cannot tell now, are none.
const isOpen = (source: ImageSource): source is Open =>
  source.from === 'unknown' ||
  (source.from === 'nowhere' && ['PKG-NOT-HERE', 'PKG-RATE-LIMIT'].includes(source.error.code))

const locateBy = async (policy: PullPolicy, image: ImageReference, places: Places): Promise<ImageSource> => {
  const { lookup, store, log } = places
  if (policy === 'always') return ask(image, places)
  const here = await lookHere(image, policy, places).catch((error: unknown) => {
    if (!(error instanceof PipeError && NO_IMAGE.includes(error.code))) throw error
    if (policy === 'never') return { from: 'nowhere', error } as const
    log.warning(error.message)
    return undefined
  })
  if (here !== undefined) return (policy === 'missing' && (await refusalOf(image, here, places))) || here
  if (policy === 'never') return { from: 'nowhere', error: notHere(image, store) }
  if (lookup.credentials(image).length === 0) return { from: 'nowhere', error: noCredentials(image.domain) }
  return ask(image, places)
}

// An engine that outlives the step has images of other repositories too. What the step carries itself is its own.
const refusalOf = async (
  image: ImageReference,
  here: ImageSource,
  places: Places,
): Promise<ImageSource | undefined> => {
  const { lookup, log, isAsked = false } = places
  const isOwn = here.from !== 'engine' || here.stored !== undefined
  if (isOwn || isAsked || lookup.credentials(image).includes(undefined)) return undefined
  const unproved = (why: string) => {
    log.warning(
      `${storedName(image)} is taken from the engine without proof that this step may read it: ${why}`,
    )
    return undefined
  }
  if (lookup.credentials(image).length === 0)
    return unproved('there are no credentials to ask the registry with.')
  const failure = await lookup.mayRead(image)
  if (failure === undefined) return undefined
  // An answer to HEAD has no words; the one to GET has, and is the last word.
  const source = isOpenToAsk(failure)
    ? await ask(image, places)
    : ({ from: 'unknown', error: failure } as const)
  if (!('error' in source)) return undefined
  const { code, message, said } = source.error
  if (source.from === 'nowhere' && REFUSED.includes(code)) return source
  return unproved(`${message}${said === undefined ? '' : ` (${said})`}`)
}

const isOpenToAsk = ({ code, unclear }: PipeError): boolean =>
  unclear || REFUSED.includes(code) || code === 'PKG-NOT-A-REGISTRY'

const REFUSED: readonly Code[] = [
  'PKG-AUTH-REFUSED',
  'PKG-ACCESS-DENIED',
  'PKG-PACKAGE-UNKNOWN',
  'PKG-TAG-UNKNOWN',
  'PKG-DIGEST-UNKNOWN',
]

// The store lists the image, but it is damaged, or something else than an image.
const NO_IMAGE: readonly Code[] = ['PKG-INTEGRITY', 'PKG-MANIFEST', 'PKG-SCHEMA1']

const ask = async (image: ImageReference, places: Places): Promise<ImageSource> => {
  const { lookup, present } = places
  const finding = await lookup.find(image)
  if (finding.error !== undefined)
    return { from: finding.definite ? 'nowhere' : 'unknown', error: finding.error }
  const { resolved } = finding
  const { config, manifestDigest, digest } = resolved
  const engine = await present
  const id = engine.byId([config.digest, manifestDigest]) ?? engine.byDigest(image.name, [manifestDigest])
  if (id !== undefined) return { from: 'engine', id, resolved }
  const found = await ofIndex(
    engine.byId([digest]) ?? engine.byDigest(image.name, [digest]),
    resolved,
    places,
  )
  return found === undefined
    ? { from: 'registry', resolved }
    : { from: 'engine', id: found.id, found, resolved }
}

// The digest of an index does not say which of its images the engine took; the platform does.
const ofIndex = async (
  id: string | undefined,
  { platform }: Resolved,
  { engine }: Places,
): Promise<EngineImage | undefined> => {
  if (id === undefined || platform === undefined) return undefined
  const found = await engine.anonymous.inspect(id).catch(() => undefined)
  const its = found && platformFrom(found.platform)
  return its !== undefined && isSamePlatform(its, platform) ? found : undefined
}

const lookHere = async (
  image: ImageReference,
  policy: PullPolicy,
  places: Places,
): Promise<ImageSource | undefined> => {
  const { present, store, wanted } = places
  const images = await present
  const named =
    image.digest === undefined
      ? images.byTag(image.name, image.tag ?? 'latest')
      : images.byDigest(image.name, [image.digest])
  const fitting = named === undefined ? undefined : await fittingImage(named, policy, places)
  // If the engine has the image, a damaged store does not matter.
  const stored = await store?.find(storedName(image), wanted).catch((error: unknown) => {
    if (fitting === undefined) throw error
    return undefined
  })
  const meant = stored !== undefined && isMeant(image, stored) ? stored : undefined
  const same = meant && images.byId([meant.config.digest, meant.manifest.digest])
  const id = fitting?.id ?? same
  if (id !== undefined) return { from: 'engine', id, found: fitting, stored: id === same ? meant : undefined }
  return meant && { from: 'store', stored: meant }
}

// In the engine, a tag or the digest of an index may name an image of another platform. If the registry must not be
// asked for the right one, only PLATFORM counts.
const fittingImage = async (
  id: string,
  policy: PullPolicy,
  { engine, wanted, chosen }: Places,
): Promise<EngineImage | undefined> => {
  const found = await engine.anonymous.inspect(id)
  const platform = platformFrom(found.platform)
  if (platform === undefined || (chosen === undefined && policy === 'never')) return found
  const fits =
    chosen === undefined ? mayRun(await wanted(), platform) : matchPlatform(chosen).matches(platform)
  return fits ? found : undefined
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
