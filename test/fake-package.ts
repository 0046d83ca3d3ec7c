import { createHash } from 'node:crypto'
import type { FakeRegistry } from './fake-registry.ts'

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'

export const sha256 = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`

const blob = (mediaType: string, size: number, seed: string) => ({ mediaType, size, digest: sha256(seed) })

// What the manifests of this file refer to and a registry has: by digest.
const configs = new Map<string, string>()

// As long as an image's configuration is at least, to the byte.
const configOf = (seed: string, platform: string, layers: readonly number[]) => {
  const [os, architecture, variant] = platform.split('/')
  const diff_ids = layers.map((_, index) => sha256(`${seed} archive ${index}`))
  const text = JSON.stringify({ os, architecture, variant, rootfs: { type: 'layers', diff_ids }, seed })
  return text.padEnd(1000)
}

/** The manifest of an image of some layers for a platform, as bytes; `seed` makes it another image. */
export const imageManifest = (
  seed: string,
  layers: readonly number[] = [2_000_000],
  platform = 'linux/arm64/v8',
): string => {
  const config = configOf(seed, platform, layers)
  configs.set(sha256(config), config)
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      size: config.length,
      digest: sha256(config),
    },
    layers: layers.map((size, index) =>
      blob('application/vnd.oci.image.layer.v1.tar+gzip', size, `${seed} layer ${index}`),
    ),
  })
}

/** The digest of the configuration of an image: its id in an engine. */
export const idOf = (manifest: string): string =>
  (JSON.parse(manifest) as { config: { digest: string } }).config.digest

/** The index of images by platform (`os/arch[/variant]`), as bytes. */
export const imageIndex = (images: Record<string, string>): string =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: Object.entries(images).map(([platform, manifest]) => {
      const [os, architecture, variant] = platform.split('/')
      return {
        mediaType: MANIFEST,
        digest: sha256(manifest),
        size: manifest.length,
        platform: { os, architecture, ...(variant && { variant }) },
      }
    }),
  })

/** Has a fake registry, which lets in the pairs of `users` by Basic, serve a package. */
export const serveBasic = (registry: FakeRegistry, users: Record<string, string>): void => {
  const accepted = Object.entries(users).map(
    ([user, password]) => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
  )
  registry.on('GET /v2/', ({ headers }) =>
    accepted.includes(String(headers.authorization))
      ? { status: 200, body: {} }
      : {
          status: 401,
          headers: { 'www-authenticate': 'Basic realm="packages"' },
          body: { errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] },
        },
  )
}

/** Has a fake registry hold a package: manifests by tag, and each manifest by its digest. */
export const servePackage = (
  registry: FakeRegistry,
  repository: string,
  tags: Record<string, string>,
  more: readonly string[] = [],
): void => {
  const answer = (bytes: string) => ({
    status: 200,
    headers: {
      'content-type': (JSON.parse(bytes) as { mediaType: string }).mediaType,
      'docker-content-digest': sha256(bytes),
    },
    body: bytes,
  })
  for (const [tag, bytes] of Object.entries(tags)) {
    registry.on(`GET /v2/${repository}/manifests/${tag}`, answer(bytes))
  }
  for (const bytes of [...Object.values(tags), ...more]) {
    registry.on(`GET /v2/${repository}/manifests/${sha256(bytes)}`, answer(bytes))
    const { config } = JSON.parse(bytes) as { config?: { digest: string } }
    const body = configs.get(config?.digest ?? '')
    if (body !== undefined) registry.on(`GET /v2/${repository}/blobs/${config?.digest}`, { body })
  }
  registry.on(`GET /v2/${repository}/tags/list`, { body: { name: repository, tags: Object.keys(tags) } })
}
