import type { Credential } from './credential.ts'

/** An image that is in the engine, as `result.json` describes it. Unknown values are null. */
export interface DeliveredImage {
  /** The full reference, as a later script line uses it. */
  reference: string
  /** Digest of the tag: that of the index if the image is multi-platform. Null if only the engine knows the image. */
  digest: string | null
  /** Digest of the platform's own manifest. */
  manifestDigest: string | null
  id: string
  /** `os/arch[/variant]`. */
  platform: string
  /** Size of the config and the compressed layers, each blob once, in bytes. */
  compressedSize: number | null
  /** Bytes that came from the registry in this run. */
  bytesTransferred: number | null
  source: 'engine' | 'store' | 'registry'
  credential: Credential['kind'] | null
  attempts: number
  seconds: number
}
