import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { digestOf, parseDigest } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import type { RegistryClient } from './client.ts'
import { text } from './document.ts'
import { keyOfTwoReadings } from './two-readings.ts'

/** An image's configuration (image-spec, config.md), as far as it is looked at before a pull. */
export interface Configuration {
  bytes: Buffer
  /** What it says that the image runs on; undefined if it does not say it. */
  platform: Platform | undefined
  /** How many layers it says that the image has; undefined if engines cannot read it. */
  layers: number | undefined
}

/** The largest configuration that is read, in bytes. */
const LARGEST = 4 * 1024 * 1024

// It is of little use: what takes longer is not waited for.
const LONGEST_MS = 10_000

/**
 * Fetches an image's configuration, in one attempt.
 *
 * @throws {PipeError} PKG-INTEGRITY for bytes of another digest, or why it cannot be had
 */
export const fetchConfiguration = async (
  client: Pick<RegistryClient, 'blob'>,
  repository: string,
  digest: string,
): Promise<Configuration> => {
  const { algorithm } = parseDigest(digest)
  const signal = AbortSignal.timeout(LONGEST_MS)
  try {
    const { body } = await client.blob(repository, digest, { signal })
    const bytes = await whole(body)
    if (digestOf(bytes, algorithm) === digest) return readConfiguration(bytes)
  } catch (error) {
    if (error instanceof PipeError || !signal.aborted) throw error
    throw new PipeError('PKG-NETWORK', `The configuration ${digest} did not arrive in time`, { cause: error })
  }
  throw new PipeError('PKG-INTEGRITY', `The configuration ${digest} arrived with other bytes`)
}

const whole = async (body: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LARGEST)
      throw new PipeError('PKG-MANIFEST', 'The configuration is larger than 4 MiB', { unclear: true })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Reads the bytes of a configuration, which are known to be those of its digest. */
export const readConfiguration = (bytes: Buffer): Configuration => {
  const parsed = wireConfiguration.safeParse(parseJson(bytes))
  // Engines might read another platform and other layers than this pipe.
  if (!parsed.success || keyOfTwoReadings(bytes.toString()) !== undefined)
    return { bytes, platform: undefined, layers: undefined }
  const { os, architecture, variant, rootfs } = parsed.data
  const platform = { os: os || 'linux', architecture, ...(variant && { variant }) }
  return {
    bytes,
    platform: architecture === '' ? undefined : platform,
    layers: rootfs ? (rootfs.diff_ids ?? []).length : undefined,
  }
}

const wireConfiguration = z.object({
  os: text,
  architecture: text,
  variant: text,
  rootfs: z.nullish(z.object({ diff_ids: z.nullish(z.array(z.string())) })),
})
