import type { Credential } from '../credential.ts'
import type { DeliveredImage } from '../delivered.ts'
import type { EngineImage } from '../engine/images.ts'
import type { PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Resolved } from '../lookup/resolve.ts'
import type { WholeImage } from '../store/archive.ts'
import { secondsSince } from '../units.ts'
import { digestIn } from './names.ts'

/** One image on its way into the engine. */
export interface Delivery {
  image: ImageReference
  source: ImageSource
  /** Undefined as long as it is on its way. */
  result?: DeliveredImage | PipeError | undefined
}

/** Where an image is taken from. */
export type ImageSource =
  | {
      from: 'engine'
      id: string
      /** What the engine says of it, where it was asked already. */
      found?: EngineImage | undefined
      /** Undefined where the registry was not asked. */
      resolved?: Resolved | undefined
      /** What the store knows of it. */
      stored?: WholeImage | undefined
    }
  | { from: 'store'; stored: WholeImage }
  | { from: 'registry'; resolved: Resolved }
  /** Only the engine can find out. */
  | {
      from: 'unknown'
      error: PipeError
      /** Whether an image of this name is in the engine or the store. */
      isHere?: boolean
    }
  | { from: 'nowhere'; error: PipeError }

interface Facts {
  image: ImageReference
  /** The image as the engine has it, and its name there. */
  found: EngineImage
  reference: string
  /** What the registry and the store say of it, where they were asked. */
  resolved?: Resolved | undefined
  stored?: WholeImage | undefined
  credential: Credential | undefined
  source: DeliveredImage['source']
  /** Null where nobody knows. */
  bytesTransferred: number | null
  attempts: number
  /** `performance.now()` when its delivery began. */
  started: number
}

/** The report of an image that is in the engine now. */
export const deliveredImage = ({
  image,
  found,
  resolved,
  stored,
  credential,
  ...facts
}: Facts): DeliveredImage => ({
  reference: facts.reference,
  digest: stored?.digest ?? resolved?.digest ?? image.digest ?? digestIn(found, image.name) ?? null,
  manifestDigest: stored?.manifest.digest ?? resolved?.manifestDigest ?? null,
  id: found.id,
  platform: found.platform,
  compressedSize: resolved?.compressedSize ?? (stored === undefined ? null : compressedSize(stored)),
  bytesTransferred: facts.bytesTransferred,
  source: facts.source,
  credential: credential?.kind ?? null,
  attempts: facts.attempts,
  seconds: secondsSince(facts.started),
})

const compressedSize = ({ config, layers }: WholeImage) => {
  const sizes = new Map([config, ...layers].map(({ digest, size }) => [digest, size]))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}
