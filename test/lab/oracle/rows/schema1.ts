import { createHash, createSign, generateKeyPairSync } from 'node:crypto'
import { digestOf, layerOf, native, row, site } from '../build.ts'
import type { Row, Site } from '../row.ts'

// A key's name in libtrust: the first 240 bits of its hash in base 32, in twelve groups of four.
const keyId = (der: Buffer): string => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  const bits = [...createHash('sha256').update(der).digest().subarray(0, 30)]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  const text = bits.replaceAll(/.{5}/g, (five) => letters.charAt(Number.parseInt(five, 2)))
  return text.replaceAll(/.{4}(?=.)/g, '$&:')
}

// A pretty-printed JSON web signature, as registries of 2015 made them: the signatures go before the last brace.
const sign = (payload: string): string => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const base64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64url')
  const formatTail = '\n}'
  const length = payload.length - formatTail.length
  const protection = base64(
    JSON.stringify({ formatLength: length, formatTail: base64(formatTail), time: '2016-01-01T00:00:00Z' }),
  )
  const signer = createSign('sha256').update(`${protection}.${base64(payload)}`)
  const signature = base64(signer.sign({ key: privateKey, dsaEncoding: 'ieee-p1363' }))
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = { crv, kid: keyId(publicKey.export({ format: 'der', type: 'spki' })), kty, x, y }
  const signatures = [{ header: { jwk, alg: 'ES256' }, signature, protected: protection }]
  const text = JSON.stringify(signatures, null, 3).replaceAll('\n', '\n   ')
  return `${payload.slice(0, length)},\n   "signatures": ${text}${formatTail}`
}

/** A schema 1 manifest of one layer: its digest is that of the payload, without signatures. */
const schema1 = (id: string, signed: boolean, digest: 'payload' | 'body' | 'none'): Site => {
  const layer = layerOf(id, 'docker')
  const v1 = {
    id: digestOf(Buffer.from(id)).slice(7),
    created: '2016-01-01T00:00:00Z',
    architecture: native,
    os: 'linux',
    config: { Labels: { oracle: id } },
  }
  const payload = JSON.stringify(
    {
      schemaVersion: 1,
      name: `acme/${id}`,
      tag: '1',
      architecture: native,
      fsLayers: [{ blobSum: digestOf(layer.bytes) }],
      history: [{ v1Compatibility: JSON.stringify(v1) }],
    },
    null,
    3,
  )
  const body = Buffer.from(signed ? sign(payload) : payload)
  const mediaType = `application/vnd.docker.distribution.manifest.v1+${signed ? 'prettyjws' : 'json'}`
  const named = digestOf(digest === 'body' ? body : Buffer.from(payload))
  const top = { bytes: body, mediaType, digest: named, blobs: { [digestOf(layer.bytes)]: layer.bytes } }
  return site(top, digest === 'none' ? { headers: { 'Docker-Content-Digest': null } } : {})
}

/** The format of 2015. */
export const schema1Rows: Row[] = [
  row('schema1-signed', 'schema 1, signed, as registry 2.8 sends it', (id) => schema1(id, true, 'payload')),
  row('schema1-signed-body', 'schema 1, signed, with the digest of all its bytes', (id) =>
    schema1(id, true, 'body'),
  ),
  row('schema1-signed-bare', 'schema 1, signed, without a digest', (id) => schema1(id, true, 'none')),
  row('schema1-unsigned', 'schema 1, without signatures', (id) => schema1(id, false, 'payload')),
  row(
    'schema1-by-digest',
    'schema 1, signed, asked for by the digest of its payload',
    (id) => schema1(id, true, 'payload'),
    {
      reference: `@${Object.keys(schema1('schema1-by-digest', true, 'payload').manifests).find((name) => name !== '1')}`,
    },
  ),
]
