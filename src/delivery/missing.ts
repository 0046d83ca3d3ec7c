import { PipeError } from '../errors.ts'
import { DigestError } from '../image/digest.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import type { Log } from '../report/log.ts'
import { blobsOf } from '../store/archive.ts'
import { blobPath, writeWhole } from '../store/layout.ts'
import type { Store } from '../store/store.ts'
import { type Blob, blobState, sizeState } from '../store/verify.ts'
import type { StoreRequest } from './store-request.ts'

/** A blob that a store lacks. */
export interface Missing {
  blob: Blob
  state: 'absent' | 'damaged'
  /** The first image that needs it. */
  by: StoreRequest
}

/**
 * The blobs that some images need and a store lacks, by digest. Bytes that go to the engine are hashed. What the
 * registry has said already, manifests and indexes, is written down on the way.
 */
export const missingBlobs = async (
  requests: readonly StoreRequest[],
  { folder, shown }: Store,
  log: Log,
): Promise<Map<string, Missing>> => {
  const needed = new Map<string, { blob: Blob; by: StoreRequest; loaded: boolean }>()
  for (const by of requests) {
    const described = [...by.described].map(([digest, { length }]) => ({ digest, size: length }))
    for (const blob of [...described, ...blobsOf(by.whole)]) {
      const known = needed.get(blob.digest)
      needed.set(blob.digest, { blob, by: known?.by ?? by, loaded: by.loaded || (known?.loaded ?? false) })
    }
  }
  const missing = new Map<string, Missing>()
  // Two at a time: one is read while the other is hashed.
  await mapConcurrently([...needed.values()], 2, async ({ blob, by, loaded }) => {
    const state = await (loaded ? blobState : sizeState)(folder, blob)
    if (state === 'whole') return
    if (state === 'damaged') log.warning(`The blob ${blob.digest} in ${shown} is damaged.`)
    const described = by.described.get(blob.digest)
    if (described === undefined) missing.set(blob.digest, { blob, state, by })
    // If the folder cannot be written, nothing is put there and the image is not listed.
    else await writeWhole(blobPath(folder, blob.digest), described).catch(() => {})
  })
  return missing
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

/** Why what is missing of an image cannot be fetched; undefined where it can, and where nothing is missing. */
export const unfetchable = (
  { whole, described, credentials }: StoreRequest,
  missing: ReadonlyMap<string, Missing>,
  { shown, claim }: Store,
): PipeError | undefined => {
  const first = blobsOf(whole).flatMap(({ digest }) => missing.get(digest) ?? [])[0]
  if (first === undefined) return undefined
  const { state, blob } = first
  const failed =
    described.size === 0
      ? `${whole.reference} is in ${shown}, but its blob ${blob.digest} is ${state}.`
      : `${whole.reference} cannot be put into ${shown}: its blob ${blob.digest} is ${state} there.`
  if (credentials.length === 0) {
    return new PipeError(state === 'damaged' ? 'PKG-INTEGRITY' : 'PKG-NOT-HERE', failed, {
      why: 'The artifact or cache was damaged or is incomplete, and the registry must not be asked or there are no credentials to ask it with.',
      hint: 'Remove the cache, or run the step again that made the artifact; with PULL_POLICY: missing and the credentials of the step the pipe fetches it again.',
    })
  }
  return claim === undefined
    ? new PipeError('PKG-STORE', failed, {
        why: 'The folder was made by another user, and this step may only read it.',
        hint: 'Run the step again that made the artifact, or chmod -R a+rwX the folder before the pipe.',
      })
    : undefined
}
