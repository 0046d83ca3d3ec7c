import { asPipeError, type PipeError } from '../errors.ts'
import { nextMayRead } from '../lookup/credentials.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { createSweeper } from '../memory.ts'
import { withHeartbeat } from '../report/heartbeat.ts'
import { type Fetched, fetchBlob, type OpenBlob } from '../store/fetch.ts'
import type { Store } from '../store/store.ts'
import { size } from '../units.ts'
import { absentPart, isAbsent } from './absent-part.ts'
import type { Missing } from './missing.ts'
import type { StoreRequest } from './store-request.ts'
import type { Tools } from './tools.ts'

/** The result for each blob, by digest. */
export type Fetches = ReadonlyMap<string, Fetched | PipeError>

interface Around extends Pick<Tools, 'clients' | 'log' | 'retrying'> {
  store: Store
}

// More connections than this bring no more bytes, and the registry may count them.
const CONNECTIONS = 4

/** Fetches the blobs of some images that a store lacks, a few at a time. */
export const fetchAll = async (
  requests: readonly StoreRequest[],
  missing: ReadonlyMap<string, Missing>,
  { clients, log, retrying, store: { folder, writable } }: Around,
): Promise<Fetches> => {
  const results = new Map<string, Fetched | PipeError>()
  const wanted = [...missing.values()]
    .map(({ blob, by }) => ({ blob, by: by.filter((request) => requests.includes(request)) }))
    .filter(({ by }) => by.length > 0)
  if (!writable || wanted.length === 0) return results
  const bytes = wanted.reduce((sum, { blob }) => sum + blob.size, 0)
  let arrived = 0
  const sweep = createSweeper()
  const onBytes = (more: number) => {
    arrived += more
    sweep(more)
  }
  // The largest first, so that no long one is alone at the end.
  const order = wanted.sort((a, b) => b.blob.size - a.blob.size)
  const line = () => `Fetched ${size(arrived)} of ${size(bytes)}`
  await withHeartbeat(log, line, () =>
    mapConcurrently(order, CONNECTIONS, async ({ blob, by }) => {
      const result = fetchBlob(blob, openWith(by, clients), { folder, retrying, onBytes })
      results.set(blob.digest, await result.catch((error) => absentPart(asPipeError(error))))
    }),
  )
  return results
}

/** Asks for a blob by every image that needs it, with every credential of each, until one may read it. */
const openWith =
  (by: readonly StoreRequest[], clients: Tools['clients']): OpenBlob =>
  async (digest, options) => {
    let refused: PipeError | undefined
    for (const { image, credentials } of by)
      for (const credential of credentials)
        try {
          return await clients.get(image.domain, credential).blob(image.path, digest, options)
        } catch (error) {
          if (!nextMayRead(error) && !isAbsent(error)) throw error
          refused ??= error
        }
    throw refused ?? new TypeError(`There is no way to ask for ${digest}.`)
  }
