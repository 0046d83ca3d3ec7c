import { readFile } from 'node:fs/promises'
import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { DigestError } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { parseJson } from '../registry/json.ts'
import { seconds, size } from '../report/log.ts'
import { blobsOf, type WholeImage } from '../store/archive.ts'
import type { Fetched } from '../store/fetch.ts'
import { blobPath, writeWhole } from '../store/layout.ts'
import { warnOfSize } from '../store/size.ts'
import type { Store } from '../store/store.ts'
import { type Blob, blobState, sizeState } from '../store/verify.ts'
import { fetchAll, type Missing } from './fetch-all.ts'
import type { Tools } from './tools.ts'
import type { Wanted } from './wanted.ts'

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
  wanted: readonly Wanted[],
  store: Store,
  tools: Tools,
): Promise<Array<Kept | PipeError>> => {
  const started = performance.now()
  const { folder, claim, shown } = store
  await claim?.add(
    wanted.flatMap(({ whole, described }) => [
      ...described.keys(),
      ...blobsOf(whole).map(({ digest }) => digest),
    ]),
  )
  const missing = await missingBlobs(wanted, store, tools)
  warnOfSize(await store.predict(wanted.map(({ whole }) => whole)), tools.log)

  const fetchable = [...missing.values()].filter(({ by }) => refusal(by, missing, store) === undefined)
  const fetched =
    claim === undefined || fetchable.length === 0
      ? new Map<string, Fetched | PipeError>()
      : await fetchAll(fetchable, folder, claim, tools)

  const results = await Promise.all(
    wanted.map(async (each): Promise<Kept | PipeError> => {
      const mine = blobsOf(each.whole).flatMap(({ digest }) => fetched.get(digest) ?? [])
      const failed = refusal(each, missing, store) ?? mine.find((one) => one instanceof PipeError)
      if (failed !== undefined) return failed
      const own = [...missing.values()].filter(({ by }) => by === each)
      const counted = own.flatMap(({ blob }) => fetched.get(blob.digest) ?? []).filter(isFetched)
      return {
        whole: { ...each.whole, platform: await platformIn(folder, each.whole) },
        transferred: counted.reduce((sum, { transferred }) => sum + transferred, 0),
        attempts: Math.max(0, ...mine.filter(isFetched).map(({ attempts }) => attempts)),
      }
    }),
  )
  const kept = results.filter((result): result is Kept => !(result instanceof PipeError))
  if (claim !== undefined && kept.length > 0) await store.keep(kept.map(({ whole }) => whole))
  const bytes = kept.reduce((sum, { transferred }) => sum + transferred, 0)
  if (bytes > 0) {
    tools.log.info(`Fetched ${size(bytes)} into ${shown} (${seconds(performance.now() - started)})`)
  }
  return results
}

const isFetched = (result: Fetched | PipeError): result is Fetched => !(result instanceof PipeError)

const missingBlobs = async (wanted: readonly Wanted[], { folder, shown }: Store, { log }: Tools) => {
  const first = new Map<string, { blob: Blob; by: Wanted; loaded: boolean }>()
  for (const by of wanted) {
    const indexes = [...by.described].map(([digest, { length }]) => ({ digest, size: length }))
    for (const blob of [...indexes, ...blobsIn(by.whole)]) {
      const known = first.get(blob.digest)
      first.set(blob.digest, { blob, by: known?.by ?? by, loaded: by.loaded || (known?.loaded ?? false) })
    }
  }
  const missing = new Map<string, Missing>()
  // Two at a time: one is read while the other is hashed.
  await mapConcurrently([...first.values()], 2, async ({ blob, by, loaded }) => {
    const state = await (loaded ? blobState : sizeState)(folder, blob)
    if (state === 'whole') return
    if (state === 'damaged') log.warning(`The blob ${blob.digest} in ${shown} is damaged.`)
    // The registry's own answer is at hand.
    const described = by.described.get(blob.digest)
    if (described === undefined) missing.set(blob.digest, { blob, state, by })
    else await writeManifest(folder, blob.digest, described)
  })
  return missing
}

const blobsIn = (whole: WholeImage): Blob[] => {
  try {
    for (const { digest } of blobsOf(whole)) blobPath('', digest)
    return blobsOf(whole)
  } catch (error) {
    if (!(error instanceof DigestError)) throw error
    throw new PipeError('PKG-MANIFEST', `The manifest of ${whole.reference} cannot be used.`, {
      said: error.message,
    })
  }
}

const writeManifest = async (folder: string, digest: string, bytes: Buffer) => {
  // Where the folder cannot be written, nothing is put there and the image is not listed.
  await writeWhole(blobPath(folder, digest), bytes).catch(() => {})
}

/** Why what is missing of an image cannot be fetched. */
const refusal = (
  { whole, credentials }: Wanted,
  missing: ReadonlyMap<string, Missing>,
  { shown, claim }: Store,
): PipeError | undefined => {
  const first = blobsOf(whole).flatMap(({ digest }) => missing.get(digest) ?? [])[0]
  if (first === undefined) return undefined
  const { state, blob } = first
  const failed = `${whole.reference} is in ${shown}, but its blob ${blob.digest} is ${state}.`
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

// What an image runs on is for its configuration to say: an index may say less, and not every image is in one.
const platformIn = async (folder: string, { config }: WholeImage): Promise<Platform | undefined> => {
  if (config.size > LARGEST_CONFIG) return undefined
  const parsed = wireConfig.safeParse(parseJson(await readFile(blobPath(folder, config.digest))))
  return parsed.data
}

const LARGEST_CONFIG = 16 * 1024 * 1024
const wireConfig = z.object({ os: z.string(), architecture: z.string(), variant: z.optional(z.string()) })
