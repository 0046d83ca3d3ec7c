import { asPipeError, PipeError } from '../errors.ts'
import { blobsOf, type WholeImage } from '../store/archive.ts'
import { configurationOf, measured } from '../store/contents.ts'
import { diskError } from '../store/disk.ts'
import type { Store } from '../store/store.ts'
import { seconds, size } from '../units.ts'
import { warnOfSize } from './carried-size.ts'
import { type Fetches, fetchAll } from './fetch-all.ts'
import { layersFault } from './fit.ts'
import { type Missing, missingBlobs, unfetchable, unusable } from './missing.ts'
import { tooLarge } from './space.ts'
import type { StoreRequest } from './store-request.ts'
import type { Tools } from './tools.ts'

/** An image that the store has. */
export interface Kept {
  whole: WholeImage
  /** Bytes that came from the registry for it; a blob that several images share counts for the first of them. */
  transferred: number
  /** The most attempts that one of its blobs took; 0 if none was fetched. */
  attempts: number
}

/** The result for each image. */
type Results = Map<StoreRequest, Kept | PipeError>

/**
 * Brings the missing and damaged blobs of some images into a store, each blob once, and lists the images there. Bytes
 * that go to the engine are hashed first, unless they have just arrived. What fails for one image fails for that image
 * alone; PKG-STORE if the store can only be read and something is missing.
 */
export const keepAll = async (
  requests: readonly StoreRequest[],
  store: Store,
  tools: Pick<Tools, 'clients' | 'log' | 'retrying'>,
): Promise<Results> => {
  const started = performance.now()
  const { log } = tools
  const results: Results = new Map()
  /** The images that have no error; the others get it as their result. */
  const without = (
    some: readonly StoreRequest[],
    errorOf: (request: StoreRequest) => PipeError | undefined,
  ) =>
    some.filter((request) => {
      const error = errorOf(request)
      if (error !== undefined) results.set(request, error)
      return error === undefined
    })

  let open = without(requests, unusable)
  const missing = await missingBlobs(open, store, { log, signal: tools.retrying.clock.signal })
  open = without(open, (request) => unfetchable(request, missing, store))
  const large = await tooLarge(open, missing, store)
  open = without(open, (request) => large.get(request))
  warnOfSize(await store.predict(open.map(({ whole }) => whole)), log)
  const fetches = await fetchAll(open, missing, { ...tools, store })
  for (const request of open) results.set(request, await settled(request, { missing, store, fetches }))
  await list(results, store, log)
  const bytes = keptOf(results).reduce((sum, [, { transferred }]) => sum + transferred, 0)
  if (bytes > 0)
    log.info(`Fetched ${size(bytes)} into ${store.shown} (${seconds(performance.now() - started)})`)
  return results
}

interface Round {
  missing: ReadonlyMap<string, Missing>
  store: Store
  fetches: Fetches
}

const settled = async (
  request: StoreRequest,
  { missing, store, fetches }: Round,
): Promise<Kept | PipeError> => {
  let transferred = 0
  let attempts = 0
  for (const digest of new Set(blobsOf(request.whole).map((blob) => blob.digest))) {
    const fetched = fetches.get(digest)
    if (fetched instanceof PipeError) return fetched
    attempts = Math.max(attempts, fetched?.attempts ?? 0)
    if (missing.get(digest)?.by[0] === request) transferred += fetched?.transferred ?? 0
  }
  try {
    const whole = await measured(store.folder, request.whole)
    const configuration = await configurationOf(store.folder, whole)
    const fault = configuration && layersFault(whole.reference, whole.layers, configuration)
    // An index may say less of the platform, and not every image is in one.
    return fault ?? { whole: { ...whole, platform: configuration?.platform }, transferred, attempts }
  } catch (error) {
    return asPipeError(diskError(error, store.folder))
  }
}

const keptOf = (results: Results) =>
  [...results].filter((entry): entry is [StoreRequest, Kept] => !(entry[1] instanceof PipeError))

// An image that cannot be listed is not kept, even if all of its blobs are there.
const list = async (results: Results, store: Store, log: Tools['log']) => {
  const kept = keptOf(results)
  if (!store.writable || kept.length === 0) return
  try {
    const unread = await store.keep(kept.map(([, { whole }]) => whole))
    for (const digest of unread)
      log.warning(
        `${store.shown} lists ${digest}, which cannot be read here; as long as it does, no blob is removed from it.`,
      )
  } catch (error) {
    for (const [request] of kept) results.set(request, asPipeError(error))
  }
}
