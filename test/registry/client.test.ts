import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { execa } from 'execa'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PipeError } from '../../src/errors.ts'
import { isDefinite } from '../../src/lookup/definite.ts'
import type { RequestLine } from '../../src/registry/http/log.ts'
import { retry } from '../../src/retry.ts'
import { type Certificates, makeCertificates } from '../certificates.ts'
import {
  errorReply,
  type FakeOptions,
  type FakeRegistry,
  imageOf,
  likeBitbucket,
  manifestReply,
  ociIndex,
  type Seen,
  sha256,
  startFake,
} from '../fake-registry.ts'
import { type ClientOptions, openClient } from './open-client.ts'

const credential = { username: 'x-token-auth', secret: 'a-secret' }
const login = `Basic ${Buffer.from('x-token-auth:a-secret').toString('base64')}`
const repositories = Array.from({ length: 20 }, (_, index) => `acme/image${index}`)

let certificates: Certificates
const open: Array<{ close: () => Promise<unknown> }> = []

beforeAll(async () => {
  certificates = await makeCertificates(['crg.apkg.io', 'auth.example.com'])
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca])
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const registry = async (options?: FakeOptions, more: { basic?: boolean; realm?: string } = {}) => {
  const fake = await startFake(options)
  likeBitbucket(fake, { ...credential, readable: repositories, ...more })
  open.push(fake)
  return fake
}

const clientOf = (fake: FakeRegistry, options: ClientOptions = {}) => {
  const client = openClient(fake.host, { credential, userAgent: 'packages-pull/1.2.3', ...options })
  open.push(client)
  return client
}

describe('signing in', () => {
  it('tells how the registry lets clients in, and shows the credential to the realm only', async () => {
    const fake = await registry()
    await expect(clientOf(fake).signIn()).resolves.toMatchObject({
      kind: 'bearer',
      service: 'packages',
      realm: { url: { href: `${fake.origin}/token` }, foreign: false },
    })
    expect(fake.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/v2/', undefined],
      ['/token?service=packages&account=x-token-auth', login],
    ])
    expect(fake.requests.map(({ headers }) => headers['user-agent'])).toEqual(
      Array(2).fill('packages-pull/1.2.3'),
    )
  })

  it('tells of Basic, and of a registry that wants no login', async () => {
    await expect(clientOf(await registry({}, { basic: true })).signIn()).resolves.toEqual({ kind: 'basic' })
    const fake = await startFake({ fallback: { body: {} } })
    open.push(fake)
    await expect(clientOf(fake).signIn()).resolves.toMatchObject({ kind: 'none' })
    expect(fake.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true)
  })

  it.each([true, false])(
    'shows a refused credential once, whatever is asked afterwards (Basic: %s)',
    async (basic) => {
      const fake = await registry({}, { basic })
      const client = clientOf(fake, { credential: { username: 'x', secret: 'wrong-secret' } })
      const together = await Promise.allSettled(repositories.map((each) => client.resolve(each, '1.0')))
      const later = await Promise.allSettled([
        client.signIn(),
        client.resolve('acme/image0', '1.0'),
        client.tags('acme/image1'),
      ])
      for (const outcome of [...together, ...later])
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'PKG-AUTH-REFUSED' } })
      expect(fake.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(1)
    },
  )

  it('shows a refused credential twice to a token server that wants a scope, whose first refusal may be about the package', async () => {
    const fake = await registry()
    fake.on('GET /token', ({ query }) =>
      query.get('scope')
        ? errorReply(401, 'UNAUTHORIZED', 'no')
        : errorReply(400, 'UNSUPPORTED', 'scope missing'),
    )
    const client = clientOf(fake)
    const outcomes = await Promise.allSettled(repositories.map((each) => client.resolve(each, '1.0')))
    const [first, ...others] = outcomes
    expect(first).toMatchObject({ reason: { code: 'PKG-ACCESS-DENIED' } })
    for (const outcome of others) expect(outcome).toMatchObject({ reason: { code: 'PKG-AUTH-REFUSED' } })
    expect(fake.seen('GET /token').filter(({ query }) => query.get('scope'))).toHaveLength(2)
  })

  it('signs in by OAuth2 where the token server knows no GET', async () => {
    const fake = await registry()
    fake.on('GET /token', { status: 405 })
    fake.on('POST /token', { body: { access_token: 'from-oauth2' } })
    fake.on('GET /v2/acme/image0/manifests/1.0', ({ headers }) =>
      headers.authorization === 'Bearer from-oauth2' ? manifestReply(imageOf('a').body) : { status: 403 },
    )
    await expect(clientOf(fake).resolve('acme/image0', '1.0')).resolves.toMatchObject({
      digest: imageOf('a').digest,
    })
    expect(Object.fromEntries(new URLSearchParams(fake.seen('POST /token').at(-1)?.body))).toEqual({
      grant_type: 'password',
      client_id: 'packages-pull',
      username: 'x-token-auth',
      password: 'a-secret',
      service: 'packages',
      scope: 'repository:acme/image0:pull',
    })
  })

  it('holds the refusal of one package not against the credential, for a token server that wants a scope', async () => {
    for (const status of [400, 403]) {
      const fake = await registry()
      fake.on('GET /token', ({ query }) => {
        const scope = query.get('scope')
        if (!scope) return errorReply(status, 'UNSUPPORTED', 'scope missing')
        return scope === 'repository:other/image:pull'
          ? errorReply(401, 'UNAUTHORIZED', 'no access')
          : { body: { token: 'a-token' } }
      })
      fake.on('GET /v2/acme/image0/manifests/1.0', manifestReply(imageOf('a').body))
      const client = clientOf(fake)
      const outcomes = await Promise.allSettled(
        ['other/image', 'acme/image0'].map((each) => client.resolve(each, '1.0')),
      )
      expect(outcomes).toMatchObject([{ reason: { code: 'PKG-ACCESS-DENIED' } }, { status: 'fulfilled' }])
      await expect(client.resolve('other/image', '1.0')).rejects.toMatchObject({ code: 'PKG-ACCESS-DENIED' })
    }
  })

  it('shows a refused credential twice where only manifests ask for Basic, and another package one accepted', async () => {
    const fake = await registry({}, { basic: true })
    fake.on('GET /v2/', { body: {} })
    const wrong = clientOf(fake, { credential: { username: 'x', secret: 'wrong-secret' } })
    const refused = await Promise.allSettled(repositories.map((each) => wrong.resolve(each, '1.0')))
    for (const outcome of refused.slice(1))
      expect(outcome).toMatchObject({ reason: { code: 'PKG-AUTH-REFUSED' } })
    expect(fake.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(2)
    fake.requests.length = 0
    fake.on(
      'GET /v2/other/image/manifests/1.0',
      errorReply(401, 'UNAUTHORIZED', 'no', { 'www-authenticate': 'Basic' }),
    )
    const client = clientOf(fake)
    const names = ['other/image', ...repositories]
    const outcomes = await Promise.allSettled(names.map((each) => client.resolve(each, '1.0')))
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', ...Array(20).fill('fulfilled')])
    expect(outcomes[0]).toMatchObject({ reason: { code: 'PKG-ACCESS-DENIED' } })
  })

  it('follows a redirect of the token server to another path of its own, with the credential', async () => {
    const fake = await registry()
    fake.on('GET /token', ({ path }) => ({
      status: 307,
      headers: { location: `/moved${path.slice('/token'.length)}` },
    }))
    fake.on('GET /moved', ({ headers }) =>
      headers.authorization === login ? { body: { token: 'a-token' } } : { status: 401 },
    )
    fake.on('GET /v2/acme/image0/manifests/1.0', manifestReply(imageOf('a').body))
    await expect(clientOf(fake).resolve('acme/image0', '1.0')).resolves.toBeDefined()
  })

  it.each([
    ['JSON without the field of a version', { body: {} }],
    ['nothing', {}],
    ['a text', { body: 'true', headers: { 'content-type': 'text/plain' } }],
    ['bytes of a server of files', { body: '[]', headers: { 'content-type': 'binary/octet-stream' } }],
  ])('takes who answers GET /v2/ with 200 and %s for a registry', async (_, reply) => {
    const fake = await startFake()
    open.push(fake)
    fake.on('GET /v2/', reply)
    fake.on('GET /v2/acme/image0/manifests/1.0', manifestReply(imageOf('a').body))
    const client = clientOf(fake)
    await expect(client.signIn()).resolves.toMatchObject({ kind: 'none' })
    await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
  })

  it('asks a busy name server again for the address of the realm', async () => {
    const tokens = await startFake({ tls: certificates.good })
    const realm = `https://auth.example.com:${tokens.host.split(':')[1]}/token`
    const fake = await startFake({ tls: certificates.good })
    likeBitbucket(fake, { ...credential, readable: repositories, realm }, tokens)
    open.push(tokens, fake)
    let asked = 0
    const lookup = async () => {
      if (++asked < 3) throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' })
      return ['127.0.0.1']
    }
    const notes: string[] = []
    const client = clientOf(fake, { lookup, onRetry: ({ error }) => notes.push(error.code) })
    await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
    expect(notes).toEqual(['PKG-DNS', 'PKG-DNS'])
    const never = clientOf(fake, { lookup: () => Promise.reject(new Error('EAI_AGAIN')), maxAttempts: 2 })
    await expect(never.resolve('acme/image0', '1.0')).rejects.toMatchObject({
      code: 'PKG-DNS',
      said: 'EAI_AGAIN',
    })
  })

  it('answers a challenge that comes only with the manifest', async () => {
    const fake = await registry()
    fake.on('GET /v2/', { body: {} })
    await expect(clientOf(fake).resolve('acme/image3', '1.0')).resolves.toMatchObject({
      digest: imageOf('acme/image3').digest,
    })
  })

  it('does not ask AUTH_REALM_HOSTS where there is no credential to protect', async () => {
    const more = await startFake()
    const fake = await registry({}, { realm: `${more.origin}/token` })
    open.push(more)
    more.on('GET /token', { body: { token: 'anonymous' } })
    fake.on('GET /v2/acme/image0/manifests/1.0', manifestReply(imageOf('a').body))
    const authRealmHosts = ['auth.example.com']
    const anonymous = clientOf(fake, { credential: undefined, authRealmHosts })
    await expect(anonymous.resolve('acme/image0', '1.0')).resolves.toBeDefined()
    await expect(clientOf(fake, { authRealmHosts }).signIn()).rejects.toMatchObject({
      code: 'PKG-REALM-REFUSED',
    })
  })

  it('takes Bearer where the registry offers both, and asks for tokens without a credential if there is none', async () => {
    const fake = await registry()
    fake.on('GET /v2/', {
      status: 401,
      headers: { 'www-authenticate': ['Basic realm="x"', `Bearer realm="${fake.origin}/token"`] },
    })
    fake.on('GET /token', ({ headers }) => ({
      body: { token: headers.authorization ? 'known' : 'anonymous' },
    }))
    fake.on('GET /v2/acme/image0/manifests/1.0', manifestReply(imageOf('a').body))
    await clientOf(fake, { credential: undefined }).resolve('acme/image0', '1.0')
    expect(fake.requests.map(({ path, headers }) => [path, headers.authorization])).toEqual([
      ['/v2/', undefined],
      ['/token?scope=repository%3Aacme%2Fimage0%3Apull', undefined],
      ['/v2/acme/image0/manifests/1.0', 'Bearer anonymous'],
    ])
  })

  it('connects to the address of the realm that it checked, and says that the realm is on another host', async () => {
    const tokens = await startFake({ tls: certificates.good })
    const realm = `https://auth.example.com:${tokens.host.split(':')[1]}/token`
    const fake = await startFake({ tls: certificates.good })
    likeBitbucket(fake, { ...credential, readable: repositories, realm }, tokens)
    open.push(tokens, fake)
    const told: URL[] = []
    // No name server knows this name: whoever asks one again does not arrive.
    const client = clientOf(fake, { lookup: async () => ['127.0.0.1'], onRealm: (url) => told.push(url) })
    await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
    expect(tokens.seen('GET /token')).toHaveLength(2)
    expect(told.map(String)).toEqual([realm])
  })
})

describe('tokens', () => {
  it('serve all requests of their repository, and one request brings them', async () => {
    const fake = await registry()
    const client = clientOf(fake)
    const { digest } = imageOf('acme/image0')
    await Promise.all(['1.0', '1.0', digest, digest].map((each) => client.resolve('acme/image0', each)))
    await client.resolve('acme/image0', '1.0')
    expect(fake.seen('GET /token').map(({ query }) => query.get('scope'))).toEqual([
      null,
      'repository:acme/image0:pull',
    ])
  })

  it('are asked for again once when the registry refuses one that should be good', async () => {
    const fake = await registry()
    const client = clientOf(fake)
    const path = 'GET /v2/acme/image0/manifests/1.0'
    const { body, digest } = imageOf('acme/image0')
    const expired = errorReply(401, 'UNAUTHORIZED', 'expired', {
      'www-authenticate': 'Bearer error="invalid_token"',
    })
    fake.on(path, manifestReply(body), expired, manifestReply(body))
    await client.resolve('acme/image0', '1.0')
    await expect(client.resolve('acme/image0', '1.0')).resolves.toMatchObject({ digest })
    const shown = fake.seen(path).map(({ headers }) => headers.authorization)
    expect(shown[0]).toBe(shown[1])
    expect(shown[2]).not.toBe(shown[1])
    expect(fake.seen('GET /token')).toHaveLength(3)
  })

  it('are for reading the repository alone, whatever scope the registry names', async () => {
    const fake = await registry()
    const path = 'GET /v2/acme/image0/manifests/1.0'
    const challenge = `Bearer realm="${fake.origin}/token?scope=repository:other/image0:push",scope="registry:catalog:* repository:acme/image0:pull,push",error="insufficient_scope"`
    fake.on('GET /v2/', errorReply(401, 'UNAUTHORIZED', 'login', { 'www-authenticate': challenge }))
    fake.on(
      path,
      errorReply(401, 'UNAUTHORIZED', 'scope', { 'www-authenticate': challenge }),
      manifestReply(imageOf('a').body),
    )
    const client = clientOf(fake)
    await client.resolve('acme/image0', '1.0')
    expect(fake.seen('GET /token').map(({ query }) => query.getAll('scope'))).toEqual([
      [],
      ['repository:acme/image0:pull'],
      ['repository:acme/image0:pull'],
    ])
  })
})

describe('resolving many images', () => {
  it('asks for a token for each of them, after one login', async () => {
    const fake = await registry()
    const client = clientOf(fake)
    await Promise.all(repositories.map((each) => client.resolve(each, '1.0')))
    const scopes = fake.seen('GET /token').map(({ query }) => query.getAll('scope').join())
    expect(scopes).toEqual(['', ...repositories.map((each) => `repository:${each}:pull`)])
    expect(fake.requests).toHaveLength(1 + 1 + 20 + 20)
  })

  it.each(['registry', 'token server'])('lets one image fail alone that the %s denies', async (who) => {
    const fake = await registry()
    const denied = errorReply(403, 'DENIED', 'requested access to the resource is denied')
    if (who === 'registry') fake.on('GET /v2/other/image/manifests/1.0', denied)
    else {
      const { body } = imageOf('acme/image0')
      for (const each of repositories.slice(0, 2))
        fake.on(`GET /v2/${each}/manifests/1.0`, manifestReply(body))
      fake.on('GET /token', ({ query }) =>
        query.getAll('scope').includes('repository:other/image:pull') ? denied : { body: { token: 'token' } },
      )
    }
    const client = clientOf(fake)
    const names = ['acme/image0', 'other/image', 'acme/image1']
    const outcomes = await Promise.allSettled(names.map((each) => client.resolve(each, '1.0')))
    expect(outcomes).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'PKG-ACCESS-DENIED', said: 'DENIED: requested access to the resource is denied' } },
      { status: 'fulfilled' },
    ])
  })

  it.each([
    ['Bearer', { basic: false }],
    ['Basic', { basic: true }],
  ])('takes as many requests in a row as resolving one (%s)', async (_, more) => {
    const depthOf = async (names: string[]) => {
      const fake = await startFake()
      open.push(fake)
      const slow: typeof fake.on = (route, ...answers) =>
        fake.on(
          route,
          ...answers.map((answer) => (seen: Seen) => ({
            ...(typeof answer === 'function' ? answer(seen) : answer),
            delayMs: 60,
          })),
        )
      likeBitbucket({ ...fake, on: slow }, { ...credential, readable: names, ...more })
      const client = clientOf(fake)
      await Promise.all(names.map((each) => client.resolve(each, '1.0')))
      return inARow(fake.requests)
    }
    const one = await depthOf(repositories.slice(0, 1))
    const twenty = await depthOf(repositories)
    expect(one).toBe(more.basic ? 3 : 4)
    // A busy machine may pull two of the twenty apart.
    expect(twenty - one).toBeLessThanOrEqual(1)
  })

  it('needs one connection over HTTP/2', async () => {
    const fake = await registry({ tls: certificates.good, http2: true })
    const client = clientOf(fake)
    await Promise.all(repositories.map((each) => client.resolve(each, '1.0')))
    expect(fake.connections()).toBe(1)
  })

  it('makes no more than 24 connections', async () => {
    const fake = await registry()
    const client = clientOf(fake)
    const hundred = Array.from({ length: 100 }, (_, index) => repositories[index % 20] ?? '')
    await Promise.all(hundred.map((each) => client.resolve(each, '1.0')))
    // One more for the attempt at TLS.
    expect(fake.connections()).toBeLessThanOrEqual(25)
  })
})

describe('manifests', () => {
  it('are asked for in all formats that engines read, and come with their exact bytes', async () => {
    const fake = await registry()
    const { body, digest } = imageOf('acme/image0')
    const resolved = await clientOf(fake).resolve('acme/image0', digest)
    expect(resolved).toMatchObject({
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      manifest: { kind: 'image' },
    })
    expect(resolved.bytes.equals(body)).toBe(true)
    expect(fake.requests.at(-1)?.path).toBe(`/v2/acme/image0/manifests/${digest}`)
    expect(String(fake.requests.at(-1)?.headers.accept).split(', ')).toHaveLength(4)
  })

  it('are known by the digest of their bytes where the registry names none, and by the type of their body', async () => {
    const fake = await registry()
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [] }))
    fake.on('GET /v2/acme/image0/manifests/1.0', { body, headers: { 'content-type': 'application/json' } })
    await expect(clientOf(fake).resolve('acme/image0', '1.0')).resolves.toMatchObject({
      digest: sha256(body),
      mediaType: ociIndex,
      manifest: { kind: 'index', manifests: [] },
    })
  })

  it('are followed to another host without Authorization, and back from it without', async () => {
    const fake = await registry()
    const more = await startFake()
    open.push(more)
    const { body, digest } = imageOf('acme/image0')
    fake.on('GET /v2/acme/image0/manifests/1.0', { status: 307, headers: { location: '/v2/moved' } })
    fake.on('GET /v2/moved', { status: 307, headers: { location: `${more.origin}/away?signature=abc` } })
    more.on('GET /away', { status: 302, headers: { location: `${fake.origin}/back` } })
    fake.on('GET /back', manifestReply(body))
    const lines: RequestLine[] = []
    await expect(
      clientOf(fake, { onRequest: (line) => lines.push(line) }).resolve('acme/image0', '1.0'),
    ).resolves.toMatchObject({ digest })
    const shown = [...fake.requests, ...more.requests].map(({ path, headers }) => [
      path.split('?')[0],
      headers.authorization !== undefined,
    ])
    expect(Object.fromEntries(shown)).toMatchObject({ '/v2/moved': true, '/away': false, '/back': false })
    expect(lines.map((line) => line.url)).toContain(`${more.origin}/away?signature=***`)
  })
})

describe('the log', () => {
  it('gets a line for every attempt, and a note before every wait', async () => {
    const fake = await registry({}, { basic: true })
    fake.on('GET /v2/acme/image0/manifests/1.0', { status: 503 }, manifestReply(imageOf('a').body))
    const lines: RequestLine[] = []
    const notes: unknown[] = []
    const onRetry = ({ attempt, error }: { attempt: number; error: PipeError }) =>
      notes.push([attempt, error.code])
    await clientOf(fake, { onRequest: (line) => lines.push(line), onRetry }).resolve('acme/image0', '1.0')
    expect(
      lines
        .slice(1)
        .map(({ method, url, status, attempt }) => [method, url.replace(fake.origin, ''), status, attempt]),
    ).toEqual([
      ['GET', '/v2/', 401, 1],
      ['GET', '/v2/', 200, 1],
      ['GET', '/v2/acme/image0/manifests/1.0', 503, 1],
      ['GET', '/v2/acme/image0/manifests/1.0', 200, 2],
    ])
    expect(notes).toEqual([[1, 'PKG-REGISTRY-UNAVAILABLE']])
  })
})

describe('attempts', () => {
  it('are counted once where a retry is within another one', async () => {
    const fake = await registry()
    const client = clientOf(fake, { maxAttempts: 3 })
    await client.signIn()
    fake.on('GET /token', { status: 503 })
    const before = fake.seen('GET /token').length
    const retrying = { maxAttempts: 3, base: 1, cap: 1 }
    const outcome = retry(({ attempt }) => client.blob('acme/image0', sha256('a'), { attempt }), retrying)
    await expect(outcome).rejects.toMatchObject({ code: 'PKG-REGISTRY-UNAVAILABLE' })
    expect(fake.seen('GET /token').length - before).toBe(3)
  })

  it('change to HTTP/1.1 where a server says that it wants that', async () => {
    const fake = await registry({ tls: certificates.good, http2: true })
    const { body } = imageOf('acme/image0')
    fake.on('GET /v2/acme/image0/manifests/1.0', { ...manifestReply(body), fault: 'http1' })
    const client = clientOf(fake, { maxAttempts: 1 })
    await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
    await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
    // Once over HTTP/2, then never again.
    expect(fake.seen('GET /v2/acme/image0/manifests/1.0')).toHaveLength(3)
  })
})

describe('tags', () => {
  it('are read page by page', async () => {
    const fake = await registry({}, { basic: true })
    const next = (last: string) => ({ link: `</v2/acme/image0/tags/list?n=1000&last=${last}>; rel="next"` })
    fake.on(
      'GET /v2/acme/image0/tags/list',
      { body: { name: 'acme/image0', tags: ['a', 'b'] }, headers: next('b') },
      { body: { tags: ['c'] }, headers: next('c') },
      { body: { tags: null } },
    )
    await expect(clientOf(fake).tags('acme/image0')).resolves.toEqual(['a', 'b', 'c'])
    expect(fake.seen('GET /v2/acme/image0/tags/list').map(({ query }) => query.get('last'))).toEqual([
      null,
      'b',
      'c',
    ])
  })

  it('end after twenty pages of a list without an end', async () => {
    const fake = await registry({}, { basic: true })
    let page = 0
    fake.on('GET /v2/acme/image0/tags/list', () => ({
      body: { tags: [`t${++page}`] },
      headers: { link: `<?n=1000&last=t${page}>; rel="next"` },
    }))
    expect(await clientOf(fake).tags('acme/image0')).toHaveLength(20)
  })

  it.each([
    '<https://elsewhere.example.com/v2/acme/image0/tags/list?last=a>; rel="next"',
    '</v2/other/tags/list>; rel="next"',
    '<?last=a>; rel="prev"',
    'garbage',
  ])('do not follow the link %s', async (link) => {
    const fake = await registry({}, { basic: true })
    fake.on('GET /v2/acme/image0/tags/list', { body: { tags: ['a'] }, headers: { link } })
    await expect(clientOf(fake).tags('acme/image0')).resolves.toEqual(['a'])
  })
})

describe('proxies', () => {
  // Connects every tunnel to one port, as if that were the address of the name.
  const startProxy = async (port: number) => {
    const asked: string[] = []
    const proxy = createHttpServer()
    proxy.on('connect', (request, socket, head) => {
      asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`)
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connected\r\n\r\n')
        upstream.write(head)
        upstream.pipe(socket).pipe(upstream)
      })
      for (const each of [socket, upstream]) each.on('error', () => each.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    open.push({ close: () => new Promise((resolve) => proxy.close(resolve).closeAllConnections()) })
    return { asked, url: `127.0.0.1:${(proxy.address() as AddressInfo).port}` }
  }

  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'named by %s carry the requests, user name and password included',
    async (name) => {
      const fake = await startFake({ tls: certificates.good })
      open.push(fake)
      likeBitbucket(fake, { ...credential, readable: repositories, realm: 'https://crg.apkg.io/token' })
      const proxy = await startProxy(Number(fake.host.split(':')[1]))
      const client = clientOf(fake, { host: 'crg.apkg.io', env: { [name]: `http://me:word@${proxy.url}` } })
      await expect(client.resolve('acme/image0', '1.0')).resolves.toBeDefined()
      expect(proxy.asked[0]).toBe(`crg.apkg.io:443 Basic ${Buffer.from('me:word').toString('base64')}`)
    },
  )

  it('are left out for this machine, for the hosts of NO_PROXY, and for https where only HTTP_PROXY is set', async () => {
    const fake = await registry({ tls: certificates.good })
    const proxy = await startProxy(1)
    for (const env of [
      { HTTPS_PROXY: proxy.url },
      { https_proxy: proxy.url, no_proxy: 'crg.apkg.io' },
      { HTTPS_PROXY: proxy.url, NO_PROXY: '127.0.0.1' },
      { HTTP_PROXY: proxy.url, http_proxy: proxy.url },
    ])
      await expect(clientOf(fake, { env }).signIn()).resolves.toBeDefined()
    expect(proxy.asked).toEqual([])
  })
})

describe('authorities of certificates', () => {
  it.each([
    ['NODE_EXTRA_CA_CERTS', (file: string) => ({ NODE_EXTRA_CA_CERTS: file })],
    [
      'the store of the system (NODE_USE_SYSTEM_CA)',
      (file: string) => ({ NODE_USE_SYSTEM_CA: '1', SSL_CERT_FILE: file }),
    ],
    ['nowhere', () => ({})],
  ])('are taken from %s', async (name, env) => {
    const fake = await registry({ tls: certificates.good })
    const folder = await mkdtemp(join(tmpdir(), 'authority-'))
    open.push({ close: () => rm(folder, { recursive: true }) })
    const file = join(folder, 'ca.pem')
    await writeFile(file, certificates.ca)
    const module = new URL('./open-client.ts', import.meta.url)
    const script = `
      const { openClient } = await import(${JSON.stringify(module)})
      const client = openClient(${JSON.stringify(fake.host)})
      await client.signIn().then(({ kind }) => console.log(kind), ({ code }) => console.log(code))
      await client.close()`
    const options = { env: { PATH: process.env.PATH, ...env(file) }, extendEnv: false }
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', script], options)
    expect(stdout).toBe(name === 'nowhere' ? 'PKG-TLS-CA' : 'bearer')
  })
})

describe('isDefinite', () => {
  it.each([
    ['PKG-AUTH-REFUSED', true],
    ['PKG-ACCESS-DENIED', true],
    ['PKG-PACKAGE-UNKNOWN', true],
    ['PKG-TAG-UNKNOWN', true],
    ['PKG-INTEGRITY', true],
    ['PKG-SCHEMA1', true],
    ['PKG-QUOTA', true],
    ['PKG-LOCKOUT', true],
    ['PKG-RATE-LIMIT', true],
    ['PKG-REALM-REFUSED', true],
    ['PKG-REDIRECT-REFUSED', true],
    ['PKG-TIMEOUT', true],
    ['PKG-NETWORK', false],
    ['PKG-DNS', false],
    ['PKG-TLS-CA', false],
    ['PKG-NOT-A-REGISTRY', false],
    ['PKG-REGISTRY-UNAVAILABLE', false],
  ] as const)('of %s is %s', (code, expected) => {
    expect(isDefinite(new PipeError(code, 'failed'))).toBe(expected)
  })

  it('takes what is no failure of the catalogue for definite', () => {
    expect(isDefinite(new Error('SIGTERM'))).toBe(true)
  })
})

// How many requests had to wait for each other: the longest row in which each began after the one before
// it was answered.
const inARow = (requests: readonly Seen[]): number => {
  let end = Number.NEGATIVE_INFINITY
  let count = 0
  for (const { from, to } of [...requests].sort((a, b) => a.to - b.to)) {
    if (from < end) continue
    end = to
    count++
  }
  return count
}
