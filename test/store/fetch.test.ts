import { execFileSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RegistryClient } from '../../src/registry/client.ts'
import { fetchBlob } from '../../src/store/fetch.ts'
import { blobReply, part, randomLayer } from '../fake-image.ts'
import { type FakeRegistry, type Reply, type Script, type Seen, sha256, startFake } from '../fake-registry.ts'
import { openClient } from '../registry/open-client.ts'

const BYTES = randomLayer(300_000)
const BLOB = { digest: sha256(BYTES), size: BYTES.length }
const ROUTE = `GET /v2/acme/base/blobs/${BLOB.digest}`
const retrying = { maxAttempts: 5, base: 1, cap: 2 }

let registry: FakeRegistry
let client: RegistryClient
let folder: string

beforeEach(async () => {
  registry = await startFake()
  registry.on('GET /v2/', { body: {} })
  client = openClient(registry.host, { timeouts: { body: 150, headers: 1000 } })
  folder = mkdtempSync(join(tmpdir(), 'store-'))
  await mkdir(join(folder, 'blobs/sha256'), { recursive: true })
})
afterEach(async () => {
  await client.close()
  await registry.close()
})

const fetch = (blob = BLOB) =>
  fetchBlob(blob, (digest, options) => client.blob('acme/base', digest, options), { folder, retrying })
const blobs = () => readdirSync(join(folder, 'blobs/sha256'))
const stored = () => readFileSync(join(folder, 'blobs/sha256', BLOB.digest.slice('sha256:'.length)))
const requests = () => registry.seen(ROUTE).map(({ headers }) => [headers.range, headers['if-range']])
const broken = (after: number, fault: Reply['fault'] = 'reset') => blobReply(BYTES, { fault, after })
const ETAG = `"${BLOB.digest}"`

describe('fetching a blob', () => {
  it('puts it in its place, whole, for everyone to read and write, and leaves nothing beside it', async () => {
    registry.on(ROUTE, blobReply(BYTES))
    expect(await fetch()).toEqual({ transferred: BLOB.size, attempts: 1 })
    expect(stored().equals(BYTES)).toBe(true)
    expect(blobs()).toHaveLength(1)
    expect(statSync(join(folder, 'blobs/sha256', blobs()[0] ?? '')).mode & 0o777).toBe(0o666)
  })

  it.each(['reset', 'close', 'stall'] as const)(
    'goes on where the connection broke (%s), and transfers no byte twice',
    async (fault) => {
      registry.on(ROUTE, broken(100_000, fault), broken(50_000, fault), blobReply(BYTES))
      const { transferred, attempts } = await fetch()
      expect(attempts).toBe(3)
      expect(transferred).toBe(BLOB.size)
      expect(stored().equals(BYTES)).toBe(true)
      expect(requests()).toEqual([
        [undefined, undefined],
        ['bytes=100000-', ETAG],
        ['bytes=150000-', ETAG],
      ])
    },
  )

  it('starts over where the server ignores Range', async () => {
    registry.on(ROUTE, broken(100_000), { body: BYTES })
    expect(await fetch()).toEqual({ transferred: BLOB.size + 100_000, attempts: 2 })
    expect(stored().equals(BYTES)).toBe(true)
  })

  const brokenRanges: Record<string, (request: Seen) => Reply> = {
    'begins elsewhere than asked': (request) => ({
      ...part(BYTES, request),
      headers: { 'content-range': `bytes 7-${BLOB.size - 1}/${BLOB.size}` },
    }),
    'does not say where it begins': () => ({ status: 206, body: BYTES.subarray(100_000) }),
    'does not exist by what the server says': () => ({ status: 416 }),
    'is of other bytes': (request) => ({ ...part(BYTES, request), body: randomLayer(BLOB.size - 100_000) }),
  }
  it.each(Object.entries(brokenRanges))('starts over where a part %s', async (_, reply) => {
    const script: Script = (request) =>
      request.headers.range === undefined ? part(BYTES, request) : reply(request)
    registry.on(ROUTE, broken(100_000), script)
    await fetch()
    expect(stored().equals(BYTES)).toBe(true)
    expect(requests().at(-1)).toEqual([undefined, undefined])
  })

  it('starts over where what the server has was replaced in between', async () => {
    registry.on(
      ROUTE,
      blobReply(BYTES, { fault: 'reset', after: 10, headers: { etag: '"old"' } }),
      blobReply(BYTES),
    )
    await fetch()
    expect(requests()).toEqual([
      [undefined, undefined],
      ['bytes=10-', '"old"'],
    ])
    expect(stored().equals(BYTES)).toBe(true)
  })

  it('takes other bytes once for an accident, twice for what they are', async () => {
    registry.on(ROUTE, { body: randomLayer(BLOB.size) }, blobReply(BYTES))
    expect(await fetch()).toEqual({ transferred: 2 * BLOB.size, attempts: 2 })
    registry.on(ROUTE, { body: randomLayer(BLOB.size) })
    await expect(fetch({ ...BLOB })).rejects.toMatchObject({ code: 'PKG-INTEGRITY' })
    // What was there before is the right one, and stays.
    expect(stored().equals(BYTES)).toBe(true)
    expect(blobs()).toHaveLength(1)
  })

  it('puts nothing in its place that is wrong', async () => {
    registry.on(ROUTE, { body: randomLayer(BLOB.size) })
    await expect(fetch()).rejects.toMatchObject({
      code: 'PKG-INTEGRITY',
      message: expect.stringContaining(BLOB.digest),
    })
    expect(blobs()).toEqual([])
  })

  it('stops at more bytes than were promised', async () => {
    registry.on(ROUTE, { body: Buffer.concat([BYTES, BYTES]) })
    await expect(fetch()).rejects.toMatchObject({ code: 'PKG-INTEGRITY' })
    expect(blobs()).toEqual([])
  })

  it.each([0, 7, 299_999, 300_001, 1e12])(
    'takes the digest for what it is to be, not a size of %d',
    async (size) => {
      registry.on(ROUTE, broken(100_000), blobReply(BYTES))
      const { attempts } = await fetch({ ...BLOB, size })
      expect(attempts).toBe(2)
      expect(stored().equals(BYTES)).toBe(true)
    },
  )

  it.each([0, 1e12])('takes other bytes for what they are, whatever the size (%d)', async (size) => {
    registry.on(ROUTE, { body: randomLayer(5000) })
    await expect(fetch({ ...BLOB, size })).rejects.toMatchObject({ code: 'PKG-INTEGRITY' })
    expect(registry.seen(ROUTE)).toHaveLength(2)
    expect(blobs()).toEqual([])
  })

  it('fetches an empty blob', async () => {
    const blob = { digest: sha256(Buffer.alloc(0)), size: 0 }
    registry.on(`GET /v2/acme/base/blobs/${blob.digest}`, { body: Buffer.alloc(0) })
    expect(await fetch(blob)).toEqual({ transferred: 0, attempts: 1 })
    expect(blobs()).toHaveLength(1)
  })

  it('goes on with what a pipe that was killed left, and hashes that too', async () => {
    const name = BLOB.digest.slice('sha256:'.length)
    writeFileSync(join(folder, `blobs/sha256/${name}.0123456789ab.part`), BYTES.subarray(0, 200_000))
    registry.on(ROUTE, blobReply(BYTES))
    expect(await fetch()).toEqual({ transferred: 100_000, attempts: 1 })
    expect(stored().equals(BYTES)).toBe(true)
    expect(blobs()).toEqual([name])
  })

  it('asks for nothing where a pipe was killed just before the end', async () => {
    const name = BLOB.digest.slice('sha256:'.length)
    writeFileSync(join(folder, `blobs/sha256/${name}.0123456789ab.part`), BYTES)
    expect(await fetch()).toEqual({ transferred: 0, attempts: 0 })
    expect(stored().equals(BYTES)).toBe(true)
  })

  it('copies what a pipe that runs is writing, and never writes there', async () => {
    const theirs = join(folder, `blobs/sha256/${BLOB.digest.slice('sha256:'.length)}.0123456789ab.part`)
    const file = openSync(theirs, 'w+')
    writeSync(file, BYTES.subarray(0, 200_000))
    registry.on(ROUTE, blobReply(BYTES))
    expect(await fetch()).toMatchObject({ transferred: 100_000 })
    // It stood still meanwhile, and goes on.
    writeSync(file, Buffer.from('and more'))
    expect(fstatSync(file).size).toBe(200_008)
    closeSync(file)
    expect(stored().equals(BYTES)).toBe(true)
  })

  it.each(['a link', 'a named pipe', 'a folder', 'a device'])(
    'neither follows nor opens %s that was left in the place of a part',
    async (kind) => {
      const left = join(folder, `blobs/sha256/${BLOB.digest.slice('sha256:'.length)}.0123456789ab.part`)
      const outside = join(folder, 'outside')
      writeFileSync(outside, 'precious', { mode: 0o600 })
      if (kind === 'a link') symlinkSync(outside, left)
      else if (kind === 'a folder') mkdirSync(left)
      else
        execFileSync(
          ...((kind === 'a device' ? ['mknod', [left, 'c', '1', '5']] : ['mkfifo', [left]]) as [
            string,
            string[],
          ]),
        )
      registry.on(ROUTE, blobReply(BYTES))
      expect(await fetch()).toEqual({ transferred: BLOB.size, attempts: 1 })
      expect(stored().equals(BYTES)).toBe(true)
      expect([readFileSync(outside, 'utf8'), statSync(outside).mode & 0o777]).toEqual(['precious', 0o600])
    },
  )

  it('is content with the blob of a pipe that was faster', async () => {
    const name = BLOB.digest.slice('sha256:'.length)
    registry.on(ROUTE, (request) => {
      // The other one is done, and removes what it takes for left.
      writeFileSync(join(folder, 'blobs/sha256', name), BYTES)
      for (const left of blobs().filter((each) => each.endsWith('.part')))
        rmSync(join(folder, 'blobs/sha256', left))
      return part(BYTES, request)
    })
    await fetch()
    expect(blobs()).toEqual([name])
  })

  it('keeps what has arrived when it gives up', async () => {
    registry.on(ROUTE, broken(100_000), { status: 503 })
    await expect(fetch()).rejects.toMatchObject({ code: 'PKG-REGISTRY-UNAVAILABLE' })
    expect(blobs()).toEqual([expect.stringMatching(/\.part$/)])
    expect(statSync(join(folder, 'blobs/sha256', blobs()[0] ?? '')).size).toBe(100_000)
  })

  it('says which blob does not exist', async () => {
    registry.on(ROUTE, { status: 404, body: { errors: [{ code: 'BLOB_UNKNOWN', message: 'blob unknown' }] } })
    await expect(fetch()).rejects.toMatchObject({
      code: 'PKG-DIGEST-UNKNOWN',
      message: expect.stringContaining(BLOB.digest),
    })
  })

  it('follows a redirect to storage without the credential of the registry', async () => {
    const storage = await startFake()
    storage.on('GET /bucket/blob', blobReply(BYTES, { fault: 'reset', after: 1000 }), blobReply(BYTES))
    const login = `Basic ${Buffer.from('x-token-auth:a-secret').toString('base64')}`
    registry.on('GET /v2/', ({ headers }) =>
      headers.authorization === login
        ? { body: {} }
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="packages"' } },
    )
    registry.on(ROUTE, ({ headers }) =>
      headers.authorization === login
        ? { status: 307, headers: { location: `${storage.origin}/bucket/blob?signature=s3cret` } }
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="packages"' } },
    )
    const lines: string[] = []
    const signedIn = openClient(registry.host, {
      credential: { username: 'x-token-auth', secret: 'a-secret' },
      onRequest: ({ url }) => lines.push(url),
    })
    try {
      const open = (digest: string, options: object) => signedIn.blob('acme/base', digest, options)
      const { attempts } = await fetchBlob(BLOB, open, { folder, retrying })
      expect(attempts).toBe(2)
      expect(stored().equals(BYTES)).toBe(true)
      expect(storage.requests.map(({ headers }) => [headers.authorization, headers.range])).toEqual([
        [undefined, undefined],
        [undefined, 'bytes=1000-'],
      ])
      expect(lines.join('\n')).not.toContain('s3cret')
    } finally {
      await signedIn.close()
      await storage.close()
    }
  })

  it('refuses a redirect to an address without TLS of another machine', async () => {
    registry.on(ROUTE, { status: 307, headers: { location: 'http://storage.example/blob' } })
    await expect(fetch()).rejects.toMatchObject({ code: 'PKG-REDIRECT-REFUSED' })
  })

  it('ends with the right bytes whatever breaks on the way, fifty times', async () => {
    const bytes = randomLayer(5000)
    const blob = { digest: sha256(bytes), size: bytes.length }
    const route = `GET /v2/acme/base/blobs/${blob.digest}`
    const pick = <T>(...values: T[]): T => values[Math.floor(Math.random() * values.length)] as T
    for (let run = 0; run < 50; run++) {
      const fault = (): Script => (request) => {
        const reply = pick(part(bytes, request), { body: bytes }, { ...part(bytes, request), status: 206 })
        const sent = Buffer.isBuffer(reply.body) ? reply.body.length : 0
        return { ...reply, fault: pick('reset', 'close'), after: Math.floor(Math.random() * sent) }
      }
      registry.on(route, ...Array.from({ length: Math.floor(Math.random() * 5) }, fault), blobReply(bytes))
      const path = join(folder, 'blobs/sha256', blob.digest.slice('sha256:'.length))
      await fetch(blob)
      expect(readFileSync(path).equals(bytes)).toBe(true)
    }
  })
})
