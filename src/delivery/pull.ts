import { inspect, pull, tag } from '../engine/images.ts'
import { createPullProgress, type PullProgress } from '../engine/progress.ts'
import { PipeError } from '../errors.ts'
import type { ImageReference } from '../image/reference.ts'
import { seconds, size } from '../report/log.ts'
import type { DeliveredImage } from '../report/outputs.ts'
import { retry } from '../retry.ts'
import type { Credential } from '../settings/settings.ts'
import { credentialName } from '../lookup/diagnosis.ts'
import { digestIn } from './names.ts'
import type { Resolution } from '../lookup/resolve.ts'
import type { Tools } from './tools.ts'

// How often a long pull says that it goes on: often enough for a person, rarely enough for a log.
const HEARTBEAT = 20_000

interface Source {
  /** What the registry said; undefined where it could not be asked and the engine has to find out. */
  resolution: Resolution | undefined
  credential: Credential | undefined
  /** The docker config to pull with. */
  config: string
  /** Whether the user named the platform; else the engine takes its own of a multi-platform image. */
  platformChosen: boolean
}

/**
 * Brings one image into the engine, under its tag and its digest. What was resolved is what is pulled: the
 * engine gets the digest, and the tag is put on it.
 *
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const pullImage = async (
  image: ImageReference,
  source: Source,
  { docker, log, retrying }: Tools,
): Promise<DeliveredImage> => {
  const started = performance.now()
  const { name } = image
  const { resolution, credential, config } = source
  const tagged = image.tag === undefined ? undefined : `${name}:${image.tag}`
  const digest = source.platformChosen ? resolution?.manifestDigest : resolution?.digest
  const wanted = pullName(image, digest)
  const reference = tagged ?? wanted

  const progress = createPullProgress()
  const heartbeat = setInterval(
    () =>
      log.info(
        `Pulling ${reference}: ${state(progress, resolution)} (${seconds(performance.now() - started)})`,
      ),
    HEARTBEAT,
  )
  let attempts = 0
  try {
    await retry(() => {
      attempts++
      return pull(docker, wanted, { config, onLine: progress.line })
    }, retrying)
  } finally {
    clearInterval(heartbeat)
  }
  const [found] = await Promise.all([
    inspect(docker, wanted, config),
    // The engine leaves the tag out when it pulls by digest.
    tagged !== undefined && wanted !== tagged ? tag(docker, wanted, tagged, config) : undefined,
  ])
  const tagDigest = resolution?.digest ?? image.digest ?? digestIn(found, name)
  if (tagDigest === undefined) {
    throw new PipeError('PKG-ENGINE', `The engine has ${wanted}, but does not say of which digest.`)
  }

  const took = performance.now() - started
  const transferred = resolution && bytesTransferred(resolution, progress)
  const amount = transferred === undefined ? '' : `, ${size(transferred)} transferred`
  log.info(
    `Pulled ${reference} with ${credentialName(credential?.kind)}: ${tagDigest}, ${found.platform}${amount} (${seconds(took)})`,
  )
  return {
    reference,
    digest: tagDigest,
    manifestDigest: resolution?.manifestDigest ?? null,
    id: found.id,
    platform: found.platform,
    compressedSize: resolution?.compressedSize ?? null,
    bytesTransferred: transferred ?? null,
    source: transferred === 0 ? 'engine' : 'registry',
    credential: credential?.kind ?? null,
    attempts,
    seconds: Number((took / 1000).toFixed(3)),
  }
}

const pullName = ({ name, tag: wantedTag, digest }: ImageReference, resolved: string | undefined) => {
  const by = resolved ?? digest
  return by === undefined ? `${name}:${wantedTag}` : `${name}@${by}`
}

const state = (progress: PullProgress, resolution: Resolution | undefined) =>
  resolution === undefined
    ? `${progress.done()} layers are there`
    : `${progress.done()} of ${resolution.layers.length} layers are there, ${size(resolution.compressedSize)} in all`

const bytesTransferred = ({ layers }: Resolution, progress: PullProgress) =>
  layers.filter(({ digest }) => progress.transferred(digest)).reduce((sum, layer) => sum + layer.size, 0)
