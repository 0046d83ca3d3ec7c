import type { FileHandle } from 'node:fs/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { openCarried } from './carried.ts'
import { gzipSize, isGzip, isZstd, zstdSize } from './compressed.ts'
import { blobPath } from './layout.ts'
import type { Blob } from './verify.ts'

/** Thrown when a layer does not inflate to the promised number of bytes, so that its archive has to be given up. */
export class SizeError extends Error {
  override readonly name = 'SizeError'
  readonly digest: string

  constructor(digest: string) {
    super(`${digest} does not inflate to the size that was promised`)
    this.digest = digest
  }
}

// Large pieces cost less, and a few are kept ready so that inflating does not wait for the engine.
const CHUNK = 1024 * 1024
const PIECES = { chunkSize: CHUNK, highWaterMark: 4 * CHUNK }

/**
 * The size in bytes that a compressed layer states for its inflated self. It costs nothing to read, and may turn out to
 * be wrong. Undefined if the layer is not compressed, if it states no size, and if the size cannot be right.
 */
export const statedSize = async (folder: string, { digest }: Blob): Promise<number | undefined> => {
  const file = await openCarried(blobPath(folder, digest))
  try {
    if (file === undefined) return undefined
    const { size } = await file.stat()
    const head = await bytesAt(file, 0, 18)
    const stated = isGzip(head) ? gzipSize(await bytesAt(file, size - 4, 4)) : zstdSize(head)
    // A layer is a tar, which is made of whole blocks. One of several compressed parts states only its own size.
    const isLikely = stated !== undefined && stated > 0 && stated % 512 === 0 && stated >= size * 0.99 - SLACK
    return isLikely ? stated : undefined
  } finally {
    await file?.close()
  }
}

// Bytes that do not compress become a little more.
const SLACK = 64 * 1024

/**
 * The real inflated size in bytes, found by inflating the layer once for that alone. Undefined if the layer is not
 * compressed, or is damaged: the engine is to get that as it is, and say what is wrong.
 */
export const countedSize = async (
  folder: string,
  blob: Blob,
  signal?: AbortSignal,
): Promise<number | undefined> => {
  const file = await openCarried(blobPath(folder, blob.digest))
  const head = file && (await bytesAt(file, 0, 4))
  await file?.close()
  if (head === undefined || !(isGzip(head) || isZstd(head))) return undefined
  try {
    let size = 0
    for await (const chunk of inflated(folder, blob)) {
      signal?.throwIfAborted()
      size += chunk.length
    }
    return size
  } catch (error) {
    if (error instanceof SizeError) return undefined
    throw error
  }
}

/**
 * The bytes of a layer, inflated.
 *
 * @throws {SizeError} as soon as they are not as many as promised
 */
export async function* inflate(folder: string, blob: Blob, promised: number): AsyncGenerator<Buffer> {
  let size = 0
  for await (const chunk of inflated(folder, blob)) {
    size += chunk.length
    if (size > promised) throw new SizeError(blob.digest)
    yield chunk
  }
  if (size !== promised) throw new SizeError(blob.digest)
}

// If it cannot be inflated up to its last byte, no size can be promised.
async function* inflated(folder: string, { digest }: Blob): AsyncGenerator<Buffer> {
  const file = await openCarried(blobPath(folder, digest))
  if (file === undefined) throw new SizeError(digest)
  const { size } = await file.stat()
  const plain = isGzip(await bytesAt(file, 0, 4)) ? createGunzip(PIECES) : createZstdDecompress(PIECES)
  const compressed = file.createReadStream({ highWaterMark: CHUNK, start: 0 })
  compressed.on('error', (error) => plain.destroy(error))
  try {
    yield* compressed.pipe(plain)
    if (plain.bytesWritten !== size) throw new SizeError(digest)
  } catch (error) {
    throw /^Z(?:STD)?_/.test(String((error as NodeJS.ErrnoException).code)) ? new SizeError(digest) : error
  } finally {
    // It closes the file with it.
    compressed.destroy()
  }
}

const bytesAt = async (file: FileHandle, position: number, length: number): Promise<Buffer> => {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, Math.max(0, position))
  return buffer.subarray(0, bytesRead)
}
