import { credentialName } from '../credential.ts'
import type { DeliveredImage } from '../delivered.ts'
import type { EngineImage } from '../engine/images.ts'
import type { EngineImages } from '../engine/listed.ts'
import type { ImageReference } from '../image/reference.ts'
import { deliveredImage, type ImageSource } from './delivery.ts'
import type { Kept } from './keep.ts'
import { digestIn, localName, localTag, storedName } from './names.ts'
import type { Tools } from './tools.ts'

/** An image of the engine under the name that was asked for. */
export interface Named {
  found: EngineImage
  reference: string
}

/** What the engine has already. */
type InEngine = Extract<ImageSource, { from: 'engine' }>

/** Gives an image that the engine has already the name that was asked for. */
export const adopt = async (
  image: ImageReference,
  { id, resolved, ...known }: InEngine,
  { present, engine, log }: Pick<Tools, 'engine' | 'log'> & { present: EngineImages },
): Promise<Named> => {
  const found = known.found ?? (await engine.anonymous.inspect(id))
  // The engine knows by digest what it pulled by digest.
  const pulled = image.tag === undefined && digestIn(found, image.name) === image.digest
  const reference = pulled ? storedName(image) : localName(image)
  if (!pulled && present.byTag(image.name, localTag(image)) !== id) await engine.anonymous.tag(id, reference)
  const asked = resolved && ` with ${credentialName(resolved.credential?.kind)}`
  log.info(
    `Found ${reference}${asked ?? ''} in the engine: ${resolved?.digest ?? digestIn(found, image.name) ?? `id ${id}`}, ${found.platform}, 0 B transferred`,
  )
  return { found, reference }
}

interface Adopted {
  named: Named
  /** What the store made of it; undefined without a store. */
  kept?: Kept | undefined
  /** `performance.now()` when its delivery began. */
  started: number
}

/** The report of an image that the engine had already. */
export const adopted = (
  image: ImageReference,
  { resolved, stored }: InEngine,
  { named, kept, started }: Adopted,
): DeliveredImage => {
  const transferred = kept?.transferred ?? 0
  return deliveredImage({
    ...named,
    image,
    resolved,
    stored: kept?.whole ?? stored,
    credential: resolved?.credential,
    source: transferred > 0 ? 'registry' : 'engine',
    bytesTransferred: transferred,
    attempts: Math.max(1, kept?.attempts ?? 1),
    started,
  })
}
