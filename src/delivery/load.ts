import { type EngineImage, inspect, load } from '../engine/images.ts'
import { usesContainerd } from '../engine/version.ts'
import { PipeError } from '../errors.ts'
import { createSweeper } from '../memory.ts'
import { count, seconds, size } from '../report/log.ts'
import { archive, blobsOf, type Feed, type WholeImage } from '../store/archive.ts'
import { SizeError } from '../store/inflate.ts'
import type { Store } from '../store/store.ts'

import type { Tools } from './tools.ts'

const HEARTBEAT = 20_000

/**
 * Loads images of a store into the engine in one stream, under their tags, and checks that the engine has what
 * their manifests promise. Layers that the engine has already are passed over by it.
 *
 * @throws {PipeError} where the engine refuses the archive
 * @returns what the engine has, or PKG-INTEGRITY, for each image
 */
export const loadAll = async (
  images: readonly WholeImage[],
  { folder, shown }: Store,
  { docker, log }: Tools,
  config: string,
): Promise<Array<EngineImage | PipeError>> => {
  if (images.length === 0) return []
  const started = performance.now()
  const blobs = new Map(images.flatMap(blobsOf).map((blob) => [blob.digest, blob.size]))
  const bytes = [...blobs.values()].reduce((sum, each) => sum + each, 0)
  let fed = 0
  const sweep = createSweeper()
  const heartbeat = setInterval(() => log.info(`Loading from ${shown}: ${size(fed)} handed over`), HEARTBEAT)
  const feedTo = (feed: Feed) => {
    fed = 0
    return load(
      docker,
      told(archive(folder, merged(images), feed), (more) => {
        fed += more
        sweep(more)
      }),
      config,
    )
  }
  try {
    const feed = (await usesContainerd(docker, config)) ? 'as-is' : 'inflated'
    await feedTo(feed).catch((error: unknown) => {
      if (error instanceof SizeError) return feedTo('as-is')
      throw error
    })
  } finally {
    clearInterval(heartbeat)
  }
  const found = await Promise.all(images.map((image) => check(image, docker, config)))
  log.info(
    `Loaded ${count(images.length)} from ${shown}: ${size(bytes)} (${seconds(performance.now() - started)})`,
  )
  return found
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
  { reference, tags, config: { digest }, manifest }: WholeImage,
  docker: Tools['docker'],
  config: string,
): Promise<EngineImage | PipeError> => {
  const found = await inspect(docker, tags[0] ?? digest, config)
  if ([digest, manifest.digest].includes(found.id)) return found
  return new PipeError('PKG-INTEGRITY', `The engine has another image for ${reference} than was loaded.`, {
    said: `image id ${found.id}, expected ${digest} or ${manifest.digest}`,
  })
}
