import type { DeliveredImage } from './delivered.ts'
import { adopt, adopted } from './delivery/adopt.ts'
import type { Delivery } from './delivery/delivery.ts'
import { handOver } from './delivery/hand-over.ts'
import { locate, type Places } from './delivery/locate.ts'
import { pullImage } from './delivery/pull.ts'
import { createSignIns, type SignIns } from './delivery/sign-in.ts'
import type { Tools } from './delivery/tools.ts'
import type { Logins } from './engine/engine.ts'
import type { EngineImages } from './engine/listed.ts'
import { asPipeError, PipeError } from './errors.ts'
import type { Platform } from './image/platform.ts'
import type { ImageReference } from './image/reference.ts'
import { createLookup } from './lookup/lookup.ts'
import { mapConcurrently } from './map-concurrently.ts'
import type { Settings } from './settings/settings.ts'
import { openStore } from './store/store.ts'
import { count, seconds, size } from './units.ts'

/** What a run came to. */
export interface Outcome {
  /** The images in the order in which they were asked for; null where one is not in the engine. */
  images: ReadonlyArray<DeliveredImage | null>
  errors: readonly PipeError[]
  /** For the last line of the log. */
  summary: string
}

// More at a time gains nothing: the engine itself downloads three layers at a time.
const CONCURRENCY = 3

/**
 * Delivers the images into the step's engine: decide by PULL_POLICY where each one is taken from, bring it there by
 * way of the store where there is one, and have the engine pull the rest.
 */
export const deliverAll = async (settings: Settings, tools: Tools): Promise<Outcome> => {
  const { images, registry, platform: chosen, pullPolicy, concurrency = CONCURRENCY } = settings
  const { engine, clients, log } = tools
  const signIns = createSignIns(registry, tools)
  const likely = likelyCredential(settings)
  if (likely !== undefined) signIns.expect(likely)
  const store = settings.store === undefined ? undefined : await openStore(settings.store)
  try {
    const platform = wantedPlatform(chosen, engine)
    const lookup = createLookup({ ...settings, clients, platform })
    const listing = engine.anonymous.images()
    const places = { pullPolicy, engine, log, lookup, present: listing, store, platform, chosen }
    const deliveries = await locateAll(images, places)
    const present = await listing
    if (store !== undefined) await handOver(deliveries, { ...tools, store, lookup, present, pullPolicy })
    const around = {
      ...tools,
      signIns,
      lookup,
      present,
      store: settings.store,
      platformChosen: chosen !== undefined,
      counted: new Set<string>(),
    }
    const open = deliveries.filter(({ result }) => result === undefined)
    await mapConcurrently(open, concurrency, async (delivery) => {
      delivery.result = await viaEngine(delivery, around).catch(asPipeError)
    })
    return outcomeOf(deliveries)
  } finally {
    await signIns.close()
    await store?.close()
  }
}

// Without a store, whatever the registry says of a private image, the engine will most likely pull it.
const likelyCredential = ({ images, registry, builtIn, pullPolicy, store }: Settings) =>
  pullPolicy === 'always' && store === undefined && images.some(({ domain }) => domain === registry)
    ? builtIn
    : undefined

// Asked of the engine only where an image is for several platforms, and once.
const wantedPlatform = (chosen: Platform | undefined, { anonymous }: Logins) => {
  let asked: Promise<Platform> | undefined
  return async () => {
    if (chosen !== undefined) return chosen
    asked ??= anonymous.version().then(({ platform }) => platform)
    return asked
  }
}

const locateAll = async (images: readonly ImageReference[], places: Places): Promise<Delivery[]> => {
  const started = performance.now()
  const [deliveries] = await Promise.all([
    Promise.all(images.map(async (image) => ({ image, source: await locate(image, places) }))),
    places.present,
  ])
  const resolved = deliveries.flatMap(({ source }) => ('resolved' in source && source.resolved) || [])
  if (resolved.length > 0) {
    const bytes = resolved.reduce((sum, { compressedSize }) => sum + compressedSize, 0)
    const layers = resolved.reduce((sum, each) => sum + each.layers.length, 0)
    places.log.info(
      `Found ${resolved.length} of ${deliveries.length} in the registry: ${size(bytes)} in ${layers} layers (${seconds(performance.now() - started)})`,
    )
  }
  return deliveries
}

interface Around extends Tools, Pick<Places, 'lookup'> {
  signIns: SignIns
  present: EngineImages
  /** The folder of STORE. */
  store: string | undefined
  /** Whether the user named the platform. */
  platformChosen: boolean
  /** See `pullImage`. */
  counted: Set<string>
}

const viaEngine = async (
  { image, source }: Delivery,
  around: Around,
): Promise<DeliveredImage | PipeError> => {
  const { signIns, lookup, platformChosen, counted } = around
  if (source.from === 'nowhere') return source.error
  if (source.from === 'engine') {
    const started = performance.now()
    return adopted(image, source, { named: await adopt(image, source, around), started })
  }
  if (source.from === 'unknown') warnOfUnknown(image, source.error, around)
  // If the store can only be read here, let the engine pull what is damaged in it.
  const meant = source.from === 'store' ? { ...image, digest: source.stored.digest } : image
  const resolved = source.from === 'registry' ? source.resolved : undefined
  const credential = resolved === undefined ? lookup.credentials(image)[0] : resolved.credential
  try {
    const engine = await signIns.engineFor(credential)
    return await pullImage(meant, { resolved, credential, engine, platformChosen, counted }, around)
  } catch (failure) {
    return lookup.explain([{ credential, error: asPipeError(failure) }], image)
  }
}

const warnOfUnknown = (image: ImageReference, error: PipeError, { store, log }: Around) => {
  const said = error.said === undefined ? '' : ` (${error.said})`
  const kept = store === undefined ? '' : `; it will not be in ${store}`
  log.warning(`${image.name} could not be looked up, the engine will try${kept}: ${error.message}${said}`)
}

const outcomeOf = (deliveries: readonly Delivery[]): Outcome => {
  const results = deliveries.flatMap(({ result }) => result ?? [])
  const images = results.map((result) => (result instanceof PipeError ? null : result))
  const errors = results.filter((result) => result instanceof PipeError)
  const summary =
    errors.length === 0
      ? `${count(images.length)} in the step's engine`
      : `${images.length - errors.length} of ${count(images.length)} delivered`
  return { images, errors, summary }
}
