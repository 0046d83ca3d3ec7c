import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { openCarried } from './carried.ts'
import { FILE_MODE } from './layout.ts'

/** A blob that is being written, with the hash of its bytes so far. */
export interface Part {
  /** Bytes so far. */
  size(): number
  write(chunk: Buffer): Promise<void>
  /** Writes what is still in memory. */
  flush(): Promise<void>
  /** The size of the file itself, which is another one if the disk did not take everything. */
  sizeOnDisk(): Promise<number>
  /** The hash of all bytes so far, in hexadecimal. */
  digest(): string
  /** Forgets every byte. */
  restart(): Promise<void>
  close(): Promise<void>
}

// The pieces from a socket are small, so several are written with one call.
const TOGETHER = 256 * 1024

/** Makes the file of a part, which must not be there yet: a file that is may be a link to another one. */
export const openPart = async (path: string, algorithm: string): Promise<Part> => {
  const file = await open(path, 'ax', FILE_MODE)
  await file.chmod(FILE_MODE).catch(() => {})
  let hash = createHash(algorithm)
  let size = 0
  let waiting: Buffer[] = []
  let waitingBytes = 0

  const flush = async () => {
    const chunks = waiting
    waiting = []
    waitingBytes = 0
    // Unlike one call of the system, this goes on until all is written.
    if (chunks.length > 0) await file.appendFile(Buffer.concat(chunks))
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
    sizeOnDisk: async () => (await file.stat()).size,
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

/** Appends what an earlier pipe left of a blob, if that is a regular file. */
export const append = async (part: Part, left: string, signal?: AbortSignal): Promise<void> => {
  const file = await openCarried(left)
  if (file === undefined) return
  try {
    for await (const chunk of chunksOf(file, signal)) await part.write(Buffer.from(chunk))
  } finally {
    await file.close()
  }
}

/** Feeds a file to a hash. Throws the signal's reason when that is aborted. */
export const hashed = async (file: FileHandle, hash: Hash, signal?: AbortSignal): Promise<void> => {
  for await (const chunk of chunksOf(file, signal)) hash.update(chunk)
}

// One piece of memory for all chunks.
async function* chunksOf(file: FileHandle, signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(TOGETHER)
  for (let position = 0; ; ) {
    signal?.throwIfAborted()
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
