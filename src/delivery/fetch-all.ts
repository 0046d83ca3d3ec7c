import { asPipeError, PipeError } from '../errors.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { createSweeper } from '../memory.ts'
import { size } from '../report/log.ts'
import { checkSpace } from '../store/disk.ts'
import { type Fetched, fetchBlob, type OpenBlob } from '../store/fetch.ts'
import type { Claim } from '../store/lock.ts'
import type { Blob } from '../store/verify.ts'
import type { Clients } from '../lookup/clients.ts'
import { TRY_NEXT } from '../lookup/resolve.ts'
import type { Tools } from './tools.ts'
import type { Wanted } from './wanted.ts'

/** A blob that a store lacks. */
export interface Missing {
  blob: Blob
  state: 'absent' | 'damaged'
  /** The first image that needs it. */
  by: Wanted
}

// More connections than this bring no more bytes, and the registry may count them.
const CONNECTIONS = 4
const HEARTBEAT = 20_000

/**
 * Fetches blobs into a store, some at a time.
 *
 * @returns by digest how it went
 */
export const fetchAll = async (
  missing: readonly Missing[],
  folder: string,
  claim: Claim,
  { clients, log, retrying }: Tools,
): Promise<Map<string, Fetched | PipeError>> => {
  const bytes = missing.reduce((sum, { blob }) => sum + blob.size, 0)
  await checkSpace(folder, bytes)
  let arrived = 0
  const sweep = createSweeper()
  const onBytes = (more: number) => {
    arrived += more
    sweep(more)
  }
  const heartbeat = setInterval(() => log.info(`Fetched ${size(arrived)} of ${size(bytes)}`), HEARTBEAT)
  // The largest first, so that no long one is alone at the end.
  const order = [...missing].sort((a, b) => b.blob.size - a.blob.size)
  const results = new Map<string, Fetched | PipeError>()
  try {
    await mapConcurrently(order, CONNECTIONS, async (each) => {
      const open = openWith(each.by, clients)
      const result = fetchBlob(each.blob, open, { folder, claim, retrying, onBytes })
      results.set(each.blob.digest, await result.catch(asPipeError))
    })
  } finally {
    clearInterval(heartbeat)
  }
  return results
}

const openWith =
  ({ image, credentials }: Wanted, clients: Clients): OpenBlob =>
  async (digest, options) => {
    let refused: PipeError | undefined
    for (const credential of credentials) {
      try {
        return await clients.get(image.domain, credential).blob(image.path, digest, options)
      } catch (error) {
        if (!(error instanceof PipeError && TRY_NEXT.includes(error.code))) throw error
        refused ??= error
      }
    }
    throw refused ?? new TypeError(`There is no way to ask for ${digest}.`)
  }
