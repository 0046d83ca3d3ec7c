import type { Engine } from '../engine/engine.ts'
import type { EngineImage } from '../engine/images.ts'
import { asPipeError, PipeError } from '../errors.ts'
import { createSweeper } from '../memory.ts'
import { withHeartbeat } from '../report/heartbeat.ts'
import { archive, blobsOf, type Feed, type WholeImage } from '../store/archive.ts'
import { SizeError } from '../store/inflate.ts'
import type { Store } from '../store/store.ts'
import { count, seconds, size } from '../units.ts'
import type { Tools } from './tools.ts'

/** How it went with each image. */
export type Loads = ReadonlyMap<WholeImage, EngineImage | PipeError>

/**
 * Loads images of a store into the engine in one stream, under their tags, and checks that the engine has what
 * their manifests promise. Layers that the engine has already are passed over by it. If the engine refuses the
 * stream, each image is loaded by itself, so that one does not take the others down.
 */
export const loadAll = async (
  images: readonly WholeImage[],
  { folder, shown }: Store,
  { engine: { anonymous: engine }, log }: Pick<Tools, 'engine' | 'log'>,
): Promise<Loads> => {
  const results = new Map<WholeImage, EngineImage | PipeError>()
  if (images.length === 0) return results
  const started = performance.now()
  let fed = 0
  const sweep = createSweeper()
  const load = (some: readonly WholeImage[]) =>
    feedTo(engine, merged(some), {
      folder,
      onBytes: (more) => {
        fed += more
        sweep(more)
      },
    })
  await withHeartbeat(
    log,
    () => `Loading from ${shown}: ${size(fed)} handed over`,
    async () => {
      const together = await load(images).catch(asPipeError)
      for (const image of images) {
        const alone = images.length > 1 && together instanceof PipeError
        const loaded = alone ? await load([image]).catch(asPipeError) : together
        results.set(image, loaded ?? (await check(image, engine).catch(asPipeError)))
      }
    },
  )
  const there = images.filter((image) => !(results.get(image) instanceof PipeError))
  if (there.length > 0)
    log.info(
      `Loaded ${count(there.length)} from ${shown}: ${size(bytesOf(there))} (${seconds(performance.now() - started)})`,
    )
  return results
}

const bytesOf = (images: readonly WholeImage[]) => {
  const blobs = new Map(images.flatMap(blobsOf).map((blob) => [blob.digest, blob.size]))
  return [...blobs.values()].reduce((sum, each) => sum + each, 0)
}

const feedTo = async (
  engine: Engine,
  images: readonly WholeImage[],
  { folder, onBytes }: { folder: string; onBytes: (bytes: number) => void },
): Promise<undefined> => {
  const load = (feed: Feed) => engine.load(told(archive(folder, images, feed), onBytes))
  await load((await engine.usesContainerd()) ? 'as-is' : 'inflated').catch((error: unknown) => {
    if (error instanceof SizeError) return load('as-is')
    throw error
  })
}

async function* told(chunks: AsyncIterable<Buffer>, tell: (bytes: number) => void) {
  for await (const chunk of chunks) {
    tell(chunk.length)
    yield chunk
  }
}

// The same image under several names is one image.
const merged = (images: readonly WholeImage[]): WholeImage[] => {
  const known = new Map<string, WholeImage>()
  for (const image of images) {
    const { digest } = image.manifest
    const tags = new Set([...(known.get(digest)?.tags ?? []), ...image.tags])
    known.set(digest, { ...image, tags: [...tags] })
  }
  return [...known.values()]
}

// The classic image store names an image by its configuration, containerd's by its manifest.
const check = async (
  { reference, tags, config, manifest }: WholeImage,
  engine: Engine,
): Promise<EngineImage | PipeError> => {
  const found = await engine.inspect(tags[0] ?? config.digest)
  if ([config.digest, manifest.digest].includes(found.id)) return found
  return new PipeError('PKG-INTEGRITY', `The engine has another image for ${reference} than was loaded.`, {
    said: `image id ${found.id}, expected ${config.digest} or ${manifest.digest}`,
  })
}
