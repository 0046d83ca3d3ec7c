import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { digestOf, entry, image, index, manifestAnswer, odd, row, site, types, withBlobs } from '../build.ts'
import { contradiction, ownCheck, ownReader, resolved } from '../reasons.ts'
import type { Answer, Row, Served } from '../row.ts'

/** An image whose manifest comes with other headers. */
const headed = (id: string, says: string, headers: Record<string, string | string[] | null>): Row =>
  row(id, says, (own) => site(image(own), { headers }), { differs: [ownReader] })

const typed = (id: string, says: string, type: string | string[] | null): Row =>
  headed(id, says, { 'Content-Type': type })

const digested = (id: string, says: string, digest: (bytes: Buffer) => string | string[] | null): Row =>
  row(id, says, (own) => {
    const of = image(own)
    return site(of, { headers: { 'Docker-Content-Digest': digest(of.bytes) } })
  })

const zeros = `sha256:${'0'.repeat(64)}`

/** Content-Type as servers send it: the engine of each version has its own idea of it. */
export const contentTypes: Row[] = [
  typed('type-absent', 'no Content-Type', null),
  typed('type-empty', 'an empty Content-Type', ''),
  typed('type-octet-stream', 'Content-Type: application/octet-stream', 'application/octet-stream'),
  typed('type-binary', 'Content-Type: binary/octet-stream, as S3 has it', 'binary/octet-stream'),
  typed('type-text', 'Content-Type: text/plain', 'text/plain'),
  typed('type-text-charset', 'Content-Type: text/plain; charset=utf-8', 'text/plain; charset=utf-8'),
  typed('type-html', 'Content-Type: text/html', 'text/html'),
  typed('type-json', 'Content-Type: application/json', 'application/json'),
  typed(
    'type-json-charset',
    'Content-Type: application/json;charset=UTF-8',
    'application/json;charset=UTF-8',
  ),
  typed('type-charset', 'the right type with a charset', `${types.oci.manifest}; charset=utf-8`),
  typed('type-capitals', 'the right type in capitals', types.oci.manifest.toUpperCase()),
  typed('type-blanks', 'the right type with blanks before a parameter', `${types.oci.manifest} ; q=1`),
  typed('type-rubbish', 'a Content-Type that is none', 'manifest'),
  typed('type-twice', 'the right type twice', [types.oci.manifest, types.oci.manifest]),
  typed('type-unknown', 'a type that nobody knows', 'application/vnd.example.manifest.v1+json'),
  row(
    'type-binary-docker',
    "Docker's format as binary/octet-stream",
    (id) => site(image(id, { family: 'docker' }), { headers: { 'Content-Type': 'binary/octet-stream' } }),
    { differs: [ownReader] },
  ),
  row(
    'type-binary-untyped',
    'an image without mediaType as binary/octet-stream',
    (id) =>
      site(image(id, { manifest: { mediaType: undefined } }), {
        headers: { 'Content-Type': 'binary/octet-stream' },
      }),
    { differs: [ownReader] },
  ),
  row(
    'type-binary-index',
    'an index as binary/octet-stream',
    (id) => {
      const of = image(id)
      return site(index([entry(of)]), { headers: { 'Content-Type': 'binary/octet-stream' } }, of)
    },
    { differs: [ownReader] },
  ),
  row(
    'type-binary-below',
    'an index whose image comes as binary/octet-stream',
    (id) => {
      const of = image(id)
      const top = site(index([entry(of)]), {}, of)
      const answer = manifestAnswer(of, { headers: { 'Content-Type': 'binary/octet-stream' } })
      return { ...top, manifests: { ...top.manifests, [of.digest]: answer } }
    },
    { differs: [ownReader] },
  ),
  row(
    'type-json-index',
    'an index without mediaType as application/json',
    (id) => {
      const of = image(id)
      const top = index([entry(of)], { index: { mediaType: undefined } })
      return site(top, { headers: { 'Content-Type': 'application/json' } }, of)
    },
    { differs: [ownReader] },
  ),
  row('type-of-blobs', 'blobs without Content-Type', (id) =>
    withBlobs(site(image(id)), (answer) => odd(answer, { headers: { 'Content-Type': null } })),
  ),
  row('type-html-of-blobs', 'blobs as text/html', (id) =>
    withBlobs(site(image(id)), (answer) => odd(answer, { headers: { 'Content-Type': 'text/html' } })),
  ),
]

/** Docker-Content-Digest, right and wrong. */
export const contentDigests: Row[] = [
  digested('digest-absent', 'no Docker-Content-Digest', () => null),
  digested('digest-empty', 'an empty Docker-Content-Digest', () => ''),
  digested('digest-wrong', 'the Docker-Content-Digest of something else', () => zeros),
  row('digest-sha512', 'a Docker-Content-Digest in sha512', (id) => {
    const of = image(id)
    const digest = digestOf(of.bytes, 'sha512')
    const answer = manifestAnswer(of, { headers: { 'Docker-Content-Digest': digest } })
    return { ...site(of), manifests: { 1: answer, [of.digest]: answer, [digest]: answer } }
  }),
  digested('digest-rubbish', 'a Docker-Content-Digest that is none', () => 'latest'),
  digested('digest-capitals', 'a Docker-Content-Digest in capital letters', (bytes) =>
    digestOf(bytes).toUpperCase().replace('SHA', 'sha'),
  ),
  digested(
    'digest-sha384',
    'a Docker-Content-Digest of an algorithm that OCI does not have',
    () => `md5:${'0'.repeat(32)}`,
  ),
  digested('digest-twice', 'the right Docker-Content-Digest twice', (bytes) => [
    digestOf(bytes),
    digestOf(bytes),
  ]),
  digested('digest-two', 'two Docker-Content-Digests, the first right', (bytes) => [digestOf(bytes), zeros]),
  row(
    'digest-wrong-by-digest',
    'the wrong Docker-Content-Digest for a digest that was asked for',
    (id) => site(image(id), { headers: { 'Docker-Content-Digest': zeros } }),
    { reference: `@${image('digest-wrong-by-digest').digest}`, differs: [contradiction] },
  ),
  row('digest-of-blobs-wrong', 'blobs with the Docker-Content-Digest of something else', (id) =>
    withBlobs(site(image(id)), (answer) => odd(answer, { headers: { 'Docker-Content-Digest': zeros } })),
  ),
  row('digest-of-blobs-absent', 'blobs without Docker-Content-Digest', (id) =>
    withBlobs(site(image(id)), (answer) => odd(answer, { headers: { 'Docker-Content-Digest': null } })),
  ),
  row(
    'other-bytes',
    'other bytes than those of the digest that was asked for',
    (id) => {
      const of = image(id)
      const other = manifestAnswer(image(id, { name: 'other' }))
      return { ...site(of), manifests: { [of.digest]: other } }
    },
    { reference: `@${image('other-bytes').digest}` },
  ),
  row(
    'chunked',
    'everything without Content-Length',
    (id) => withBlobs(site(image(id), { chunked: true }), (answer) => ({ ...answer, chunked: true })),
    { differs: [resolved] },
  ),
  row('head-refused', 'HEAD answers 405', (id) => {
    const of = image(id)
    const answer: Served = ({ method }) => (method === 'HEAD' ? { status: 405 } : manifestAnswer(of))
    return { ...site(of), manifests: { 1: answer, [of.digest]: answer } }
  }),
  row('manifest-cut', 'the connection breaks within the manifest', (id) => site(image(id), { cutAfter: 50 })),
  row('manifest-empty', 'an empty body instead of the manifest', (id) =>
    site(image(id), { body: Buffer.alloc(0) }),
  ),
  row('manifest-201', 'the manifest with status 201', (id) => site(image(id), { status: 201 })),
]

type Pack = (bytes: Buffer) => Buffer
const codings: Record<string, Pack> = {
  gzip: gzipSync,
  deflate: deflateSync,
  zstd: zstdCompressSync,
  br: brotliCompressSync,
}

const coded = (answer: Answer, name: string, pack: Pack = codings[name] ?? ((bytes) => bytes)): Answer =>
  odd(answer, { headers: { 'Content-Encoding': name }, body: pack(answer.body ?? Buffer.alloc(0)) })

/** Coded only for clients that do not ask for the bytes as they are. */
const negotiated =
  (answer: Answer, name: string): Served =>
  (request) =>
    /\bidentity\b/.test(`${request.headers['accept-encoding'] ?? ''}`) ? answer : coded(answer, name)

const denied = Buffer.from(
  JSON.stringify({ errors: [{ code: 'DENIED', message: 'your address is not listed' }] }),
)

/** Content-Encoding of manifests, configs and layers. */
export const encodings: Row[] = [
  ...Object.keys(codings).flatMap((name) => [
    row(
      `manifest-in-${name}`,
      `the manifest with Content-Encoding: ${name}`,
      (id) => {
        const of = image(id)
        const answer = coded(manifestAnswer(of), name)
        return { ...site(of), manifests: { 1: answer, [of.digest]: answer } }
      },
      { differs: [ownReader] },
    ),
    row(
      `config-in-${name}`,
      `the config with Content-Encoding: ${name}`,
      (id) => withBlobs(site(image(id)), (answer, at) => (at === 0 ? coded(answer, name) : answer)),
      { differs: [ownReader, ownCheck] },
    ),
    row(
      `layer-in-${name}`,
      `the layer with Content-Encoding: ${name}`,
      (id) => withBlobs(site(image(id)), (answer, at) => (at === 1 ? coded(answer, name) : answer)),
      { differs: [ownReader, ownCheck] },
    ),
  ]),
  row('coding-negotiated', 'everything gzipped, but for clients that ask for identity', (id) => {
    const of = image(id)
    const answer = negotiated(manifestAnswer(of), 'gzip')
    const blobs = withBlobs(site(of), (blob) => negotiated(blob, 'gzip'))
    return { ...blobs, manifests: { 1: answer, [of.digest]: answer } }
  }),
  row('coding-identity', 'Content-Encoding: identity everywhere', (id) => {
    const of = image(id)
    const answer = coded(manifestAnswer(of), 'identity')
    const blobs = withBlobs(site(of), (blob) => coded(blob, 'identity'))
    return { ...blobs, manifests: { 1: answer, [of.digest]: answer } }
  }),
  row('coding-empty', 'an empty Content-Encoding everywhere', (id) => {
    const of = image(id)
    const answer = coded(manifestAnswer(of), '')
    const blobs = withBlobs(site(of), (blob) => coded(blob, ''))
    return { ...blobs, manifests: { 1: answer, [of.digest]: answer } }
  }),
  row(
    'coding-of-stored-gzip',
    'a gzipped layer as it is stored, labelled Content-Encoding: gzip',
    (id) =>
      withBlobs(site(image(id)), (answer, at) =>
        at === 1 ? coded(answer, 'gzip', (bytes) => bytes) : answer,
      ),
    { differs: [ownReader, ownCheck] },
  ),
  row('manifest-coding-unknown', 'the manifest with a Content-Encoding that nobody knows', (id) => {
    const of = image(id)
    const answer = coded(manifestAnswer(of), 'rot13', (bytes) => bytes)
    return { ...site(of), manifests: { 1: answer, [of.digest]: answer } }
  }),
  row('coding-unknown', 'the layer with a Content-Encoding that nobody knows', (id) =>
    withBlobs(site(image(id)), (answer, at) => (at === 1 ? coded(answer, 'rot13') : answer)),
  ),
  row(
    'coding-chain',
    'the layer with Content-Encoding: deflate, gzip',
    (id) =>
      withBlobs(site(image(id)), (answer, at) =>
        at === 1 ? coded(answer, 'deflate, gzip', (bytes) => gzipSync(deflateSync(bytes))) : answer,
      ),
    { differs: [ownReader, ownCheck] },
  ),
  row('coding-of-refusal', 'a gzipped refusal', (id) => {
    const refusal = coded(
      { status: 403, headers: { 'Content-Type': 'application/json' }, body: denied },
      'gzip',
    )
    return { ...site(image(id)), manifests: { 1: refusal } }
  }),
]
