import { asPipeError, PipeError } from '../errors.ts'
import { DigestError } from '../image/digest.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { Log } from '../report/log.ts'
import { blobsOf } from '../store/archive.ts'
import { diskError } from '../store/disk.ts'
import { blobPath, writeWhole } from '../store/layout.ts'
import type { Store } from '../store/store.ts'
import { type Blob, type BlobState, blobState, sizeState } from '../store/verify.ts'
import type { StoreRequest } from './store-request.ts'

/** A blob that a store lacks. */
export interface Missing {
  blob: Blob
  state: Exclude<BlobState, 'whole'>
  /** The images that need it, in their order. */
  by: readonly StoreRequest[]
  /** Why a document that the registry sent already could not be written to the store. */
  unwritten?: PipeError
}

/**
 * The blobs that some images need and a store lacks, by digest. Blobs that go to the engine are hashed. Documents that
 * the registry sent already (manifest, index, configuration) are written to the store on the way.
 */
export const missingBlobs = async (
  requests: readonly StoreRequest[],
  store: Store,
  { log, signal }: { log: Log; signal: AbortSignal },
): Promise<Map<string, Missing>> => {
  const { folder, shown } = store
  const missing = new Map<string, Missing>()
  // Two at a time: one is read while the other is hashed.
  await mapConcurrently(needs(requests), 2, async ({ blob, by }) => {
    const { digest } = blob
    const state = await (by.some(({ loaded }) => loaded) ? blobState : sizeState)(folder, blob, signal)
    if (state === 'whole') return
    if (state !== 'absent') log.warning(`The blob ${digest} in ${shown} is ${state}.`)
    const described = by.map((request) => request.described.get(digest)).find((bytes) => bytes !== undefined)
    const unwritten = described && (await written(store, digest, described))
    if (described === undefined) missing.set(digest, { blob, state, by })
    else if (unwritten !== undefined) missing.set(digest, { blob, state, by, unwritten })
  })
  return missing
}

const needs = (requests: readonly StoreRequest[]): Array<{ blob: Blob; by: readonly StoreRequest[] }> => {
  const all = new Map<string, { blob: Blob; by: StoreRequest[] }>()
  for (const request of requests) {
    const described = [...request.described].map(([digest, { length }]) => ({ digest, size: length }))
    for (const blob of [...blobsOf(request.whole), ...described]) {
      const known = all.get(blob.digest)
      if (known === undefined) all.set(blob.digest, { blob, by: [request] })
      else if (known.by.at(-1) !== request) known.by.push(request)
    }
  }
  return [...all.values()]
}

const written = async ({ folder }: Store, digest: string, bytes: Buffer): Promise<PipeError | undefined> => {
  try {
    await writeWhole(blobPath(folder, digest), bytes)
    return undefined
  } catch (error) {
    return asPipeError(diskError(error, folder))
  }
}

/** Why an image cannot be kept at all: a digest in its manifest that cannot be checked. */
export const unusable = ({ whole }: StoreRequest): PipeError | undefined => {
  try {
    for (const { digest } of blobsOf(whole)) blobPath('', digest)
    return undefined
  } catch (error) {
    if (!(error instanceof DigestError)) throw error
    return new PipeError('PKG-MANIFEST', `The manifest of ${whole.reference} cannot be used.`, {
      said: error.message,
    })
  }
}

/** Why the missing blobs of an image cannot be had; undefined if they can, or if none is missing. */
export const unfetchable = (
  { whole, described, credentials }: StoreRequest,
  missing: ReadonlyMap<string, Missing>,
  { shown, writable }: Store,
): PipeError | undefined => {
  const lacking = blobsOf(whole).flatMap(({ digest }) => missing.get(digest) ?? [])
  const first = lacking[0]
  if (first === undefined) return undefined
  const { state, blob } = first
  const failed =
    described.size === 0
      ? `${whole.reference} is in ${shown}, but its blob ${blob.digest} is ${state}.`
      : `${whole.reference} cannot be put into ${shown}: its blob ${blob.digest} is ${state} there.`
  if (credentials.length === 0) {
    return new PipeError(state === 'absent' ? 'PKG-NOT-HERE' : 'PKG-INTEGRITY', failed, {
      why: 'The artifact or cache was damaged or is incomplete, and the registry must not be asked or there are no credentials to ask it with.',
      hint: 'Remove the cache, or run the step that made the artifact again; with PULL_POLICY: missing and the credentials of the step the pipe fetches it again.',
    })
  }
  return !writable
    ? new PipeError('PKG-STORE', failed, {
        why: 'The folder was made by another user, and this step may only read it.',
        hint: 'Run the step that made the artifact again, or run chmod -R a+rwX on the folder before the pipe.',
      })
    : lacking.find(({ unwritten }) => unwritten !== undefined)?.unwritten
}
