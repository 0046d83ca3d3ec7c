import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { FILE_MODE } from './layout.ts'

/** A blob that is being written, with the hash of its bytes so far. */
export interface Part {
  /** Bytes so far. */
  size(): number
  write(chunk: Buffer): Promise<void>
  /** Writes what is still in memory. */
  flush(): Promise<void>
  /** The hash of all bytes so far, in hexadecimal. */
  digest(): string
  /** Forgets every byte. */
  restart(): Promise<void>
  close(): Promise<void>
}

// The pieces from a socket are small, so several are written with one call.
const TOGETHER = 256 * 1024

/** Opens the part of a blob; what an earlier pipe left of it counts. */
export const openPart = async (path: string, algorithm: string): Promise<Part> => {
  const file = await open(path, 'a+', FILE_MODE)
  await file.chmod(FILE_MODE).catch(() => {})
  let hash = createHash(algorithm)
  let size = await hashed(file, hash)
  let waiting: Buffer[] = []
  let waitingBytes = 0

  const flush = async () => {
    const chunks = waiting
    waiting = []
    waitingBytes = 0
    if (chunks.length > 0) await file.writev(chunks)
  }
  return {
    size: () => size,
    async write(chunk) {
      hash.update(chunk)
      size += chunk.length
      waiting.push(chunk)
      waitingBytes += chunk.length
      if (waitingBytes >= TOGETHER) await flush()
    },
    flush,
    digest: () => hash.copy().digest('hex'),
    async restart() {
      waiting = []
      waitingBytes = 0
      hash = createHash(algorithm)
      size = 0
      await file.truncate(0)
    },
    close: () => file.close(),
  }
}

/** Feeds a file to a hash, and returns its size. */
export const hashed = async (file: FileHandle, hash: Hash): Promise<number> => {
  const buffer = Buffer.allocUnsafe(TOGETHER)
  let size = 0
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, size)
    if (bytesRead === 0) return size
    hash.update(buffer.subarray(0, bytesRead))
    size += bytesRead
  }
}
