import { PipeError } from '../errors.ts'
import { DigestError, digestOf, parseDigest } from '../image/digest.ts'
import { quote } from '../image/quote.ts'
import { parseJson } from '../json.ts'
import { artifactOf, notAnImage } from './artifacts.ts'
import { type Descriptor, type Document, isPresent, readDocument } from './document.ts'
import { codingsOf, isUndone } from './http/decode.ts'
import { isPage, said } from './http/said.ts'
import { type Answer, contentType } from './http/transport.ts'
import { keyOfTwoReadings } from './two-readings.ts'
import { accepted, familyOf, isGeneral, isSchema1, kindOf } from './types.ts'

export type { Descriptor } from './document.ts'

/** How many bytes of a manifest are read (distribution-spec: a registry takes at least 4 MiB). */
export const manifestLimit = 4 * 1024 * 1024

/** The media types that this client reads, for the field Accept. */
export const acceptManifests = accepted.join(', ')

export interface Index {
  kind: 'index'
  mediaType: string
  /** Without entries that have no digest that can be used. */
  manifests: Descriptor[]
}

export interface ImageManifest {
  kind: 'image'
  mediaType: string
  /** The kind of artifact that it says it is; empty if it says nothing. */
  artifactType: string
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
  /** How it was sent, if engines do not read what is sent so: `with the Content-Type text/plain`. */
  oddity: string | undefined
}

/**
 * Checks and reads the answer to `GET /v2/<name>/manifests/<reference>`. The bytes must have the digest that was asked
 * for and the one of Docker-Content-Digest, else `PKG-INTEGRITY`. Also throws what `parseManifest` throws; schema 1 is
 * recognized first, because its digest is that of the bytes before they were signed.
 */
export const readManifest = (answer: Answer, name: string, asked: string | undefined): ReadManifest => {
  const { body: bytes } = answer
  if (isPage(answer))
    throw new PipeError(
      'PKG-NOT-A-REGISTRY',
      `${answer.url.host} answers with a page instead of a manifest`,
      { said: said(answer) },
    )
  if (answer.truncated) throw unclear(name, 'The manifest is larger than 4 MiB.')
  const stated = contentType(answer)
  const document = documentOf(bytes, name)
  refuseSchema1(document, stated, name)
  const named = statedDigest(answer)
  for (const digest of [asked, named]) if (digest !== undefined) verify(bytes, digest, name)
  const manifest = manifestOf(document, stated, name)
  const digest = asked ?? named ?? digestOf(bytes)
  return { digest, mediaType: manifest.mediaType, bytes, manifest, oddity: oddityOf(answer) }
}

// Engines go by the header alone, undo one coding, and leave the bytes as they are in any other.
const oddityOf = (answer: Answer): string | undefined => {
  const type = contentType(answer)
  if (type === '') return 'without a Content-Type'
  if (kindOf(type) === undefined) return `with the Content-Type ${type}`
  const codings = codingsOf(answer.headers.get('content-encoding') ?? [])
  const coding = codings.find((each) => each !== 'gzip' && isUndone(each))
  return coding && `with the Content-Encoding ${coding}`
}

// As engines read it: of several fields the first counts; an empty one says nothing.
const statedDigest = (answer: Answer): string | undefined =>
  answer.headers.get('docker-content-digest')?.[0]?.split(',', 1)[0]?.trim() || undefined

const verify = (bytes: Buffer, digest: string, name: string): void => {
  const found = sameKind(bytes, digest)
  if (found === digest) return
  throw new PipeError('PKG-INTEGRITY', `The manifest of ${name} does not match its digest`, {
    said: `expected ${digest}, received ${found ?? 'a digest that cannot be computed'} (${bytes.length} bytes)`,
  })
}

const sameKind = (bytes: Buffer, digest: string): string | undefined => {
  try {
    return digestOf(bytes, parseDigest(digest).algorithm)
  } catch (error) {
    if (error instanceof DigestError) return undefined
    throw error
  }
}

/**
 * Reads the bytes of a manifest, which have been checked against its digest. Throws `PKG-MANIFEST` for what can be read
 * in two ways, which is how one image is passed off for another (CVE-2021-41190), and for what is not an image. An
 * error about what is only not understood here is `unclear`, so that the engine may try; so is `PKG-SCHEMA1`.
 *
 * @param stated the media type that the bytes are said to have; empty if nothing is said
 */
export const parseManifest = (bytes: Buffer, stated: string, name: string): Manifest => {
  const document = documentOf(bytes, name)
  refuseSchema1(document, stated, name)
  return manifestOf(document, stated, name)
}

/** A document, or a sentence that says why it is not understood. */
type Understood = Document | string

const documentOf = (bytes: Buffer, name: string): Understood => {
  const json = parseJson(bytes)
  const key = json === undefined ? undefined : keyOfTwoReadings(bytes.toString())
  if (key !== undefined)
    throw new PipeError('PKG-MANIFEST', failed(name), {
      why: `It has the key ${quote(key)} twice, or beside one that differs only in its case: a document that two programs read as two images is an attack.`,
    })
  return json === undefined ? 'It is not a manifest in JSON.' : readDocument(json)
}

const refuseSchema1 = (understood: Understood, stated: string, name: string): void => {
  const document = typeof understood === 'string' ? undefined : understood
  if (!isSchema1(document, stated)) return
  throw new PipeError('PKG-SCHEMA1', `${name} is stored in a format that engines no longer read`, {
    said: document?.mediaType || stated || 'fsLayers, signatures',
    // Older engines pull it if it is signed.
    unclear: document === undefined || (document.signatures ?? []).length > 0,
  })
}

const manifestOf = (document: Understood, stated: string, name: string): Manifest => {
  if (typeof document === 'string') throw unclear(name, document)
  const mediaType = agreed(document, stated, name)
  const kind = kindOf(mediaType)
  const twoWays = ambiguity(document, kind)
  if (twoWays !== undefined) throw new PipeError('PKG-MANIFEST', failed(name), { why: twoWays })
  if (kind === undefined) throw otherType(document, mediaType, name)
  const { artifactType, config, layers, manifests } = document
  if (kind === 'index') {
    return { kind, mediaType, manifests: (manifests ?? []).filter(({ digest }) => usable(digest)) }
  }
  if (!config) throw unclear(name, 'It names no config.')
  const wrong = [config, ...(layers ?? [])].find(({ digest }) => !usable(digest))
  if (wrong !== undefined) throw unclear(name, `It names ${quote(wrong.digest)} as a digest.`)
  return { kind, mediaType, artifactType, config, layers: layers ?? [] }
}

// The media type by the header and the document. Engines go by the header, and hold the document to it.
const agreed = (document: Document, stated: string, name: string): string => {
  const own = document.mediaType
  // A server that does not know the type sends a general one.
  const header = isGeneral(stated) ? '' : stated
  if (own !== '' && header !== '' && own !== header) {
    const why = `The header names it ${header}, the manifest itself ${own}.`
    const twoKinds =
      kindOf(own) !== undefined && kindOf(header) !== undefined && kindOf(own) !== kindOf(header)
    throw twoKinds ? new PipeError('PKG-MANIFEST', failed(name), { why }) : unclear(name, why)
  }
  if (own === '' && familyOf(header) === 'docker')
    throw unclear(name, `The header names it ${header}, but a document of that type names its type itself.`)
  if (own !== '' || header !== '') return own || header
  return isPresent(document.manifests) ? 'application/vnd.oci.image.index.v1+json' : ociManifest
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json'

const ambiguity = (document: Document, kind: Manifest['kind'] | undefined): string | undefined => {
  const { manifests, config, layers, fsLayers, history } = document
  const isIndex = isPresent(manifests) || kind === 'index'
  const isImage = isPresent(config) || isPresent(layers)
  if (isIndex && (isImage || kind === 'image'))
    return `It can be read as an index and as an image${twoImages}.`
  const isOld = isPresent(fsLayers) || isPresent(history)
  if (isOld && (isIndex || isImage)) return `It can be read as manifests of two formats${twoImages}.`
  return undefined
}

const twoImages = ', so that different programs would take it for different images (CVE-2021-41190)'

const otherType = (document: Document, mediaType: string, name: string): PipeError => {
  const artifact = artifactOf([mediaType, document.artifactType])
  return artifact ? notAnImage(artifact, name) : unclear(name, `It is of the type ${mediaType}.`)
}

const usable = (digest: string): boolean =>
  /^[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]{32,256}$/.test(digest)

const failed = (name: string) => `The manifest of ${name} cannot be used`

const unclear = (name: string, why: string): PipeError =>
  new PipeError('PKG-MANIFEST', failed(name), { why, unclear: true })
