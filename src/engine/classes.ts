import type { Code } from '../errors.ts'

/** The kinds of failure that can be told apart by the docker CLI's text, and the catalogue's code for each. */
export const codes = {
  'engine-unreachable': 'PKG-ENGINE-UNREACHABLE',
  'engine-memory': 'PKG-ENGINE-UNREACHABLE',
  'api-version': 'PKG-ENGINE-API',
  'pipelines-plugin': 'PKG-ENGINE-DENIED',
  'uid-map': 'PKG-ENGINE-UID',
  'disk-full': 'PKG-DISK-FULL',
  'no-such-image': 'PKG-ENGINE',
  'container-gone': 'PKG-ENGINE',
  'credential-helper': 'PKG-ENGINE',
  'archive-format': 'PKG-ENGINE',
  'multi-platform-save': 'PKG-ENGINE',

  lockout: 'PKG-LOCKOUT',
  quota: 'PKG-QUOTA',
  'rate-burst': 'PKG-RATE-LIMIT',
  'registry-unavailable': 'PKG-REGISTRY-UNAVAILABLE',
  'not-a-registry': 'PKG-NOT-A-REGISTRY',
  'empty-variable': 'PKG-CREDENTIALS-MISSING',
  credential: 'PKG-AUTH-REFUSED',
  'no-credential': 'PKG-ACCESS-DENIED',
  'denied-ambiguous': 'PKG-ACCESS-DENIED',

  'name-unknown': 'PKG-PACKAGE-UNKNOWN',
  'manifest-unknown': 'PKG-TAG-UNKNOWN',
  'digest-unknown': 'PKG-DIGEST-UNKNOWN',
  platform: 'PKG-PLATFORM',
  integrity: 'PKG-INTEGRITY',
  manifest: 'PKG-MANIFEST',
  artifact: 'PKG-MANIFEST',
  'part-missing': 'PKG-MANIFEST',
  layer: 'PKG-MANIFEST',
  'layer-depth': 'PKG-MANIFEST',
  zstd: 'PKG-MANIFEST',
  schema1: 'PKG-SCHEMA1',
  reference: 'PKG-CONFIG',

  'tls-ca': 'PKG-TLS-CA',
  'tls-host': 'PKG-TLS-HOST',
  'tls-expired': 'PKG-TLS-EXPIRED',
  tls: 'PKG-TLS',
  dns: 'PKG-DNS',
  'network-timeout': 'PKG-NETWORK',
  network: 'PKG-NETWORK',
  canceled: 'PKG-NETWORK',

  unknown: 'PKG-ENGINE',
} as const satisfies Record<string, Code>

export type ErrorClass = keyof typeof codes

/** Classes that say little: a line of another class tells more, even if it comes before. */
export const vague: readonly ErrorClass[] = ['denied-ambiguous', 'canceled', 'network']

/** Why it happened and what to do. */
interface Words {
  why: string
  hint: string
}

/**
 * Why an engine cannot unpack layers that are compressed with zstd.
 *
 * @param version the engine's, if the caller knows it and knows that the layers are compressed so
 */
export const zstdWords = (version?: string): Words => ({
  why:
    version === undefined
      ? 'The engine could not read a layer as a tar archive. Engines before 23 say this of every layer that is compressed with zstd, which they cannot read; of any other layer it means that it was damaged before it was pushed.'
      : `This engine is ${version}; it cannot read layers that are compressed with zstd, which needs 23 or later.`,
  hint: 'Set STORE, so that the pipe itself inflates the layers; or use an engine of version 23 or later; or push the image with layers compressed by gzip (buildx: --output type=registry,compression=gzip,force-compression=true).',
})

/** What is known of a class beyond the catalogue's words for its code. */
export const words: Partial<Record<ErrorClass, Words>> = {
  zstd: zstdWords(),
  'part-missing': {
    why: 'The registry has the image under this name, but has lost a part of it: a layer, its config or the manifest of a platform.',
    hint: 'Push the image again; if the registry claims to have that part already, build it again without a cache.',
  },
  layer: {
    why: 'A layer arrived as it was pushed, but is not a complete tar archive, or is compressed in a way that this engine does not read.',
    hint: 'Build the image again without a cache and push it again.',
  },
  'layer-depth': {
    why: 'The image has more layers than the engine can stack (about 125).',
    hint: 'Build the image with fewer layers: join RUN lines, use a multi-stage build, or squash it.',
  },
  artifact: {
    why: 'This is not a container image, but a signature, a chart, a model or another artifact.',
    hint: 'Check the name and the tag; fetch artifacts with the program that made them.',
  },
  'archive-format': {
    why: 'The archive that the engine was to load is damaged, incomplete, or in a format that this engine does not read.',
    hint: 'Remove the folder of STORE, and the cache or artifact that it came from, and run the step again.',
  },
  'container-gone': {
    why: 'The container ended or was removed before the engine was done with it.',
    hint: 'Look above for what the container said last; something else in the step may remove containers.',
  },
}
