import type { Engine } from '../engine/engine.ts'
import { PipeError } from '../errors.ts'
import { archive, type Inflated, type WholeImage } from '../store/archive.ts'
import { countedSize, SizeError, statedSize } from '../store/inflate.ts'
import type { Blob } from '../store/verify.ts'

interface Feeding {
  /** The store's folder. */
  folder: string
  /** Told about every piece. */
  onBytes: (bytes: number) => void
  signal: AbortSignal
}

/**
 * Feeds images of a store to the engine in one stream. An engine with the classic image store gets the layers inflated,
 * because this pipe inflates faster, and because engines before 23 cannot read Zstandard. Such an engine keeps the
 * whole stream on its disk while it reads; if the disk has no space for that, it gets the layers as they are.
 *
 * @throws {PipeError} the engine's answer
 */
export const feed = async (
  engine: Engine,
  images: readonly WholeImage[],
  { folder, onBytes, signal }: Feeding,
): Promise<void> => {
  const load = (inflated?: Inflated) => engine.load(told(archive(folder, images, inflated), onBytes))
  if (await engine.usesContainerd()) return load()
  const layers = new Map(images.flatMap((image) => image.layers).map((layer) => [layer.digest, layer]))
  const sizes = await sizesOf([...layers.values()], { folder, signal })
  for (;;) {
    try {
      return await load(sizes.known())
    } catch (error) {
      if (error instanceof SizeError) await sizes.correct(error.digest)
      else if (!isFull(error)) throw error
      else
        return await load().catch(() => {
          throw error
        })
    }
  }
}

/**
 * The inflated sizes of the layers: as they state them, which costs nothing; counted if they state none or a wrong one.
 */
const sizesOf = async (layers: readonly Blob[], { folder, signal }: Pick<Feeding, 'folder' | 'signal'>) => {
  const stated = new Map<string, number>()
  const counted = new Map<string, number>()
  const count = async (layer: Blob) => {
    const size = await countedSize(folder, layer, signal)
    if (size !== undefined) counted.set(layer.digest, size)
  }
  for (const layer of layers) {
    const size = await statedSize(folder, layer)
    if (size === undefined) await count(layer)
    else stated.set(layer.digest, size)
  }
  return {
    known: (): Inflated => new Map([...stated, ...counted]),
    async correct(digest: string) {
      // A counted size is wrong only if the layer changed meanwhile: let the engine see it as it is.
      if (stated.delete(digest)) await count({ digest, size: 0 })
      else counted.delete(digest)
    },
  }
}

const isFull = (error: unknown) => error instanceof PipeError && error.code === 'PKG-DISK-FULL'

async function* told(chunks: AsyncIterable<Buffer>, tell: (bytes: number) => void) {
  for await (const chunk of chunks) {
    tell(chunk.length)
    yield chunk
  }
}
