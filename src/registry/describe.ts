import { PipeError } from '../errors.ts'
import type { Descriptor, ImageManifest } from './manifest.ts'

/** What a manifest says of its image. */
export interface ImageFacts {
  config: Descriptor
  layers: Descriptor[]
  /** What is to be transferred, in bytes: config and layers, each blob once. */
  compressedSize: number
}

/**
 * The facts of one platform's image. Throws `PKG-MANIFEST` where the manifest is not of an image but of
 * something else that registries keep (a chart, a signature), which an engine refuses after the login.
 */
export const describeImage = ({ config, layers }: ImageManifest, name: string): ImageFacts => {
  if (!imageConfigs.has(config.mediaType))
    throw new PipeError('PKG-MANIFEST', `${name} is not a container image`, {
      said: config.mediaType,
      why: 'Registries also keep charts, signatures and other files; this is one of them.',
      hint: 'Name a package that holds a container image.',
    })
  const blobs = new Map([config, ...layers].map((each) => [each.digest, each.size]))
  const compressedSize = [...blobs.values()].reduce((sum, size) => sum + size, 0)
  return { config, layers, compressedSize }
}

// The types that engines take for images: Docker's, OCI's, and what old registries put in their place.
const imageConfigs = new Set([
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
  'application/octet-stream',
  'application/json',
  'text/html',
  '',
])
