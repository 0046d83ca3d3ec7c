import type { Engine } from '../engine/engine.ts'
import type { EngineImage } from '../engine/images.ts'
import { asPipeError, PipeError } from '../errors.ts'
import { createSweeper } from '../memory.ts'
import { withHeartbeat } from '../report/heartbeat.ts'
import { blobsOf, type WholeImage } from '../store/archive.ts'
import { engineIds } from '../store/contents.ts'
import type { Store } from '../store/store.ts'
import { count, seconds, size } from '../units.ts'
import { feed } from './feed.ts'
import type { Tools } from './tools.ts'

/** The result for each image. */
export type Loads = ReadonlyMap<WholeImage, EngineImage | PipeError>

/**
 * Loads images of a store into the engine in one stream, under their tags, and checks that the engine has what their
 * manifests promise. The engine passes over layers that it has already. An image that is not there afterwards is loaded
 * again by itself, so that one image does not take the others down.
 */
export const loadAll = async (
  images: readonly WholeImage[],
  { folder, shown }: Store,
  { engine, log, retrying }: Pick<Tools, 'engine' | 'log' | 'retrying'>,
): Promise<Loads> => {
  const results = new Map<WholeImage, EngineImage | PipeError>()
  if (images.length === 0) return results
  const started = performance.now()
  const { signal } = retrying.clock
  let fed = 0
  const sweep = createSweeper()
  const onBytes = (more: number) => {
    fed += more
    sweep(more)
  }
  const load = async (some: readonly WholeImage[]): Promise<PipeError | undefined> => {
    try {
      await feed(engine.anonymous, merged(some), { folder, onBytes, signal })
      return undefined
    } catch (error) {
      return asPipeError(signal.aborted ? signal.reason : error)
    }
  }
  const look = (image: WholeImage) => inEngine(image, folder, engine.anonymous)
  const loadAgain = async (image: WholeImage) => {
    const there = await look(image)
    if (!(there instanceof PipeError)) return there
    return named(image, await load([image])) ?? look(image)
  }
  const line = () => `Loading from ${shown}: ${size(fed)} handed over`
  await withHeartbeat(log, line, async () => {
    const failed = await load(images)
    const isShared = failed !== undefined && (failed.code === 'PKG-ENGINE-UNREACHABLE' || signal.aborted)
    for (const image of images) {
      const done = images.length === 1 || isShared
      results.set(image, done ? (named(image, failed) ?? (await look(image))) : await loadAgain(image))
    }
  })
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

// The engine's answer to an archive names no image.
const named = ({ reference }: WholeImage, failed: PipeError | undefined): PipeError | undefined =>
  failed?.code === 'PKG-ENGINE-UNREACHABLE' || failed?.said === undefined
    ? failed
    : failed.with({ message: `${reference} could not be loaded into the engine.` })

/** The image as the engine has it, if it is the one of the store. */
const inEngine = async (
  image: WholeImage,
  folder: string,
  engine: Engine,
): Promise<EngineImage | PipeError> => {
  const { reference, tags, config } = image
  try {
    const [found, ids] = await Promise.all([
      engine.inspect(tags[0] ?? config.digest),
      engineIds(folder, image),
    ])
    if (ids.includes(found.id)) return found
    return new PipeError(
      'PKG-INTEGRITY',
      `The engine has another image under the name ${reference} than the one that was loaded.`,
      {
        said: `image id ${found.id}, expected ${ids.join(' or ')}`,
      },
    )
  } catch (error) {
    const failed = asPipeError(error)
    return failed.code === 'PKG-ENGINE'
      ? failed.with({ message: `The engine does not have ${reference} after it was loaded.` })
      : failed
  }
}
