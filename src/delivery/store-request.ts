import type { Credential } from '../credential.ts'
import type { ImageReference } from '../image/reference.ts'
import type { Lookup } from '../lookup/lookup.ts'
import type { Resolved } from '../lookup/resolve.ts'
import type { Settings } from '../settings/settings.ts'
import type { WholeImage } from '../store/archive.ts'
import type { Delivery } from './delivery.ts'
import { localName, storedName } from './names.ts'

/** An image that is to be in the store when the pipe ends. */
export interface StoreRequest {
  image: ImageReference
  whole: WholeImage
  /** What the registry sent for it, by digest: manifest, index and configuration; empty if it was not asked. */
  described: ReadonlyMap<string, Buffer>
  /** Whether it goes to the engine, so that its bytes must be right. */
  loaded: boolean
  /** The credentials to ask the registry with; empty if it must not be asked. */
  credentials: ReadonlyArray<Credential | undefined>
}

/** The request to the store for an image; undefined if the image does not concern the store. */
export const storeRequest = (
  { image, source }: Delivery,
  { lookup, pullPolicies }: { lookup: Lookup } & Pick<Settings, 'pullPolicies'>,
): StoreRequest | undefined => {
  if (source.from === 'store') {
    const credentials = pullPolicies.every((policy) => policy === 'never') ? [] : lookup.credentials(image)
    return { image, whole: source.stored, described: new Map(), loaded: true, credentials }
  }
  const resolved = 'resolved' in source ? source.resolved : undefined
  if (resolved === undefined) return undefined
  const described = new Map([[resolved.manifestDigest, resolved.manifest.bytes]])
  if (resolved.index !== undefined) described.set(resolved.digest, resolved.index)
  if (resolved.configBytes !== undefined) described.set(resolved.config.digest, resolved.configBytes)
  return {
    image,
    whole: wholeOf(image, resolved),
    described,
    loaded: source.from !== 'engine',
    credentials: [resolved.credential],
  }
}

const wholeOf = (image: ImageReference, resolved: Resolved): WholeImage => {
  const { digest, manifestDigest, manifest, config, layers, platform } = resolved
  return {
    reference: storedName(image),
    digest,
    manifest: { mediaType: manifest.mediaType, digest: manifestDigest, size: manifest.bytes.length },
    platform,
    config,
    layers,
    tags: [localName(image)],
  }
}
