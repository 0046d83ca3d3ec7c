import * as z from 'zod/mini'
import { digestOf, parseDigest } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import type { RegistryClient } from './client.ts'
import { text } from './document.ts'

/** How large an image's configuration may be, in bytes. */
const LARGEST = 4 * 1024 * 1024

// It only tells the platform, which is not worth a longer wait.
const LONGEST_MS = 10_000

/** Fetches the configuration of an image and checks it against its digest. Throws whatever goes wrong. */
export const fetchConfiguration = async (
  client: Pick<RegistryClient, 'blob'>,
  repository: string,
  digest: string,
): Promise<Buffer> => {
  const { algorithm } = parseDigest(digest)
  const { body } = await client.blob(repository, digest, { signal: AbortSignal.timeout(LONGEST_MS) })
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > LARGEST) throw new RangeError(`The configuration ${digest} is larger than 4 MiB.`)
    chunks.push(chunk)
  }
  const bytes = Buffer.concat(chunks)
  if (digestOf(bytes, algorithm) !== digest)
    throw new RangeError(`The configuration is not that of ${digest}.`)
  return bytes
}

/** The platform that an image's configuration names (image-spec, config.md); undefined if it names none. */
export const platformOf = (configuration: Buffer): Platform | undefined => {
  const parsed = wireConfiguration.safeParse(parseJson(configuration))
  if (!parsed.success || parsed.data.architecture === '') return undefined
  const { os, architecture, variant } = parsed.data
  return { os: os || 'linux', architecture, ...(variant && { variant }) }
}

const wireConfiguration = z.object({ os: text, architecture: text, variant: text })
