import type { DeliveredImage } from './delivered.ts'
import type { Delivery } from './delivery/delivery.ts'
import { handOver } from './delivery/hand-over.ts'
import { judge } from './delivery/judge.ts'
import { locate, type Places } from './delivery/locate.ts'
import { createSignIns } from './delivery/sign-in.ts'
import type { Tools } from './delivery/tools.ts'
import { viaEngine } from './delivery/via-engine.ts'
import { asPipeError, PipeError } from './errors.ts'
import type { ImageReference } from './image/reference.ts'
import { createLookup } from './lookup/lookup.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { once } from './once.ts'
import { sizeOf } from './registry/describe.ts'
import type { Settings } from './settings/settings.ts'
import { openStore } from './store/store.ts'
import { count, seconds, size } from './units.ts'

/** The outcome of a run. */
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
 * Delivers the images into the step's engine: decides by PULL_POLICY where to take each one from, brings it through the
 * store if there is one, and has the engine pull the rest.
 */
export const deliverAll = async (settings: Settings, tools: Tools): Promise<Outcome> => {
  const { images, platform: chosen, pullPolicies, concurrency = CONCURRENCY } = settings
  const { engine, clients, log } = tools
  const signIns = createSignIns(settings, tools)
  const likely = likelyCredential(settings)
  if (likely !== undefined) signIns.expect(likely)
  const readOnly = pullPolicies.every((policy) => policy === 'never')
  const store =
    settings.store === undefined
      ? undefined
      : await openStore(settings.store, { readOnly, onAside: log.warning })
  try {
    const version = once(() => engine.anonymous.version())
    const wanted = async () => chosen ?? (await version()).platform
    const lookup = createLookup({ ...settings, clients, wanted })
    const listing = engine.anonymous.images()
    const places = { pullPolicies, engine, log, lookup, present: listing, store, wanted, chosen }
    const deliveries = await locateAll(images, places)
    // Ask for the engine's version in advance: it takes as long as a login, and judging these images will need it.
    if (chosen === undefined && deliveries.some(isToJudge)) version().catch(() => {})
    const present = await listing
    if (store !== undefined) await handOver(deliveries, { ...tools, store, lookup, present, pullPolicies })
    const isToRun = (image: ImageReference) => settings.run !== undefined && image === images[0]
    const fitting = { chosen, version, isToRun }
    const found = {
      signIns,
      lookup,
      present,
      store: settings.store,
      authRealmHosts: settings.authRealmHosts,
      counted: new Set<string>(),
    }
    await mapConcurrently(deliveries, concurrency, async (delivery) => {
      const isPulled = delivery.result === undefined
      delivery.result ??= await viaEngine(delivery, { ...tools, ...fitting, ...found }).catch(asPipeError)
      delivery.result = await judge(delivery, isPulled, { ...fitting, log })
    })
    return outcomeOf(deliveries)
  } finally {
    await signIns.close()
    await store?.close()
  }
}

// Without a store, the engine will most likely pull a private image, whatever the registry says of it.
const likelyCredential = ({ images, registry, builtIn, pullPolicies, store }: Settings) =>
  pullPolicies[0] === 'always' && store === undefined && images.some(({ domain }) => domain === registry)
    ? builtIn
    : undefined

const isToJudge = ({ source }: Delivery): boolean =>
  source.from !== 'nowhere' && !('resolved' in source && source.resolved?.platform !== undefined)

const locateAll = async (images: readonly ImageReference[], places: Places): Promise<Delivery[]> => {
  const started = performance.now()
  const [deliveries] = await Promise.all([
    Promise.all(
      images.map(async (image): Promise<Delivery> => {
        // An error while one image is located is that image's failure alone.
        const nowhere = (error: unknown) => ({ from: 'nowhere' as const, error: asPipeError(error) })
        return { image, source: await locate(image, places).catch(nowhere) }
      }),
    ),
    places.present,
  ])
  const resolved = deliveries.flatMap(({ source }) => ('resolved' in source && source.resolved) || [])
  if (resolved.length > 0) {
    const bytes = sizeOf(resolved.flatMap(({ config, layers }) => [config, ...layers]))
    const layers = new Set(resolved.flatMap((each) => each.layers.map(({ digest }) => digest)))
    places.log.info(
      `Found ${resolved.length} of ${deliveries.length} in the registry: ${size(bytes)} in ${layers.size} layers (${seconds(performance.now() - started)})`,
    )
  }
  return deliveries
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
