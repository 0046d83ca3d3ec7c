import type { Credential } from './credential.ts'

/** An image that is in the engine, as `result.json` describes it. What is not known is null. */
export interface DeliveredImage {
  /** The full reference, as a later script line uses it. */
  reference: string
  /** Digest of the tag: of an index where the image is a multi-platform one. Null where only the engine knows the image. */
  digest: string | null
  /** Digest of the platform's own manifest. */
  manifestDigest: string | null
  id: string
  /** `os/arch[/variant]`. */
  platform: string
  /** Sum of the compressed layers, in bytes. */
  compressedSize: number | null
  /** What came from the registry in this run, in bytes. */
  bytesTransferred: number | null
  source: 'engine' | 'store' | 'registry'
  credential: Credential['kind'] | null
  attempts: number
  seconds: number
}
