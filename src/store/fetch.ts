import { lstat, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { PipeError } from '../errors.ts'
import { errnoOf } from '../file-error.ts'
import { parseDigest } from '../image/digest.ts'
import type { BlobOptions, BlobStream } from '../registry/blob.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import { diskError } from './disk.ts'
import { blobPath, isTemporary, makeFolder, temporaryName } from './layout.ts'
import { append, openPart, type Part } from './part.ts'
import { type Blob, sizeState } from './verify.ts'

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
  const { folder, retrying } = context
  const path = blobPath(folder, blob.digest)
  const own = temporaryName(path, 'part')
  const onDisk = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error) => {
      throw diskError(error, folder)
    })
  await onDisk(makeFolder(dirname(path)))
  const part = await onDisk(openPart(own, parseDigest(blob.digest).algorithm))
  const fetched: Fetched = { transferred: 0, attempts: 0 }
  try {
    const left = await onDisk(takeOver(blob, path, { part, own, signal: retrying.clock?.signal }))
    for (let again = true; ; again = false) {
      await fetchRest({ blob, openBlob, part, fetched }, context)
      await onDisk(part.flush())
      if (isWhole(part, blob)) break
      await part.restart()
      // Parts of two answers may not fit together, so try once more with a single answer from the start.
      if (!again) throw otherBytes(blob)
    }
    await onDisk(putInPlace(blob, part, { own, folder }))
    for (const each of left) await rm(each, { force: true }).catch(() => {})
    return fetched
  } catch (error) {
    // Wrong bytes are of no use; the beginning of the right ones is.
    if (part.size() === 0 || (error instanceof PipeError && error.code === 'PKG-INTEGRITY'))
      await rm(own, { force: true })
    else await part.flush().catch(() => {})
    throw error
  } finally {
    await part.close()
  }
}

// A blob is what is on the disk, not what was meant to be there.
const putInPlace = async (blob: Blob, part: Part, { own, folder }: { own: string; folder: string }) => {
  const written = await part.sizeOnDisk()
  if (written !== part.size())
    throw new PipeError('PKG-DISK-FULL', `${folder} could not be written.`, {
      said: `${written} of ${part.size()} bytes of ${blob.digest} are on the disk`,
    })
  try {
    await rename(own, blobPath(folder, blob.digest))
  } catch (error) {
    // Another pipe that had the same blob before took this one for left.
    if (errnoOf(error) !== 'ENOENT' || (await sizeState(folder, blob)) !== 'whole') throw error
  }
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

interface Taking {
  part: Part
  /** The name of the part itself. */
  own: string
  signal: AbortSignal | undefined
}

/**
 * Copies into a part what an earlier pipe left of the same blob: it may still be writing its own file.
 *
 * @returns the files that were left, of which nobody has need when the blob is whole
 */
const takeOver = async ({ size }: Blob, path: string, { part, own, signal }: Taking): Promise<string[]> => {
  const left: Array<{ file: string; size: number }> = []
  for (const name of await readdir(dirname(path))) {
    const file = join(dirname(path), name)
    if (file === own || !(isTemporary(name) && name.startsWith(`${basename(path)}.`))) continue
    const found = await lstat(file).catch(() => undefined)
    if (found?.isFile() && (size === 0 || found.size <= size)) left.push({ file, size: found.size })
  }
  const [largest] = left.sort((a, b) => b.size - a.size)
  // It may be one that only another user may read.
  if (largest !== undefined) await append(part, largest.file, signal).catch(() => signal?.throwIfAborted())
  return left.map(({ file }) => file)
}

const otherBytes = ({ digest, size }: Blob) =>
  new PipeError('PKG-INTEGRITY', `The blob ${digest} (${size} bytes) arrived with other bytes.`)
