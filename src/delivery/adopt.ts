import type { Present } from '../engine/find.ts'
import { type EngineImage, inspect, tag } from '../engine/images.ts'
import type { DeliveredImage } from '../report/outputs.ts'
import { credentialName } from '../lookup/diagnosis.ts'
import type { Kept } from './keep.ts'
import type { Located } from './locate.ts'
import { digestIn, localName, localTag, storedName } from './names.ts'
import type { Tools } from './tools.ts'

/** An image that engine or store had, or that the store has got. */
export interface Ready {
  located: Extract<Located, { from: 'engine' | 'store' | 'registry' }>
  /** What the store has of it; undefined without a store, and where nobody had to be asked. */
  kept: Kept | undefined
  /** `performance.now()` when its delivery began. */
  started: number
}

/** An image of the engine under the name that was asked for. */
export interface Named {
  found: EngineImage
  name: string
}

/** Gives an image that the engine has already the name that was asked for. */
export const adopt = async (
  { image, id, resolution }: Extract<Located, { from: 'engine' }>,
  present: Present,
  { docker, log }: Tools,
  config: string,
): Promise<Named> => {
  const found = await inspect(docker, id, config)
  // What the engine pulled by digest, it knows by digest.
  const pulled = image.tag === undefined && digestIn(found, image.name) === image.digest
  const name = pulled ? storedName(image) : localName(image)
  if (!pulled && present.byTag(image.name, localTag(image)) !== id) await tag(docker, id, name, config)
  const asked = resolution && ` with ${credentialName(resolution.credential?.kind)}`
  log.info(
    `Found ${name}${asked ?? ''} in the engine: ${resolution?.digest ?? id}, ${found.platform}, 0 B transferred`,
  )
  return { found, name }
}

/** The report of an image that the engine has, under the name that it has there. */
export const deliveredImage = (
  { located, kept, started }: Ready,
  { found, name: reference }: Named,
): DeliveredImage => {
  const { image } = located
  const resolution = located.from === 'store' ? undefined : located.resolution
  const stored = kept?.whole ?? (located.from === 'registry' ? undefined : located.stored)
  const transferred = kept?.transferred ?? 0
  const sizes = stored && new Map([stored.config, ...stored.layers].map(({ digest, size }) => [digest, size]))
  return {
    reference,
    digest: stored?.digest ?? resolution?.digest ?? image.digest ?? digestIn(found, image.name) ?? null,
    manifestDigest: stored?.manifest.digest ?? resolution?.manifestDigest ?? null,
    id: found.id,
    platform: found.platform,
    compressedSize:
      resolution?.compressedSize ?? (sizes ? [...sizes.values()].reduce((sum, size) => sum + size, 0) : null),
    bytesTransferred: transferred,
    source: transferred > 0 ? 'registry' : located.from === 'engine' ? 'engine' : 'store',
    credential: resolution?.credential?.kind ?? null,
    attempts: Math.max(1, kept?.attempts ?? 1),
    seconds: Number(((performance.now() - started) / 1000).toFixed(3)),
  }
}
