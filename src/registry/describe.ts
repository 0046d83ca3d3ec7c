import { artifactOf, notAnImage, unknownArtifact } from './artifacts.ts'
import type { Descriptor, ImageManifest } from './manifest.ts'
import { familyOf } from './types.ts'

/** What a manifest says of its image. */
export interface ImageFacts {
  config: Descriptor
  layers: Descriptor[]
  /** Bytes to transfer: config and layers, each blob once. */
  compressedSize: number
}

/**
 * The facts of one platform's image. Throws `PKG-MANIFEST`, and names the artifact, if the manifest is of something
 * else that registries keep. The types of config and layers tell, as they do for the engine.
 */
export const describeImage = (manifest: ImageManifest, name: string): ImageFacts => {
  const { config, layers } = manifest
  const foreign = foreignType(manifest)
  if (foreign !== undefined) {
    const types = [manifest.artifactType, config.mediaType, ...layers.map(({ mediaType }) => mediaType)]
    throw notAnImage(artifactOf(types) ?? unknownArtifact(manifest.artifactType || foreign), name)
  }
  return { config, layers, compressedSize: sizeOf([config, ...layers]) }
}

/** The size of some blobs in bytes, each counted once. */
export const sizeOf = (blobs: ReadonlyArray<Pick<Descriptor, 'digest' | 'size'>>): number => {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]))
  return [...sizes.values()].reduce((sum, size) => sum + size, 0)
}

// An image may call itself an artifact too: only these types decide.
const foreignType = ({ mediaType: own, config, layers }: ImageManifest): string | undefined => {
  const isDocker = familyOf(own) === 'docker'
  if (artifactOf([config.mediaType]) || (isDocker && !dockerConfigs.includes(config.mediaType)))
    return config.mediaType
  return [config, ...layers].map(({ mediaType }) => mediaType).find((type) => !isOfImages(type))
}

// The types that engines accept as parts of images: https://github.com/moby/moby/blob/v25.0.5/distribution/registry.go
const isOfImages = (mediaType: string): boolean => {
  const type = mediaType.toLowerCase()
  return old.includes(type) || /^application\/vnd\.(?:oci\.image|docker)\./.test(type)
}

// Old registries put these in place of the type of a config.
const old = ['', 'application/octet-stream', 'application/json', 'text/html']

const dockerConfigs = [
  ...old,
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
]
