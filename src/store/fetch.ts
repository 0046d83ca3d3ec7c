import { readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { PipeError } from '../errors.ts'
import { parseDigest } from '../image/digest.ts'
import type { BlobOptions, BlobStream } from '../registry/blob.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import { diskError } from './disk.ts'
import { blobPath, makeFolder } from './layout.ts'
import { type Claim, living } from './lock.ts'
import { openPart, type Part } from './part.ts'
import type { Blob } from './verify.ts'

/** Asks the registry for a blob, from a byte on. */
export type OpenBlob = (digest: string, options: BlobOptions) => Promise<BlobStream>

/** What fetching a blob took. */
export interface Fetched {
  /** Bytes that came from the registry, those of failed attempts included. */
  transferred: number
  attempts: number
}

interface Context {
  folder: string
  claim: Claim
  retrying: RetryPolicy
  /** Told about every piece. */
  onBytes?: ((bytes: number) => void) | undefined
}

/**
 * Brings one blob into a store. It is hashed as it streams in, written beside its place and then renamed into it. A
 * transfer that broke off is resumed, even one of an earlier pipe that was killed.
 *
 * @throws {PipeError} PKG-INTEGRITY if the registry twice sends bytes that do not have the digest; PKG-DISK-FULL;
 *   what the registry answers
 */
export const fetchBlob = async (blob: Blob, openBlob: OpenBlob, context: Context): Promise<Fetched> => {
  const { folder, claim } = context
  const path = blobPath(folder, blob.digest)
  const own = `${path}.${claim.id}.part`
  const part = await begin(blob, own, folder).catch((error) => {
    throw diskError(error, folder)
  })
  const fetched: Fetched = { transferred: 0, attempts: 0 }
  try {
    for (let again = true; ; again = false) {
      await fetchRest({ blob, openBlob, part, fetched }, context)
      await part.flush().catch((error) => {
        throw diskError(error, folder)
      })
      if (isWhole(part, blob)) break
      await part.restart()
      // Parts of two answers may not fit together, so try once more with a single answer from the start.
      if (!again) throw otherBytes(blob)
    }
    await rename(own, path).catch((error) => {
      throw diskError(error, folder)
    })
    return fetched
  } catch (error) {
    // Wrong bytes are of no use; the beginning of the right ones is.
    if (error instanceof PipeError && error.code === 'PKG-INTEGRITY') await rm(own, { force: true })
    else await part.flush().catch(() => {})
    throw error
  } finally {
    await part.close()
  }
}

const begin = async ({ digest }: Blob, own: string, folder: string): Promise<Part> => {
  const path = blobPath(folder, digest)
  await makeFolder(dirname(path))
  await takeOver(path, own, folder)
  return openPart(own, parseDigest(digest).algorithm)
}

interface Fetch {
  blob: Blob
  openBlob: OpenBlob
  part: Part
  /** What it took so far. */
  fetched: Fetched
}

const fetchRest = (
  { blob, openBlob, part, fetched }: Fetch,
  { folder, retrying, onBytes }: Context,
): Promise<void> => {
  let etag: string | undefined
  return retry(async ({ attempt, signal }) => {
    if (part.size() > 0 && isWhole(part, blob)) return
    if (blob.size > 0 && part.size() >= blob.size) await part.restart()
    fetched.attempts++
    const stream = await openBlob(blob.digest, { from: part.size(), etag, attempt, signal })
    etag = stream.etag
    if (stream.from !== part.size()) await part.restart()
    // The size in a manifest may be wrong or missing. Engines go by the digest, and so does this.
    const end = stream.size ?? (blob.size || Number.POSITIVE_INFINITY)
    for await (const chunk of stream.body) {
      fetched.transferred += chunk.length
      onBytes?.(chunk.length)
      if (part.size() + chunk.length > end) {
        await part.restart()
        throw otherBytes(blob)
      }
      await part.write(chunk).catch((error) => {
        throw diskError(error, folder)
      })
    }
    const isShort = part.size() < end && end < Number.POSITIVE_INFINITY
    if (isShort && !isWhole(part, blob))
      throw new PipeError('PKG-NETWORK', `${blob.digest} ended after ${part.size()} of ${end} bytes`)
  }, retrying)
}

const isWhole = (part: Part, { digest }: Blob): boolean => part.digest() === parseDigest(digest).encoded

/** Takes over the part of a blob that a dead pipe left; only one of several pipes can rename it. */
const takeOver = async (path: string, own: string, folder: string): Promise<void> => {
  const { ids } = await living(folder)
  const pattern = new RegExp(`^${basename(path)}\\.([0-9a-f]+)\\.part$`)
  for (const name of await readdir(dirname(path))) {
    const id = pattern.exec(name)?.[1]
    if (id === undefined || ids.has(id)) continue
    try {
      return await rename(`${dirname(path)}/${name}`, own)
    } catch {
      // Another pipe was faster.
    }
  }
}

const otherBytes = ({ digest, size }: Blob) =>
  new PipeError('PKG-INTEGRITY', `The blob ${digest} (${size} bytes) arrived with other bytes.`)
