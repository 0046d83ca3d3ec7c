import { type Credential, credentialName } from '../credential.ts'
import type { DeliveredImage } from '../delivered.ts'
import type { Engine } from '../engine/engine.ts'
import { createPullProgress, type PullProgress } from '../engine/progress.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Resolved } from '../lookup/resolve.ts'
import { withHeartbeat } from '../report/heartbeat.ts'
import { retry } from '../retry.ts'
import { seconds, size } from '../units.ts'
import { deliveredImage } from './delivery.ts'
import type { Tools } from './tools.ts'

interface Origin {
  /** What the registry said; undefined if it could not be asked and the engine has to find out. */
  resolved: Resolved | undefined
  credential: Credential | undefined
  /** The engine that is signed in with that credential. */
  engine: Engine
  /** The layers already counted as transferred in this run: images share layers, and the registry sends each once. */
  counted: Set<string>
}

/**
 * Brings one image into the engine, under its tag and its digest. The engine pulls the digest that was resolved, and
 * the tag is put on it.
 *
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const pullImage = async (
  image: ImageReference,
  { resolved, credential, engine, counted }: Origin,
  { log, retrying }: Pick<Tools, 'log' | 'retrying'>,
): Promise<DeliveredImage> => {
  const started = performance.now()
  const tagged = image.tag === undefined ? undefined : `${image.name}:${image.tag}`
  const wanted = pullName(image, resolved?.pullDigest)
  const reference = tagged ?? wanted

  const progress = createPullProgress()
  const line = () =>
    `Pulling ${reference}: ${state(progress, resolved)} (${seconds(performance.now() - started)})`
  let attempts = 0
  await withHeartbeat(log, line, () =>
    retry(() => {
      attempts++
      return engine.pull(wanted, progress.line)
    }, retrying),
  )
  const [found] = await Promise.all([
    engine.inspect(wanted),
    // The engine leaves the tag out when it pulls by digest.
    tagged !== undefined && wanted !== tagged ? engine.tag(wanted, tagged) : undefined,
  ])

  const transferred = resolved && bytesTransferred(resolved, progress, counted)
  const delivered = deliveredImage({
    image,
    found,
    reference,
    resolved,
    credential,
    source: transferred === 0 ? 'engine' : 'registry',
    bytesTransferred: transferred ?? null,
    attempts,
    started,
  })
  const amount = transferred === undefined ? '' : `, ${size(transferred)} transferred`
  log.info(
    `Pulled ${reference} with ${credentialName(credential?.kind)}: ${delivered.digest ?? found.id}, ${found.platform}${amount} (${seconds(performance.now() - started)})`,
  )
  return delivered
}

const pullName = ({ name, tag, digest }: ImageReference, resolved: string | undefined) => {
  const by = resolved ?? digest
  return by === undefined ? `${name}:${tag}` : `${name}@${by}`
}

const state = (progress: PullProgress, resolved: Resolved | undefined) =>
  resolved === undefined
    ? `${progress.done()} layers are there`
    : `${progress.done()} of ${resolved.layers.length} layers are there, ${size(resolved.compressedSize)} in all`

const bytesTransferred = ({ layers }: Resolved, progress: PullProgress, counted: Set<string>) => {
  const fresh = layers.filter(({ digest }) => {
    const first = progress.transferred(digest) && !counted.has(digest)
    if (first) counted.add(digest)
    return first
  })
  return fresh.reduce((sum, { size }) => sum + size, 0)
}
