import { asPipeError, type PipeError } from '../errors.ts'
import type { Clients } from '../lookup/clients.ts'
import { nextMayRead } from '../lookup/credentials.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { createSweeper } from '../memory.ts'
import { withHeartbeat } from '../report/heartbeat.ts'
import { freeSpace, noSpace } from '../store/disk.ts'
import { type Fetched, fetchBlob, type OpenBlob } from '../store/fetch.ts'
import type { Store } from '../store/store.ts'
import { size } from '../units.ts'
import type { Missing } from './missing.ts'
import type { StoreRequest } from './store-request.ts'
import type { Tools } from './tools.ts'

/** How it went with each blob, by digest. */
export type Fetches = ReadonlyMap<string, Fetched | PipeError>

// More connections than this bring no more bytes, and the registry may count them.
const CONNECTIONS = 4

/** Fetches blobs into a store, some at a time. Images that the disk has no space for are not begun. */
export const fetchAll = async (
  missing: readonly Missing[],
  { folder, claim }: Store,
  { clients, log, retrying }: Pick<Tools, 'clients' | 'log' | 'retrying'>,
): Promise<Fetches> => {
  const results = new Map<string, Fetched | PipeError>()
  if (claim === undefined || missing.length === 0) return results
  const fitting = await withinSpace(missing, folder, results)
  const bytes = bytesOf(fitting)
  let arrived = 0
  const sweep = createSweeper()
  const onBytes = (more: number) => {
    arrived += more
    sweep(more)
  }
  // The largest first, so that no long one is alone at the end.
  const order = [...fitting].sort((a, b) => b.blob.size - a.blob.size)
  const line = () => `Fetched ${size(arrived)} of ${size(bytes)}`
  await withHeartbeat(log, line, () =>
    mapConcurrently(order, CONNECTIONS, async ({ blob, by }) => {
      const result = fetchBlob(blob, openWith(by, clients), { folder, claim, retrying, onBytes })
      results.set(blob.digest, await result.catch(asPipeError))
    }),
  )
  return results
}

const bytesOf = (missing: readonly Missing[]) => missing.reduce((sum, { blob }) => sum + blob.size, 0)

/** What is of the images that fit, in their order; the others get PKG-DISK-FULL as the result of their blobs. */
const withinSpace = async (
  missing: readonly Missing[],
  folder: string,
  results: Map<string, Fetched | PipeError>,
): Promise<Missing[]> => {
  let free = await freeSpace(folder)
  return [...Map.groupBy(missing, ({ by }) => by).values()].flatMap((ofOne) => {
    const needed = bytesOf(ofOne)
    if (needed <= free) {
      free -= needed
      return ofOne
    }
    for (const { blob } of ofOne) results.set(blob.digest, noSpace(folder, { needed, free }))
    return []
  })
}

const openWith =
  ({ image, credentials }: StoreRequest, clients: Clients): OpenBlob =>
  async (digest, options) => {
    let refused: PipeError | undefined
    for (const credential of credentials) {
      try {
        return await clients.get(image.domain, credential).blob(image.path, digest, options)
      } catch (error) {
        if (!nextMayRead(error)) throw error
        refused ??= error
      }
    }
    throw refused ?? new TypeError(`There is no way to ask for ${digest}.`)
  }
