import type { Present } from '../engine/find.ts'
import { asPipeError, PipeError } from '../errors.ts'
import type { DeliveredImage } from '../report/outputs.ts'
import type { Settings } from '../settings/settings.ts'
import type { Store } from '../store/store.ts'
import { adopt, deliveredImage, type Ready } from './adopt.ts'
import { credentialsFor, explained } from '../lookup/find.ts'
import { type Kept, keepAll } from './keep.ts'
import { loadAll } from './load.ts'
import type { Located } from './locate.ts'
import { localName } from './names.ts'
import type { Tools } from './tools.ts'
import { type Wanted, wholeOf } from './wanted.ts'

/** Images of the same run, in their order; what the store has nothing to do with stays as it was located. */
type Outcomes = Array<Located | DeliveredImage | PipeError>

/**
 * Brings images into the store and from there into the engine: one round of transfers, one `docker load`. An image
 * that the store cannot take in, because this step may only read it, is left to the engine.
 */
export const viaStore = async (
  located: readonly Located[],
  store: Store,
  settings: Settings,
  tools: Tools,
  present: Present,
  config: string,
): Promise<Outcomes> => {
  const started = performance.now()
  const wanted = located.map((each) => wantedOf(each, settings))
  const asked = wanted.filter((each) => each !== undefined)
  // What the engine has gets its name while the store gets its blobs.
  const naming = located.map((each) =>
    each.from === 'engine' ? adopt(each, present, tools, config).catch(asPipeError) : undefined,
  )
  const answers = await keepAll(asked, store, tools)
  const kept = new Map(asked.map((each, index) => [each, answers[index]]))

  const loads: Array<{ ready: Ready; kept: Kept; index: number }> = []
  const outcomes = await Promise.all(
    located.map(async (each, index): Promise<Located | DeliveredImage | PipeError> => {
      warnOfAbsent(each, store, tools)
      const want = wanted[index]
      const named = await naming[index]
      if (named instanceof PipeError) return named
      const answer = want && kept.get(want)
      if (each.from === 'unknown' || each.from === 'nowhere') return each
      if (want === undefined || answer === undefined)
        return named === undefined ? each : deliveredImage({ located: each, kept: undefined, started }, named)
      if (answer instanceof PipeError) {
        const credential = want.credentials[0]
        return readOnly(explained([{ credential, error: answer }], each.image, settings), each, store, tools)
      }
      const ready = { located: each, kept: answer, started }
      if (named !== undefined) return deliveredImage(ready, named)
      loads.push({ ready, kept: answer, index })
      return each
    }),
  )

  const images = loads.map(({ kept: { whole } }) => whole)
  const loaded = await loadAll(images, store, tools, config).catch(asPipeError)
  for (const [order, { ready, index }] of loads.entries()) {
    const found = loaded instanceof PipeError ? loaded : loaded[order]
    if (found === undefined) continue
    outcomes[index] =
      found instanceof PipeError
        ? found
        : deliveredImage(ready, { found, name: localName(ready.located.image) })
  }
  return outcomes
}

const wantedOf = (located: Located, settings: Settings): Wanted | undefined => {
  const { image } = located
  if (located.from === 'store') {
    const credentials = settings.pullPolicy === 'never' ? [] : credentialsFor(image, settings)
    return { image, whole: located.stored, described: new Map(), loaded: true, credentials }
  }
  if (located.from === 'nowhere' || located.from === 'unknown' || located.resolution === undefined)
    return undefined
  const { resolution } = located
  return {
    image,
    whole: wholeOf(image, resolution),
    described: new Map([
      ...(resolution.index === undefined ? [] : [[resolution.digest, resolution.index] as const]),
      [resolution.manifestDigest, resolution.manifest.bytes],
    ]),
    loaded: located.from !== 'engine',
    credentials: [resolution.credential],
  }
}

// Nothing is asked of the registry for what the engine has, so the store does not get it either.
const warnOfAbsent = (located: Located, { shown }: Store, { log }: Tools) => {
  if (located.from !== 'engine' || located.resolution !== undefined || located.stored !== undefined) return
  log.warning(
    `${localName(located.image)} is in the engine and not in ${shown}; PULL_POLICY: always puts it there`,
  )
}

const readOnly = (error: PipeError, located: Located, { shown }: Store, { log }: Tools) => {
  if (error.code !== 'PKG-STORE') return error
  log.warning(`${located.image.name} is not kept in ${shown}: ${error.message} ${error.why}`)
  return located
}
