import { randomBytes } from 'node:crypto'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { tarEnd, tarHeader, tarPadding } from '../src/store/tar.ts'
import {
  type FakeRegistry,
  manifestReply,
  type Reply,
  type Script,
  type Seen,
  sha256,
} from './fake-registry.ts'

/** An image with all its bytes. */
export interface FakeImage {
  /** By digest: config and layers. */
  blobs: Map<string, Buffer>
  manifest: Buffer
  digest: string
  configDigest: string
  layers: Array<{ digest: string; size: number }>
  /** Sum of config and layers in bytes. */
  size: number
}

/** An image whose layers are these bytes. */
export const fakeImage = (layers: readonly Buffer[], architecture = 'arm64'): FakeImage => {
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture, rootfs: { type: 'layers', diff_ids: layers.map(diffId) } }),
  )
  const describe = (mediaType: string, bytes: Buffer) => ({
    mediaType,
    digest: sha256(bytes),
    size: bytes.length,
  })
  const described = layers.map((bytes) => describe('application/vnd.oci.image.layer.v1.tar+gzip', bytes))
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: describe('application/vnd.oci.image.config.v1+json', config),
      layers: described,
    }),
  )
  const blobs = new Map([config, ...layers].map((bytes) => [sha256(bytes), bytes]))
  return {
    blobs,
    manifest,
    digest: sha256(manifest),
    configDigest: sha256(config),
    layers: described.map(({ digest, size }) => ({ digest, size })),
    size: [...blobs.values()].reduce((sum, { length }) => sum + length, 0),
  }
}

// The digest of a layer as an engine unpacks it (image-spec, "Layer DiffID").
const diffId = (layer: Buffer): string => {
  for (const inflate of [gunzipSync, zstdDecompressSync])
    try {
      return sha256(inflate(layer))
    } catch {
      // It is of another kind.
    }
  return sha256(layer)
}

/** As many bytes in place of a layer, which nothing predicts and no engine would unpack. */
export const randomLayer = (size: number): Buffer => randomBytes(size)

/** A layer that an engine takes: a compressed tar of one file of random bytes. */
export const tarLayer = (size: number): Buffer =>
  gzipSync(Buffer.concat([tarHeader('file', size), randomBytes(size), tarPadding(size), tarEnd()]))

/** Has a fake registry hold an image under a tag. */
export const serveImage = (
  registry: FakeRegistry,
  repository: string,
  tag: string,
  image: FakeImage,
): void => {
  for (const reference of [tag, image.digest])
    registry.on(`GET /v2/${repository}/manifests/${reference}`, manifestReply(image.manifest))
  for (const [digest, bytes] of image.blobs)
    registry.on(`GET /v2/${repository}/blobs/${digest}`, blobReply(bytes))
}

/** Answers as a registry with Range and a strong ETag does. */
export const blobReply =
  (bytes: Buffer, more: Reply = {}): Script =>
  (request) => ({ ...part(bytes, request), ...more })

/** The part of a blob that a request asks for (RFC 9110, section 14). */
export const part = (bytes: Buffer, { headers }: Seen): Reply => {
  const etag = `"${sha256(bytes)}"`
  const from = Number(/^bytes=(\d+)-$/.exec(String(headers.range ?? ''))?.[1] ?? Number.NaN)
  const changed = headers['if-range'] !== undefined && headers['if-range'] !== etag
  if (Number.isNaN(from) || changed) return { headers: { etag }, body: bytes }
  if (from >= bytes.length) return { status: 416, headers: { 'content-range': `bytes */${bytes.length}` } }
  return {
    status: 206,
    headers: { etag, 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` },
    body: bytes.subarray(from),
  }
}
