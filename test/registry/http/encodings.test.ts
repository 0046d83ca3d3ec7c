import { randomBytes } from 'node:crypto'
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import {
  errorReply,
  type FakeRegistry,
  imageOf,
  likeBitbucket,
  manifestReply,
  type Reply,
  sha256,
  startFake,
} from '../../fake-registry.ts'
import { openClient } from '../open-client.ts'

const credential = { username: 'x-token-auth', secret: 'a-secret' }
const { body: manifest, digest } = imageOf('acme/base')
const tagPath = 'GET /v2/acme/base/manifests/1.0'

const open: Array<{ close: () => Promise<unknown> }> = []
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())))

const start = async () => {
  const fake = await startFake()
  likeBitbucket(fake, { ...credential, readable: ['acme/base'] })
  const client = openClient(fake.host, { credential, maxAttempts: 2 })
  open.push(fake, client)
  return { fake, client }
}

const encodings: Array<[string, (bytes: Buffer) => Buffer]> = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['GZIP', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
  ['gzip, zstd', (bytes) => zstdCompressSync(gzipSync(bytes))],
  ['identity', (bytes) => bytes],
]

const encoded = (reply: Reply, coding: string, encode: (bytes: Buffer) => Buffer): Reply => {
  const { body = '' } = reply
  const bytes = Buffer.isBuffer(body)
    ? body
    : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  return { ...reply, headers: { ...reply.headers, 'content-encoding': coding }, body: encode(bytes) }
}

const contents = async (stream: AsyncIterable<Buffer>) => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}

// The blobs route of a digest, for whoever shows a token.
const serveBlob = (fake: FakeRegistry, blob: Buffer, ...replies: Reply[]) =>
  fake.on(`GET /v2/acme/base/blobs/${sha256(blob)}`, ...replies)

describe('codings of bodies', () => {
  it('are never asked for', async () => {
    const { fake, client } = await start()
    await client.resolve('acme/base', '1.0')
    expect(fake.requests.map(({ headers }) => headers['accept-encoding'])).toEqual(Array(4).fill('identity'))
  })

  it.each(encodings)('are undone all the same: %s', async (coding, encode) => {
    const { fake, client } = await start()
    fake.on('GET /token', encoded({ body: { token: 'a-token' } }, coding, encode))
    fake.on(tagPath, encoded(manifestReply(manifest), coding, encode))
    await expect(client.resolve('acme/base', '1.0')).resolves.toMatchObject({ digest, bytes: manifest })
    fake.on(tagPath, encoded(errorReply(403, 'DENIED', 'by the admin'), coding, encode))
    await expect(client.resolve('acme/base', '1.0')).rejects.toMatchObject({ said: 'DENIED: by the admin' })
    const blob = randomBytes(300_000)
    serveBlob(fake, blob, encoded({ body: blob, headers: { etag: '"encoded"' } }, coding, encode))
    const { from, size, etag, body } = await client.blob('acme/base', sha256(blob))
    // Length and tag of an encoded blob are not the blob's.
    expect([from, size, etag]).toEqual(
      coding === 'identity' ? [0, blob.length, '"encoded"'] : [0, undefined, undefined],
    )
    expect((await contents(body)).equals(blob)).toBe(true)
  })

  it('of an empty body are undone too', async () => {
    const { fake, client } = await start()
    fake.on(tagPath, { status: 404, headers: { 'content-encoding': 'gzip' } })
    await expect(client.resolve('acme/base', '1.0')).rejects.toMatchObject({ code: 'PKG-TAG-UNKNOWN' })
  })

  it('let no part of an encoded blob be taken for a part of the blob', async () => {
    const { fake, client } = await start()
    const blob = randomBytes(1000)
    const part = {
      status: 206,
      headers: { 'content-range': 'bytes 500-999/1000', 'content-encoding': 'gzip' },
    }
    serveBlob(fake, blob, { ...part, body: gzipSync(blob).subarray(500) })
    const { from, body } = await client.blob('acme/base', sha256(blob), { from: 500 })
    expect([from, (await contents(body)).length]).toEqual([0, 0])
  })

  it.each([
    ['cut off', gzipSync(randomBytes(1000)).subarray(0, 500)],
    ['of another coding', Buffer.from('hello')],
  ])('that are %s are a fault of the connection', async (_, body) => {
    const { fake, client } = await start()
    fake.on(tagPath, { body, headers: { 'content-encoding': 'gzip' } })
    await expect(client.resolve('acme/base', '1.0')).rejects.toMatchObject({
      code: 'PKG-NETWORK',
      message: `${fake.origin} sends a body that cannot be decoded`,
    })
    expect(fake.seen(tagPath)).toHaveLength(2)
    serveBlob(fake, manifest, { body, headers: { 'content-encoding': 'gzip' } })
    const blob = await client.blob('acme/base', sha256(manifest))
    await expect(contents(blob.body)).rejects.toMatchObject({ code: 'PKG-NETWORK' })
  })

  it('do not let a small body grow without an end', async () => {
    const { fake, client } = await start()
    fake.on(tagPath, {
      body: gzipSync(Buffer.alloc(64 * 1024 * 1024)),
      headers: { 'content-encoding': 'gzip' },
    })
    await expect(client.resolve('acme/base', '1.0')).rejects.toMatchObject({
      code: 'PKG-MANIFEST',
      why: expect.stringContaining('larger than 4 MiB'),
    })
  })
})
