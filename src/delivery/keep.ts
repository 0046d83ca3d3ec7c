import { asPipeError, PipeError } from '../errors.ts'
import { blobsOf, type WholeImage } from '../store/archive.ts'
import { configuredPlatform } from '../store/contents.ts'
import type { Store } from '../store/store.ts'
import { seconds, size } from '../units.ts'
import { warnOfSize } from './carried-size.ts'
import { type Fetches, fetchAll } from './fetch-all.ts'
import { type Missing, missingBlobs, unfetchable, unusable } from './missing.ts'
import type { StoreRequest } from './store-request.ts'
import type { Tools } from './tools.ts'

/** An image that the store has. */
export interface Kept {
  whole: WholeImage
  /** Bytes that came from the registry for it; a blob that several images share counts for the first of them. */
  transferred: number
  /** How often the blob with most trouble was asked for; 0 where nothing had to be. */
  attempts: number
}

/**
 * Brings into a store whatever of some images is not there or is damaged, each blob once, and lists them there.
 * Bytes that go to the engine are hashed first, unless they have just arrived.
 *
 * @returns for each image how it went; PKG-STORE where the store can only be read and something is missing
 */
export const keepAll = async (
  requests: readonly StoreRequest[],
  store: Store,
  tools: Pick<Tools, 'clients' | 'log' | 'retrying'>,
): Promise<Map<StoreRequest, Kept | PipeError>> => {
  const started = performance.now()
  const { log } = tools
  const results = new Map<StoreRequest, Kept | PipeError>()
  const usable = requests.filter((request) => {
    const error = unusable(request)
    if (error !== undefined) results.set(request, error)
    return error === undefined
  })
  await store.claim?.add(
    usable.flatMap(({ whole, described }) => [
      ...described.keys(),
      ...blobsOf(whole).map(({ digest }) => digest),
    ]),
  )
  const missing = await missingBlobs(usable, store, log)
  warnOfSize(await store.predict(usable.map(({ whole }) => whole)), log)
  const fetches = await fetchAll(
    [...missing.values()].filter(({ by }) => unfetchable(by, missing, store) === undefined),
    store,
    tools,
  )
  for (const request of usable) results.set(request, await settled(request, { missing, store, fetches }))
  await list(results, store)
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
  const refused = unfetchable(request, missing, store)
  if (refused !== undefined) return refused
  let transferred = 0
  let attempts = 0
  for (const { digest } of blobsOf(request.whole)) {
    const fetched = fetches.get(digest)
    if (fetched instanceof PipeError) return fetched
    attempts = Math.max(attempts, fetched?.attempts ?? 0)
    if (missing.get(digest)?.by === request) transferred += fetched?.transferred ?? 0
  }
  try {
    const platform = await configuredPlatform(store.folder, request.whole)
    return { whole: { ...request.whole, platform }, transferred, attempts }
  } catch (error) {
    return asPipeError(error)
  }
}

const keptOf = (results: ReadonlyMap<StoreRequest, Kept | PipeError>) =>
  [...results].filter((entry): entry is [StoreRequest, Kept] => !(entry[1] instanceof PipeError))

// An image that cannot be listed is not kept, whatever blobs of it are there.
const list = async (results: Map<StoreRequest, Kept | PipeError>, store: Store) => {
  const kept = keptOf(results)
  if (store.claim === undefined || kept.length === 0) return
  try {
    await store.keep(kept.map(([, { whole }]) => whole))
  } catch (error) {
    for (const [request] of kept) results.set(request, asPipeError(error))
  }
}
