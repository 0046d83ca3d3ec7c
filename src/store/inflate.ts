import { createGunzip } from 'node:zlib'
import { openCarried } from './carried.ts'
import { blobPath } from './layout.ts'
import type { Blob } from './verify.ts'

/** Thrown where a compressed layer is not as large as it says: an archive of it has to be given up. */
export class SizeError extends Error {
  override readonly name = 'SizeError'
}

// Large pieces cost less, and some of them wait so that inflating does not wait for the engine. The types know
// nothing of the second, which every stream takes.
const CHUNK = 1024 * 1024
const AHEAD = { highWaterMark: 4 * CHUNK }

/**
 * How large a compressed layer will be, as the end of the gzip format tells it (RFC 1952, "ISIZE"): wrong for 4 GiB
 * and more, and where several compressed parts follow each other. Undefined for what is not gzip, and where the
 * number cannot be right.
 */
export const inflatedSize = async (folder: string, { digest, size }: Blob): Promise<number | undefined> => {
  const file = await openCarried(blobPath(folder, digest))
  if (file === undefined) return undefined
  try {
    const ends = Buffer.alloc(8)
    await file.read(ends, 0, 4, 0)
    await file.read(ends, 4, 4, Math.max(0, size - 4))
    const stated = ends.readUInt32LE(4)
    const isGzip = ends.readUInt16BE(0) === 0x1f8b && ends.readUInt8(2) === 8
    // A layer is a tar, which is whole blocks. Of several compressed parts the last one tells its own size.
    return isGzip && stated > 0 && stated % 512 === 0 && stated >= size * 0.99 - SLACK ? stated : undefined
  } finally {
    await file.close()
  }
}

/**
 * The bytes of a layer, inflated.
 *
 * @throws {SizeError} as soon as they are not as many as promised
 */
export async function* inflate(folder: string, { digest }: Blob, promised: number): AsyncGenerator<Buffer> {
  const file = await openCarried(blobPath(folder, digest))
  const wrong = () => new SizeError(`${digest} is not ${promised} bytes large`)
  if (file === undefined) throw wrong()
  const compressed = file.createReadStream({ highWaterMark: CHUNK })
  const plain = createGunzip({ chunkSize: CHUNK, ...AHEAD })
  compressed.on('error', (error) => plain.destroy(error))
  let size = 0
  try {
    for await (const chunk of compressed.pipe(plain)) {
      size += chunk.length
      if (size > promised) break
      yield chunk
    }
  } catch (error) {
    // What is no gzip to its end: the engine shall say so.
    if (String((error as NodeJS.ErrnoException).code).startsWith('Z_')) throw wrong()
    throw error
  } finally {
    // It closes the file with it.
    compressed.destroy()
  }
  if (size !== promised) throw wrong()
}

// Of what does not compress, gzip makes a little more than it was.
const SLACK = 64 * 1024
