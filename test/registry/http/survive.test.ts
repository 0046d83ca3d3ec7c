import { setDefaultCACertificates } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCertificates } from '../../certificates.ts'
import {
  errorReply,
  type FakeOptions,
  type FakeRegistry,
  imageOf,
  likeBitbucket,
  manifestReply,
  type Reply,
  startFake,
} from '../../fake-registry.ts'
import { openClient } from '../open-client.ts'

// What passes must not fail a build: every fault many times, at a random moment.
const certificates = makeCertificates()
const credential = { username: 'x-token-auth', secret: 'a-secret' }

const soon = (reply: Reply): Reply => ({ ...reply, delayMs: Math.random() * 4 })
const cut = (body: Buffer | object, fault: 'reset' | 'close'): Reply => {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  const after = Math.random() < 0.2 ? {} : { after: Math.floor(Math.random() * bytes.length) }
  return soon({ ...manifestReply(bytes), fault, ...after })
}
const token = { token: 'token-of-the-fake', expires_in: 300 }
const busy = (wait: string) => soon(errorReply(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': wait }))

interface Passing {
  token?: () => Reply
  manifest?: (body: Buffer) => Reply
}

const faults: Record<string, Passing> = {
  'a reset while the manifest is read': { manifest: (body) => cut(body, 'reset') },
  'an end of the connection while the manifest is read': { manifest: (body) => cut(body, 'close') },
  'a reset while the token is read': { token: () => cut(token, 'reset') },
  'an end of the connection while the token is read': { token: () => cut(token, 'close') },
  'a 502': { manifest: () => soon({ status: 502, body: 'Bad Gateway' }) },
  'a 503 of the token server': { token: () => soon({ status: 503 }) },
  'a 429 with a wait in seconds': { manifest: () => busy('0.005') },
  'a 429 with a date': { token: () => busy(new Date().toUTCString()) },
  'a token that has expired by the time it is used': {
    manifest: () =>
      soon(
        errorReply(401, 'UNAUTHORIZED', 'token expired', {
          'www-authenticate': 'Bearer error="invalid_token"',
        }),
      ),
  },
}

const protocols: Array<[string, number, () => Promise<FakeOptions>]> = [
  ['HTTP/1.1', 100, async () => ({})],
  ['HTTP/2', 30, async () => ({ tls: (await certificates).good, http2: true })],
]

describe.each(protocols)('over %s, %d times', (_, runs, options) => {
  let fake: FakeRegistry
  beforeAll(async () => {
    setDefaultCACertificates([(await certificates).ca])
    fake = await startFake(await options())
  })
  afterAll(() => fake.close())

  describe.each(Object.entries(faults))('%s', (name, fault) => {
    it('never fails a build', async () => {
      const one = async (index: number) => {
        const repository = `${name.replace(/\W/g, '-')}/${index}`
        const { body, digest } = imageOf(repository)
        const path = `GET /v2/${repository}/manifests/1.0`
        fake.on(path, ...(fault.manifest ? [fault.manifest(body)] : []), soon(manifestReply(body)))
        const client = openClient(fake.host, {
          credential: { ...credential, username: `user-${index}` },
          base: 2,
          cap: 8,
        })
        try {
          await expect(client.resolve(repository, '1.0')).resolves.toMatchObject({ digest })
          if (fault.manifest) expect(fake.seen(path)).toHaveLength(2)
        } finally {
          await client.close()
        }
      }
      fake.requests.length = 0
      likeBitbucket(fake, { ...credential, readable: [] })
      // The login and the token of every client fail once each.
      const failed = new Set<string>()
      let tokens = 0
      fake.on('GET /token', ({ path }) => {
        tokens++
        if (!fault.token || failed.has(path)) return soon({ body: token })
        failed.add(path)
        return fault.token()
      })
      for (let start = 0; start < runs; start += 10)
        await Promise.all(Array.from({ length: 10 }, (_, offset) => one(start + offset)))
      const clientTokens =
        'a token that has expired by the time it is used' === name ? 3 : fault.token ? 4 : 2
      expect(tokens).toBe(clientTokens * runs)
    }, 20_000)
  })
})
