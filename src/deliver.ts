import { createPresent, type Present } from './engine/find.ts'
import { listImages } from './engine/images.ts'
import { type Engine, findEngine } from './engine/version.ts'
import { asPipeError, PipeError } from './errors.ts'
import { mapConcurrently } from './map-concurrently.ts'
import { count, seconds, size } from './report/log.ts'
import type { DeliveredImage } from './report/outputs.ts'
import type { Settings } from './settings/settings.ts'
import { openStore, type Store } from './store/store.ts'
import { adopt, deliveredImage } from './delivery/adopt.ts'
import { credentialsFor, explained } from './lookup/find.ts'
import { type Located, locate } from './delivery/locate.ts'
import { pullImage } from './delivery/pull.ts'
import { createSignIns, type SignIns } from './delivery/sign-in.ts'
import type { Tools } from './delivery/tools.ts'
import { viaStore } from './delivery/via-store.ts'

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
  const signIns = createSignIns(settings.registry, tools)
  const config = await signIns.configFor(undefined)
  const likely = likelyCredential(settings)
  if (likely !== undefined) signIns.expect(likely)
  const store = settings.store === undefined ? undefined : await openStore(settings.store)
  try {
    const { located, present } = await locateAll(settings, store, tools, config)
    const open =
      store === undefined ? located : await viaStore(located, store, settings, tools, present, config)
    const limit = settings.concurrency ?? CONCURRENCY
    const outcomes = await mapConcurrently(open, limit, async (each) =>
      'from' in each ? viaEngine(each, settings, signIns, tools, present, config) : each,
    )
    return outcomeOf(outcomes)
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

const locateAll = async (settings: Settings, store: Store | undefined, tools: Tools, config: string) => {
  const started = performance.now()
  const present = listImages(tools.docker, config).then(createPresent)
  const platform = onlyPlatform(settings, () => findEngine(tools.docker, config))
  const places = { present, store, platform, config }
  const [located] = await Promise.all([
    Promise.all(settings.images.map((image) => locate(image, settings, places, tools))),
    present,
  ])
  const resolutions = located.flatMap((each) => ('resolution' in each && each.resolution) || [])
  if (resolutions.length > 0) {
    const bytes = resolutions.reduce((sum, { compressedSize }) => sum + compressedSize, 0)
    const layers = resolutions.reduce((sum, each) => sum + each.layers.length, 0)
    tools.log.info(
      `Found ${resolutions.length} of ${located.length} in the registry: ${size(bytes)} in ${layers} layers (${seconds(performance.now() - started)})`,
    )
  }
  return { located, present: await present }
}

// Asked of the engine only where an image is for several platforms, and once.
const onlyPlatform = (settings: Settings, askEngine: () => Promise<Engine>) => {
  let engine: Promise<Engine> | undefined
  return async () => {
    if (settings.platform !== undefined) return settings.platform
    engine ??= askEngine()
    return (await engine).platform
  }
}

const viaEngine = async (
  located: Located,
  settings: Settings,
  signIns: SignIns,
  tools: Tools,
  present: Present,
  config: string,
): Promise<DeliveredImage | PipeError> => {
  if (located.from === 'nowhere') return located.error
  const started = performance.now()
  if (located.from === 'engine') {
    const named = await adopt(located, present, tools, config).catch(asPipeError)
    return named instanceof PipeError ? named : deliveredImage({ located, kept: undefined, started }, named)
  }
  if (located.from === 'unknown') warnOfUnknown(located, settings, tools)
  // Of a store that this step may only read, the engine pulls what is damaged.
  const image = located.from === 'store' ? { ...located.image, digest: located.stored.digest } : located.image
  const resolution = located.from === 'registry' ? located.resolution : undefined
  const credential = resolution === undefined ? credentialsFor(image, settings)[0] : resolution.credential
  const platformChosen = settings.platform !== undefined
  try {
    const withLogin = await signIns.configFor(credential)
    return await pullImage(image, { resolution, credential, config: withLogin, platformChosen }, tools)
  } catch (failure) {
    return explained([{ credential, error: asPipeError(failure) }], image, settings)
  }
}

const warnOfUnknown = (
  { image, error }: Extract<Located, { from: 'unknown' }>,
  { store }: Settings,
  { log }: Tools,
) => {
  const said = error.said === undefined ? '' : ` (${error.said})`
  const kept = store === undefined ? '' : `; it will not be in ${store}`
  log.warning(`${image.name} could not be looked up, the engine will try${kept}: ${error.message}${said}`)
}

const outcomeOf = (outcomes: ReadonlyArray<DeliveredImage | PipeError>): Outcome => {
  const images = outcomes.map((outcome) => (outcome instanceof PipeError ? null : outcome))
  const errors = outcomes.filter((outcome) => outcome instanceof PipeError)
  const summary =
    errors.length === 0
      ? `${count(images.length)} in the step's engine`
      : `${images.length - errors.length} of ${count(images.length)} delivered`
  return { images, errors, summary }
}
