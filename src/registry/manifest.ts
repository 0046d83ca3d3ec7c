import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { digestOf } from '../image/digest.ts'
import type { Platform } from '../image/platform.ts'
import { parseJson } from '../json.ts'
import { isPage, said } from './http/said.ts'
import { type Answer, contentType, header } from './http/transport.ts'

/** How many bytes of a manifest are read (distribution-spec: a registry takes at least 4 MiB). */
export const manifestLimit = 4 * 1024 * 1024

/** What a client of the registry can read, for the field Accept. */
export const acceptManifests = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

export interface Descriptor {
  mediaType: string
  digest: string
  /** In bytes. */
  size: number
  platform?: Platform
  annotations?: Record<string, string>
}

export interface Index {
  kind: 'index'
  mediaType: string
  manifests: Descriptor[]
}

export interface ImageManifest {
  kind: 'image'
  mediaType: string
  config: Descriptor
  layers: Descriptor[]
}

export type Manifest = Index | ImageManifest

/** A manifest whose bytes were checked against its digest. */
export interface ReadManifest {
  digest: string
  mediaType: string
  /** Exactly as the registry has them: its digest is theirs. */
  bytes: Buffer
  manifest: Manifest
}

/**
 * Checks and reads the answer to `GET /v2/<name>/manifests/<reference>`. The bytes must have the digest that
 * was asked for and the one of Docker-Content-Digest, else `PKG-INTEGRITY`; the media type of the header and
 * the one of the body must agree, and it must be an image or an index of images, else `PKG-MANIFEST` (a
 * document that can be read in two ways is an attack, CVE-2021-41190); schema 1 is `PKG-SCHEMA1`.
 */
export const readManifest = (answer: Answer, name: string, asked: string | undefined): ReadManifest => {
  const { body: bytes } = answer
  if (isPage(answer))
    throw new PipeError(
      'PKG-NOT-A-REGISTRY',
      `${answer.url.host} answers with a page instead of a manifest`,
      {
        said: said(answer),
      },
    )
  if (answer.truncated) throw unreadable(name, 'The manifest is larger than 4 MiB.')
  const stated = header(answer, 'docker-content-digest')
  for (const digest of [asked, stated]) if (digest !== undefined) verify(bytes, digest, name)
  const manifest = parseManifest(bytes, contentType(answer), name)
  const digest = asked ?? stated ?? digestOf(bytes)
  return { digest, mediaType: manifest.mediaType, bytes, manifest }
}

const verify = (bytes: Buffer, digest: string, name: string): void => {
  const algorithm = /^(sha256|sha512):[0-9a-f]+$/.exec(digest)?.[1] as 'sha256' | 'sha512' | undefined
  const found = algorithm && digestOf(bytes, algorithm)
  if (found === digest) return
  throw new PipeError('PKG-INTEGRITY', `The manifest of ${name} is not the one of its digest`, {
    said: `${digest} is named, ${found ?? 'nothing that can be computed'} has arrived (${bytes.length} bytes)`,
  })
}

/**
 * Reads the bytes of a manifest, which are known to be those of its digest.
 *
 * @param stated the media type that they are said to have; empty where nothing is said
 */
export const parseManifest = (bytes: Buffer, stated: string, name: string): Manifest => {
  const document = wireDocument.safeParse(parseJson(bytes))
  if (!document.success) throw unreadable(name, 'It is not a manifest in JSON.')
  const { schemaVersion, mediaType: own, manifests, config, layers } = document.data
  if (schemaVersion === 1 || schema1.test(stated) || schema1.test(own ?? ''))
    throw new PipeError('PKG-SCHEMA1', `${name} is stored in a format that engines no longer read`, {
      said: own ?? stated,
    })
  // Servers that do not know the type say something general.
  const known = general.test(stated) ? undefined : stated
  if (own !== undefined && known !== undefined && own !== known)
    throw unreadable(name, `The header names it ${known}, the manifest itself ${own}.`)
  const mediaType = own ?? known ?? (manifests ? indexType : manifestType)
  if (manifests && (config || layers)) throw unreadable(name, 'It can be read as an index and as an image.')
  if (indexTypes.has(mediaType) && manifests) return { kind: 'index', mediaType, manifests }
  if (imageTypes.has(mediaType) && config && layers) return { kind: 'image', mediaType, config, layers }
  throw unreadable(name, `It is of the type ${mediaType}.`)
}

const indexType = 'application/vnd.oci.image.index.v1+json'
const manifestType = 'application/vnd.oci.image.manifest.v1+json'
const indexTypes = new Set([indexType, 'application/vnd.docker.distribution.manifest.list.v2+json'])
const imageTypes = new Set([manifestType, 'application/vnd.docker.distribution.manifest.v2+json'])
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+/
const general = /^(?:|application\/json|application\/octet-stream|text\/plain)$/

// What an engine needs of image-spec's descriptor, manifest and index; the rest is not looked at. A digest
// becomes part of an address, a size part of a sum.
const wirePlatform = z.pipe(
  z.object({
    os: z.string(),
    architecture: z.string(),
    variant: z.optional(z.string()),
    'os.version': z.optional(z.string()),
  }),
  z.transform(
    ({ os, architecture, variant, ...more }): Platform => ({
      os,
      architecture,
      ...(variant && { variant }),
      ...(more['os.version'] && { osVersion: more['os.version'] }),
    }),
  ),
)

const wireDescriptor = z.pipe(
  z.object({
    mediaType: z.string(),
    digest: z.string().check(z.regex(/^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]{32,256}$/)),
    size: z.int().check(z.nonnegative()),
    platform: z.optional(wirePlatform),
    annotations: z.catch(z.optional(z.record(z.string(), z.string())), undefined),
  }),
  z.transform(
    ({ platform, annotations, ...rest }): Descriptor => ({
      ...rest,
      ...(platform && { platform }),
      ...(annotations && { annotations }),
    }),
  ),
)

const descriptors = z.nullish(z.array(wireDescriptor).check(z.maxLength(1000)))

const wireDocument = z.object({
  schemaVersion: z.optional(z.number()),
  mediaType: z.optional(z.string()),
  manifests: descriptors,
  config: z.optional(wireDescriptor),
  layers: descriptors,
})

const unreadable = (name: string, why: string): PipeError =>
  new PipeError('PKG-MANIFEST', `The manifest of ${name} cannot be used`, { why })
