import type { Docker } from './engine/docker.ts'
import { inspect, pull, tag } from './engine/images.ts'
import { PipeError } from './errors.ts'
import type { ImageReference } from './image/reference.ts'
import { type Log, seconds } from './report/log.ts'
import type { DeliveredImage } from './report/outputs.ts'
import type { Credential } from './settings.ts'

interface Access {
  /** The docker config to pull with. */
  config: string
  /** Whose login is in it. */
  credential: Credential['kind'] | null
  log: Log
}

/**
 * Brings one image into the engine, under its tag and its digest.
 *
 * @throws {PipeError} with the registry's or the engine's answer
 */
export const deliver = async (
  docker: Docker,
  image: ImageReference,
  { config, credential, log }: Access,
): Promise<DeliveredImage> => {
  const started = performance.now()
  const { name, digest } = image
  const tagged = image.tag === undefined ? undefined : `${name}:${image.tag}`
  const wanted = digest === undefined ? `${name}:${image.tag}` : `${name}@${digest}`
  await pull(docker, wanted, { config })
  // The engine leaves the tag out when it pulls by digest.
  if (digest !== undefined && tagged !== undefined) await tag(docker, wanted, tagged, config)
  const { id, platform, repoDigests } = await inspect(docker, wanted, config)
  const pulled = repoDigests.find((each) => each.startsWith(`${name}@`))?.slice(name.length + 1)
  const delivered = digest ?? pulled
  if (delivered === undefined) {
    throw new PipeError('PKG-ENGINE', `The engine has ${wanted}, but does not say of which digest.`)
  }
  const took = (performance.now() - started) / 1000
  log.info(`Pulled ${tagged ?? wanted}: ${delivered}, ${platform} (${seconds(took * 1000)})`)
  return {
    reference: tagged ?? wanted,
    digest: delivered,
    manifestDigest: null,
    id,
    platform,
    compressedSize: null,
    bytesTransferred: null,
    source: 'registry',
    credential,
    attempts: 1,
    seconds: Number(took.toFixed(3)),
  }
}
