import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { PipeError } from '../../src/errors.ts'
import { type Manifest, readManifest } from '../../src/registry/manifest.ts'
import { ociIndex, ociManifest, sha256 } from '../fake-registry.ts'

const NAME = 'crg.apkg.io/acme/base:1.0'
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json'
const dockerIndex = 'application/vnd.docker.distribution.manifest.list.v2+json'

interface Sent {
  /** The document, or its text where that is the point. */
  body: unknown
  type?: string | undefined
  digests?: string[]
  asked?: string
}

const read = ({ body, type = ociManifest, digests = [], asked }: Sent): Manifest => {
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const headers = new Map([
    ['content-type', [type]],
    ['docker-content-digest', digests],
  ])
  const answer = { status: 200, headers, body: bytes, truncated: false, trusted: true }
  return readManifest({ ...answer, url: new URL('https://crg.apkg.io') }, NAME, asked).manifest
}

const refused = (sent: Sent): PipeError => {
  try {
    read(sent)
  } catch (error) {
    if (error instanceof PipeError) return error
    throw error
  }
  throw new Error('it was read')
}

const blob = (name: string, mediaType: string) => ({ mediaType, digest: sha256(name), size: 10 })
const config = blob('config', 'application/vnd.oci.image.config.v1+json')
const layer = blob('layer', 'application/vnd.oci.image.layer.v1.tar+gzip')
const image = { schemaVersion: 2, mediaType: ociManifest, config, layers: [layer] }
const { mediaType: _, ...untyped } = image
const amd64 = { os: 'linux', architecture: 'amd64' }
const entry = (more: object = {}) => ({ ...blob('manifest', ociManifest), ...more })
const index = (...manifests: unknown[]) => ({ schemaVersion: 2, mediaType: ociIndex, manifests })

const platformsOf = (document: object) => {
  const manifest = read({ body: document, type: ociIndex })
  if (manifest.kind !== 'index') throw new Error('no index')
  return manifest.manifests.map(({ platform }) => platform)
}

// Each of these is pulled by an engine, for which null and an absent field are the same.
describe('a manifest that engines pull', () => {
  it.each<[string, Sent]>([
    [
      'has a config without a media type',
      { body: { ...image, config: { ...config, mediaType: undefined } } },
    ],
    ['has a config whose media type is null', { body: { ...image, config: { ...config, mediaType: null } } }],
    ['has null for its own media type', { body: { ...image, mediaType: null } }],
    ['names no media type', { body: untyped }],
    ['has null for its layers', { body: { ...image, layers: null } }],
    ['has no layers', { body: { ...image, layers: undefined } }],
    ['has null for the manifests that it has not', { body: { ...image, manifests: null } }],
    ['has null for the fields of older formats', { body: { ...image, fsLayers: null, history: null } }],
    [
      'has no sizes',
      { body: { ...image, config: { ...config, size: undefined }, layers: [{ ...layer, size: null }] } },
    ],
    ['has no schema version', { body: { ...image, schemaVersion: undefined } }],
    [
      'has fields that nobody knows',
      { body: { ...image, subject: 1, annotations: { a: 1 }, artifactType: 3 } },
    ],
    ['is sent as binary/octet-stream', { body: image, type: 'binary/octet-stream' }],
    ['is sent as application/octet-stream', { body: image, type: 'application/octet-stream' }],
    ['is sent as text/plain', { body: untyped, type: 'text/plain; charset=utf-8' }],
    ['is sent as application/x-json', { body: untyped, type: 'application/x-json' }],
    ['is sent without a type', { body: untyped, type: '' }],
    ['is sent with parameters of its type', { body: image, type: `${ociManifest}; charset=utf-8` }],
    ['is sent with its type in capitals', { body: image, type: ociManifest.toUpperCase() }],
    ['is sent with an empty digest', { body: image, digests: [''] }],
    ['is sent with its digest twice', { body: image, digests: [sha256(JSON.stringify(image)), sha256('b')] }],
    [
      'is sent with its digest twice in one field',
      { body: image, digests: [`${sha256(JSON.stringify(image))}, x`] },
    ],
  ])('%s', (_name, sent) => {
    expect(read(sent)).toMatchObject({ kind: 'image', config: { digest: config.digest } })
  })

  it.each(['sha256', 'sha384', 'sha512'])('is proven by a digest of %s', (algorithm) => {
    const digest = `${algorithm}:${createHash(algorithm).update(JSON.stringify(image)).digest('hex')}`
    expect(read({ body: image, digests: [digest], asked: digest }).kind).toBe('image')
  })

  it('has sizes that count as 0 where they are not told', () => {
    expect(read({ body: { ...image, layers: [{ ...layer, size: undefined }] } })).toMatchObject({
      layers: [{ size: 0 }],
    })
  })
})

describe('an index that engines pull', () => {
  it.each<[string, unknown[]]>([
    ['a variant of null', [entry({ platform: { ...amd64, variant: null } })]],
    ['an empty variant', [entry({ platform: { ...amd64, variant: '' } })]],
    ['a version of its system', [entry({ platform: { ...amd64, 'os.version': 'Ubuntu 22.04' } })]],
    ['an entry without a media type', [entry({ platform: amd64, mediaType: undefined })]],
    ['an entry whose media type is null', [entry({ platform: amd64, mediaType: null })]],
    ['an entry without a size', [entry({ platform: amd64, size: undefined })]],
    // Engines fill in their own.
    ['an architecture without a system', [entry({ platform: { architecture: 'amd64' } })]],
    ['an entry without a digest beside it', [entry({ platform: amd64 }), entry({ digest: null })]],
    ['null for an entry beside it', [entry({ platform: amd64 }), null]],
  ])('has %s', (_name, manifests) => {
    expect(platformsOf(index(...manifests))).toEqual([amd64])
  })

  it.each<[string, unknown]>([
    ['null', null],
    ['nothing', undefined],
    ['an empty object', {}],
    ['empty texts', { os: '', architecture: '', variant: null }],
  ])('has %s for the platform of one entry', (_name, platform) => {
    expect(platformsOf(index(entry({ platform }), entry({ platform: amd64 })))).toEqual([undefined, amd64])
  })

  it('has null for the config and the layers that it has not', () => {
    expect(platformsOf({ ...index(entry({ platform: amd64 })), config: null, layers: null })).toEqual([amd64])
  })

  it('has null for its manifests, or none: then it is of no image', () => {
    expect(platformsOf({ ...index(), manifests: null })).toEqual([])
    expect(platformsOf({ schemaVersion: 2 })).toEqual([])
  })

  it('has as many entries as 4 MiB hold', () => {
    const many = Array.from({ length: 10_000 }, () => entry({ platform: amd64 }))
    expect(platformsOf(index(...many))).toHaveLength(10_000)
  })

  it('is sent as something general', () => {
    expect(read({ body: index(entry()), type: 'binary/octet-stream' }).kind).toBe('index')
    expect(read({ body: { manifests: [entry()] }, type: '' }).kind).toBe('index')
  })
})

describe('what is not understood is left to the engine', () => {
  it.each<[string, Sent, RegExp]>([
    ['no JSON', { body: '{"schemaVersion":2,' }, /^It is not a manifest in JSON\.$/],
    ['a list', { body: [] }, /JSON, but not an object/],
    ['a text for a size', { body: { ...image, layers: [{ ...layer, size: '10' }] } }, /layers\.0\.size/],
    ['a size below zero', { body: { ...image, config: { ...config, size: -1 } } }, /config\.size/],
    ['a number for a media type', { body: { ...image, mediaType: 2 } }, /mediaType/],
    ['an object for the layers', { body: { ...image, layers: {} } }, /layers/],
    ['no config', { body: { ...image, config: null } }, /names no config/],
    ['a path for a digest', { body: { ...image, layers: [{ ...layer, digest: '../etc' }] } }, /"\.\.\/etc"/],
    ['a layer of null', { body: { ...image, layers: [null] } }, /"" as a digest/],
    [
      'another type',
      { body: { schemaVersion: 2 }, type: 'application/vnd.example+json' },
      /vnd\.example\+json/,
    ],
    ['the type of the same thing in another format', { body: image, type: dockerManifest }, /docker.*oci/],
    [
      'no type where its format demands one',
      { body: untyped, type: dockerManifest },
      /names its type itself/,
    ],
    [
      'no type where the format of the index demands one',
      { body: { manifests: [] }, type: dockerIndex },
      /itself/,
    ],
  ])('%s', (_name, sent, why) => {
    const error = refused(sent)
    expect([error.code, error.unclear]).toEqual(['PKG-MANIFEST', true])
    expect(error.why).toMatch(why)
    if (typeof sent.body !== 'string') expect(error.why).not.toContain('not a manifest in JSON')
  })
})

describe('the last word is said', () => {
  it.each<[string, Sent]>([
    ['an image with manifests', { body: { ...image, manifests: [] } }],
    [
      'an image of docker with manifests',
      { body: { ...image, mediaType: dockerManifest, manifests: [] }, type: dockerManifest },
    ],
    ['an index with a config', { body: { ...index(entry()), config }, type: ociIndex }],
    ['an index with layers', { body: { ...index(entry()), layers: [] }, type: ociIndex }],
    ['an index without entries that has layers', { body: { mediaType: ociIndex, layers: [] }, type: '' }],
    ['an image that is sent as an index', { body: image, type: ociIndex }],
    ['an index that is sent as an image', { body: index(), type: ociManifest }],
    ['an image with the layers of 2015', { body: { ...image, fsLayers: [] } }],
    ['an index with the history of 2015', { body: { ...index(), history: [] }, type: ociIndex }],
  ])('on %s', (_name, sent) => {
    const { code, unclear, why } = refused(sent)
    expect([code, unclear]).toEqual(['PKG-MANIFEST', false])
    expect(why).toMatch(/CVE-2021-41190|The header names it/)
  })

  it.each<[string, Sent]>([
    ['the field', { body: image, digests: [sha256('other')] }],
    [
      'the field, the first of two',
      { body: image, digests: [sha256('other'), sha256(JSON.stringify(image))] },
    ],
    ['the reference', { body: image, asked: sha256('other') }],
    ['the reference, in sha512', { body: image, asked: `sha512:${'0'.repeat(128)}` }],
    ['a field that cannot be computed', { body: image, digests: ['md5:abc'] }],
  ])('on bytes of another digest than %s names', (_name, sent) => {
    const { code, unclear } = refused(sent)
    expect([code, unclear]).toEqual(['PKG-INTEGRITY', false])
  })
})

describe('a manifest that only the pipe reads', () => {
  const oddity = (type: string, codings: string[] = []) => {
    const headers = new Map([
      ['content-type', [type]],
      ['content-encoding', codings],
    ])
    const body = Buffer.from(JSON.stringify(image))
    const answer = { status: 200, headers, body, truncated: false, trusted: true }
    return readManifest({ ...answer, url: new URL('https://crg.apkg.io') }, NAME, undefined).oddity
  }

  it.each<[string, string[], string]>([
    ['', [], 'without a Content-Type'],
    ['binary/octet-stream', [], 'with the Content-Type binary/octet-stream'],
    ['application/json; charset=utf-8', [], 'with the Content-Type application/json'],
    [ociManifest, ['br'], 'with the Content-Encoding br'],
    [ociManifest, ['gzip, zstd'], 'with the Content-Encoding zstd'],
  ])('is sent oddly: %j %j', (type, codings, expected) => {
    expect(oddity(type, codings)).toBe(expected)
  })

  it.each<[string, string[]]>([
    [ociManifest, []],
    [`${ociManifest}; charset=utf-8`, ['identity']],
    [ociManifest.toUpperCase(), ['gzip']],
  ])('is not one that is sent as %s %j', (type, codings) => {
    expect(oddity(type, codings)).toBeUndefined()
  })
})

describe('a manifest of schema 1', () => {
  const signed = { schemaVersion: 1, name: 'acme/base', fsLayers: [], history: [], signatures: [{}] }
  const type = 'application/vnd.docker.distribution.manifest.v1+prettyjws'

  it.each<[string, Sent]>([
    [
      'is sent with the digest that it had before it was signed',
      { body: signed, type, digests: [sha256('payload')] },
    ],
    ['is asked for by that digest', { body: signed, type, asked: sha256('payload') }],
    [
      'is known by its own type',
      { body: { ...signed, mediaType: type }, type: 'application/json', digests: [sha256('payload')] },
    ],
    [
      'is known by its layers',
      { body: { ...signed, schemaVersion: 2 }, type: '', digests: [sha256('payload')] },
    ],
    ['is known by its number', { body: { schemaVersion: 1, signatures: [{}] }, type: 'text/plain' }],
  ])('%s', (_name, sent) => {
    const { code, unclear } = refused(sent)
    // Engines before 26 pull it.
    expect([code, unclear]).toEqual(['PKG-SCHEMA1', true])
  })

  it('is read by no engine without its signatures', () => {
    for (const signatures of [undefined, null, []]) {
      const { code, unclear } = refused({ body: { ...signed, signatures }, type })
      expect([code, unclear]).toEqual(['PKG-SCHEMA1', false])
    }
  })

  it('is not what has only its number', () => {
    expect(read({ body: { ...image, schemaVersion: 1 } }).kind).toBe('image')
  })
})
