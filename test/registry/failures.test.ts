import { type AddressInfo, createServer } from 'node:net'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { inspect } from 'node:util'
import { afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startClock } from '../../src/clock.ts'
import { type Code, catalogue, PipeError } from '../../src/errors.ts'
import type { RegistryClient } from '../../src/registry/client.ts'
import { describeImage } from '../../src/registry/describe.ts'
import { type Certificates, makeCertificates } from '../certificates.ts'
import {
  errorReply,
  type FakeOptions,
  type FakeRegistry,
  imageOf,
  likeBitbucket,
  manifestReply,
  ociIndex,
  ociManifest,
  type Reply,
  type Seen,
  sha256,
  startFake,
} from '../fake-registry.ts'
import { type ClientOptions, openClient } from './open-client.ts'

const credential = { username: 'x-token-auth', secret: 'ATCTT-very-secret' }
const image = imageOf('acme/base')
const tagPath = 'GET /v2/acme/base/manifests/1.0'

interface Row {
  name: string
  /** Changes the registry, which would else serve acme/base. */
  given: (fake: FakeRegistry, more: FakeRegistry) => void
  /** What is asked; the tag of acme/base if not given. */
  when?: (client: RegistryClient) => Promise<unknown>
  options?: (fake: FakeRegistry, more: FakeRegistry) => ClientOptions
  fake?: () => FakeOptions
  basic?: boolean
  code: Code
  said?: RegExp
  why?: RegExp
  hint?: RegExp
  message?: RegExp
  /** How often the route was asked in the end; routes of retryable failures are asked twice. */
  asked?: Record<string, number>
  /** How many requests went to the other host. */
  elsewhere?: number
}

let certificates: Certificates
const proxyPorts = new Map<number, number>()
const proxyPort = (status: number) => proxyPorts.get(status)
const open: Array<{ close: () => Promise<void> }> = []

beforeAll(async () => {
  certificates = await makeCertificates()
  setDefaultCACertificates([...getCACertificates('default'), certificates.ca])
  for (const status of [403, 407, 502]) {
    // Undici's proxies speak CONNECT, which is answered by the first bytes of any server.
    const proxy = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`))
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    proxyPorts.set(status, (proxy.address() as AddressInfo).port)
  }
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const run = async (row: Row) => {
  const fake = await startFake(row.fake?.())
  const more = await startFake()
  likeBitbucket(fake, { ...credential, readable: ['acme/base'], basic: row.basic ?? false })
  row.given(fake, more)
  const lines: unknown[] = []
  const client = openClient(fake.host, {
    credential,
    maxAttempts: 2,
    timeouts: { connect: 1000, headers: 150, body: 150, total: 400 },
    onRequest: (line) => lines.push(line),
    onRetry: (again) => lines.push(again),
    ...row.options?.(fake, more),
  })
  open.push(client, fake, more)
  const when = row.when ?? ((each) => each.resolve('acme/base', '1.0'))
  const error: unknown = await when(client).then(
    () => 'nothing failed',
    (reason: unknown) => reason,
  )
  return { error, lines, fake, more, mask: client.secrets.mask }
}

const all =
  (...routes: Array<[string, ...Reply[]]>) =>
  (fake: FakeRegistry) => {
    for (const [route, ...replies] of routes) fake.on(route, ...replies)
  }

const ping = (reply: Reply) => all(['GET /v2/', reply])
const anything = (reply: Reply) => all(['GET /v2/', reply], [tagPath, reply])
const token = (...replies: Reply[]) => all(['GET /token', ...replies])
const manifest = (...replies: Reply[]) => all([tagPath, ...replies])
const realm =
  (address: (fake: FakeRegistry, more: FakeRegistry) => string) => (fake: FakeRegistry, more: FakeRegistry) =>
    fake.on('GET /v2/', {
      status: 401,
      headers: { 'www-authenticate': `Bearer realm="${address(fake, more)}",service=s` },
    })
const page = (status: number, title: string): Reply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!DOCTYPE html><html><head><title>${title}</title></head><body>…</body></html>`,
})
const loggedIn = { body: { token: 'a-token-for-nothing' } }
const scoped =
  (reply: Reply) =>
  ({ query }: Seen): Reply =>
    query.get('scope') ? reply : loggedIn
const json = (value: object, type = ociManifest) => manifestReply(Buffer.from(JSON.stringify(value)), type)

// Undici looks at its timers about once a second.
const patient = () => ({ timeouts: { headers: 150, body: 150, total: 5000 }, maxAttempts: 1 })

const network: Row[] = [
  {
    name: 'nothing listens',
    given: () => {},
    options: () => ({ host: '127.0.0.1:1' }),
    code: 'PKG-NETWORK',
    said: /ECONNREFUSED/,
  },
  {
    name: 'the host has no address',
    given: () => {},
    // A label of 64 characters is refused before any name server is asked.
    options: () => ({ host: `${'a'.repeat(64)}.example.com` }),
    code: 'PKG-DNS',
    said: /ENOTFOUND/,
    hint: /REGISTRY/,
  },
  {
    name: 'the connection is reset',
    given: ping({ fault: 'reset' }),
    code: 'PKG-NETWORK',
    asked: { 'GET /v2/': 2 },
  },
  {
    name: 'the connection is closed without an answer',
    given: ping({ fault: 'close' }),
    code: 'PKG-NETWORK',
  },
  {
    name: 'no answer comes',
    given: ping({ fault: 'stall' }),
    options: patient,
    code: 'PKG-NETWORK',
    said: /Headers Timeout/,
  },
  {
    name: 'the answer stops in mid-body',
    given: manifest({ ...manifestReply(image.body), fault: 'stall', after: 100 }),
    options: patient,
    code: 'PKG-NETWORK',
    said: /Body Timeout/,
  },
  {
    name: 'the whole answer takes too long',
    given: manifest({ ...manifestReply(image.body), fault: 'stall', after: 100 }),
    code: 'PKG-NETWORK',
    message: /within 0\.4 s/,
    asked: { [tagPath]: 2 },
  },
  {
    name: 'the connection is closed in the middle of a chunked body',
    given: manifest({
      fault: 'close',
      after: 100,
      body: image.body,
      headers: { 'content-type': ociManifest, 'transfer-encoding': 'chunked' },
    }),
    code: 'PKG-NETWORK',
    asked: { [tagPath]: 2 },
  },
  {
    name: 'the connection is reset in mid-body',
    given: manifest({ ...manifestReply(image.body), fault: 'reset', after: 100 }),
    code: 'PKG-NETWORK',
    asked: { [tagPath]: 2 },
  },
  {
    name: 'the connection is closed before the stated length',
    given: manifest({ ...manifestReply(image.body), fault: 'close', after: 100 }),
    code: 'PKG-NETWORK',
  },
  {
    name: 'the token arrives in part only',
    given: token({ body: { token: 'a-token-for-nothing' }, fault: 'reset', after: 5 }),
    code: 'PKG-NETWORK',
  },
  { name: 'the token server stalls', given: token({ fault: 'stall' }), code: 'PKG-NETWORK' },
  {
    name: 'the token server is not there',
    given: realm(() => 'http://127.0.0.1:1/token'),
    code: 'PKG-NETWORK',
    message: /127\.0\.0\.1:1/,
  },
  {
    name: 'the answer is not HTTP',
    given: ping({ raw: 'SSH-2.0-OpenSSH_9.2\r\n' }),
    code: 'PKG-NOT-A-REGISTRY',
    message: /does not speak HTTP/,
  },
  {
    name: 'the head of the answer is too long',
    given: ping({ headers: { 'x-long': 'a'.repeat(20_000) } }),
    code: 'PKG-NOT-A-REGISTRY',
  },
]

const tls: Row[] = [
  {
    name: 'a certificate of an unknown authority',
    fake: () => ({ tls: certificates.selfSigned }),
    given: () => {},
    code: 'PKG-TLS-CA',
    hint: /NODE_EXTRA_CA_CERTS/,
  },
  {
    name: 'a certificate for another name',
    fake: () => ({ tls: certificates.wrongHost }),
    given: () => {},
    code: 'PKG-TLS-HOST',
    said: /certificate's altnames/,
  },
  {
    name: 'a certificate that has expired',
    fake: () => ({ tls: certificates.expired }),
    given: () => {},
    code: 'PKG-TLS-EXPIRED',
    hint: /clock/,
  },
  {
    name: 'plain HTTP where TLS is named',
    fake: () => ({ tls: certificates.good }),
    given: realm((_, more) => `https://${more.host}/token`),
    code: 'PKG-TLS',
  },
]

const strangers: Row[] = [
  {
    name: 'a login page with status 200',
    given: anything(page(200, 'Sign in to the guest network')),
    code: 'PKG-NOT-A-REGISTRY',
    said: /an HTML page: Sign in to the guest network/,
    hint: /HTTPS_PROXY/,
  },
  { name: 'no API at that host', given: anything({ status: 404 }), code: 'PKG-NOT-A-REGISTRY' },
  {
    name: 'a firewall that blocks',
    given: anything(page(403, 'Blocked by policy')),
    code: 'PKG-NOT-A-REGISTRY',
    said: /Blocked by policy/,
  },
  {
    name: 'an answer of 407',
    given: anything({ status: 407, body: 'Proxy login' }),
    code: 'PKG-NOT-A-REGISTRY',
    said: /Proxy login/,
  },
  {
    name: 'an answer of 501',
    given: anything({ status: 501 }),
    code: 'PKG-NOT-A-REGISTRY',
    asked: { 'GET /v2/': 1 },
  },
  {
    name: 'a 401 without a challenge',
    given: anything({ status: 401 }),
    code: 'PKG-NOT-A-REGISTRY',
    said: /\(none\)/,
  },
  {
    name: 'a login of a kind that the pipe does not know',
    given: ping({ status: 401, headers: { 'www-authenticate': 'Negotiate, NTLM' } }),
    code: 'PKG-NOT-A-REGISTRY',
    said: /negotiate, ntlm/,
  },
  {
    name: 'a page instead of a token',
    given: token(page(200, 'Welcome')),
    code: 'PKG-NOT-A-REGISTRY',
    said: /Welcome/,
    why: /no token server/,
  },
  {
    name: 'an answer without a token',
    given: token({ body: {} }),
    code: 'PKG-NOT-A-REGISTRY',
    said: /without a token/,
  },
  {
    name: 'a token that no header can carry',
    given: token({ body: { token: 'a\r\nHost: b' } }),
    code: 'PKG-NOT-A-REGISTRY',
  },
  {
    name: 'a token of more than 64 KiB',
    given: token({ body: { token: 'a'.repeat(70_000) } }),
    code: 'PKG-NOT-A-REGISTRY',
    said: /64 KiB/,
  },
  {
    name: 'a page instead of a manifest',
    given: manifest(page(200, 'Maintenance')),
    code: 'PKG-NOT-A-REGISTRY',
    said: /Maintenance/,
  },
  {
    name: 'a page that says 404',
    given: manifest(page(404, 'Not here')),
    code: 'PKG-NOT-A-REGISTRY',
    said: /Not here/,
  },
  {
    name: 'a 404 without an error body, of a host that has not proved to be a registry',
    given: all(
      ['GET /v2/', { body: 'fine', headers: { 'content-type': 'text/plain' } }],
      [tagPath, { status: 404 }],
    ),
    code: 'PKG-NOT-A-REGISTRY',
  },
  {
    name: 'something else than a list of tags',
    given: all(['GET /v2/acme/base/tags/list', { body: '[]' }]),
    when: (client) => client.tags('acme/base'),
    code: 'PKG-NOT-A-REGISTRY',
  },
]

const unavailable: Row[] = [408, 425, 499, 500, 502, 503, 504, 520, 522, 524, 529].map((status) => ({
  name: `an answer of ${status}`,
  given: manifest({ ...page(status, 'Try later'), status }),
  code: 'PKG-REGISTRY-UNAVAILABLE',
  said: /Try later/,
  asked: { [tagPath]: 2 },
}))

unavailable.push({
  name: 'a 400 that says UNAVAILABLE',
  given: manifest(errorReply(400, 'UNAVAILABLE', 'try later')),
  code: 'PKG-REGISTRY-UNAVAILABLE',
  said: /try later/,
  asked: { [tagPath]: 2 },
})

const limits: Row[] = [
  {
    name: 'a rate limit with status 403, by its code',
    given: manifest(errorReply(403, 'TOOMANYREQUESTS', 'wait a little')),
    code: 'PKG-RATE-LIMIT',
    said: /wait a little/,
    asked: { [tagPath]: 2 },
  },
  {
    name: 'a rate limit with status 403, by its words',
    given: manifest({ status: 403, body: { message: 'Rate exceeded' } }),
    code: 'PKG-RATE-LIMIT',
    asked: { [tagPath]: 2 },
  },
  {
    name: 'a rate limit with status 400, of a gateway',
    given: manifest({ status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }),
    code: 'PKG-RATE-LIMIT',
    asked: { [tagPath]: 2 },
  },
  {
    name: 'a rate limit at the token server with status 403',
    given: (fake) => fake.on('GET /token', scoped(errorReply(403, 'TOOMANYREQUESTS', 'slow down'))),
    code: 'PKG-RATE-LIMIT',
    asked: { 'GET /token': 3 },
  },
  {
    name: 'a burst limit that tells its wait in microseconds',
    given: manifest(errorReply(429, 'TOOMANYREQUESTS', 'retry-after: 985.86µs, allowed: 44000/minute')),
    code: 'PKG-RATE-LIMIT',
    said: /allowed: 44000/,
    asked: { [tagPath]: 2 },
  },
  {
    name: 'a burst limit without a wait',
    given: manifest(errorReply(429, 'TOOMANYREQUESTS', 'Rate exceeded')),
    code: 'PKG-RATE-LIMIT',
    asked: { [tagPath]: 2 },
  },
  {
    name: 'a wait that TIMEOUT does not leave',
    given: manifest(errorReply(429, 'TOOMANYREQUESTS', 'slow down', { 'retry-after': '3600' })),
    options: () => ({ clock: startClock(60_000) }),
    code: 'PKG-RATE-LIMIT',
    why: /The wait asked for is 60 min 0 s/,
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a used-up quota with status 429',
    given: manifest(errorReply(429, 'TOOMANYREQUESTS', 'You have reached your pull rate limit.')),
    code: 'PKG-QUOTA',
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a used-up quota with status 403',
    given: manifest(errorReply(403, 'DENIED', 'Request exceeded pull rate limit for IP 203.0.113.7')),
    code: 'PKG-QUOTA',
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a payment that is due',
    given: manifest(errorReply(402, 'DENIED', 'plan ended')),
    code: 'PKG-QUOTA',
    said: /plan ended/,
  },
  {
    name: 'a lockout at the token server',
    given: token({
      status: 429,
      body: { details: 'too many failed login attempts for username or IP address' },
    }),
    code: 'PKG-LOCKOUT',
    hint: /Correct the credentials first/,
    asked: { 'GET /token': 1 },
  },
  {
    name: 'a lockout with status 401',
    basic: true,
    given: (fake) =>
      fake.on('GET /v2/', ({ headers }) => ({
        status: 401,
        headers: { 'www-authenticate': 'Basic realm="packages"' },
        body: headers.authorization ? 'Too many failed login attempts' : '',
      })),
    code: 'PKG-LOCKOUT',
    asked: { 'GET /v2/': 2 },
  },
]

const credentials: Row[] = [
  {
    name: 'a login that the token server refuses',
    given: token(errorReply(401, 'UNAUTHORIZED', 'incorrect username or password')),
    code: 'PKG-AUTH-REFUSED',
    said: /incorrect username or password/,
    hint: /API_TOKEN_USERNAME/,
    asked: { 'GET /token': 1, [tagPath]: 0 },
  },
  {
    name: 'a login that the OAuth2 endpoint refuses',
    given: all(
      ['GET /token', { status: 405 }],
      ['POST /token', { status: 401, body: { error: 'invalid_grant', error_description: 'no such user' } }],
    ),
    code: 'PKG-AUTH-REFUSED',
    said: /invalid_grant: no such user/,
    asked: { 'GET /token': 1, 'POST /token': 1 },
  },
  {
    name: 'a login that a Basic registry refuses',
    basic: true,
    given: () => {},
    options: () => ({ credential: { username: 'x', secret: 'another-secret' } }),
    code: 'PKG-AUTH-REFUSED',
    said: /authentication required/,
    // One without a credential to learn the scheme, one with it.
    asked: { 'GET /v2/': 2, [tagPath]: 0 },
  },
  {
    name: 'a login that a web server before the registry refuses with a page',
    given: ping({
      ...page(401, 'Authorization Required'),
      headers: { 'content-type': 'text/html', 'www-authenticate': 'Basic' },
    }),
    code: 'PKG-AUTH-REFUSED',
    said: /Authorization Required/,
    asked: { 'GET /v2/': 2 },
  },
  {
    name: 'a refusal that echoes the credential',
    given: (fake) =>
      fake.on('GET /token', ({ headers }) =>
        errorReply(401, 'UNAUTHORIZED', `${headers.authorization} and ${credential.secret}`),
      ),
    code: 'PKG-AUTH-REFUSED',
    said: /Basic \*{4} and \*{4}/,
  },
  {
    name: 'a refusal that echoes the token',
    given: (fake) =>
      fake.on(tagPath, ({ headers }) => errorReply(403, 'DENIED', `not with ${headers.authorization}`)),
    code: 'PKG-ACCESS-DENIED',
    said: /not with Bearer \*{4}/,
  },
  {
    name: 'a package of another repository, refused with 401 by the token server',
    given: (fake) => fake.on('GET /token', scoped(errorReply(401, 'UNAUTHORIZED', 'no access'))),
    code: 'PKG-ACCESS-DENIED',
    why: /linked to the repository/,
    asked: { [tagPath]: 0 },
  },
  {
    name: 'a package of another repository, refused with 403 by the token server',
    given: (fake) =>
      fake.on('GET /token', scoped(errorReply(403, 'DENIED', 'requested access to the resource is denied'))),
    code: 'PKG-ACCESS-DENIED',
    said: /requested access to the resource is denied/,
  },
  {
    name: 'a token server that grants nothing, which the registry refuses with 401',
    given: manifest(
      errorReply(401, 'UNAUTHORIZED', 'authentication required', {
        'www-authenticate': 'Bearer error="insufficient_scope"',
      }),
    ),
    code: 'PKG-ACCESS-DENIED',
    // The login, the first token, and one fresh one.
    asked: { 'GET /token': 3, [tagPath]: 2 },
  },
  {
    name: 'a package that the registry refuses in the envelope of Bitbucket',
    given: manifest({
      status: 403,
      body: {
        type: 'error',
        error: { message: 'Access is limited.', detail: 'An admin must allow this IP.' },
      },
    }),
    code: 'PKG-ACCESS-DENIED',
    said: /^Access is limited\.: An admin must allow this IP\.$/,
  },
  {
    name: 'a token that the registry calls expired in its challenge only',
    given: manifest(
      errorReply(401, 'UNKNOWN', 'some unknown error', {
        'www-authenticate': 'Bearer error="invalid_token", error_description="The access token expired"',
      }),
    ),
    code: 'PKG-ACCESS-DENIED',
    said: /^UNKNOWN: some unknown error; The access token expired$/,
  },
  {
    name: 'a refusal that has words in its challenge alone',
    given: manifest({
      status: 401,
      headers: { 'www-authenticate': 'Bearer error="insufficient_scope", error_description="Not for you"' },
    }),
    code: 'PKG-ACCESS-DENIED',
    said: /^Not for you$/,
  },
  {
    name: 'a package that the registry refuses with 403',
    given: manifest(errorReply(403, 'DENIED', 'denied')),
    code: 'PKG-ACCESS-DENIED',
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a package that a Basic registry refuses to an accepted login',
    basic: true,
    given: manifest(
      errorReply(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': 'Basic' }),
    ),
    code: 'PKG-ACCESS-DENIED',
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a Basic registry, without a credential',
    basic: true,
    given: manifest(
      errorReply(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': 'Basic' }),
    ),
    options: () => ({ credential: undefined }),
    code: 'PKG-ACCESS-DENIED',
    why: /no credentials for this registry/,
    hint: /REGISTRY/,
    asked: { [tagPath]: 1 },
  },
  {
    name: 'a token server that gives nothing to the anonymous',
    given: token(errorReply(401, 'UNAUTHORIZED', 'who are you')),
    options: () => ({ credential: undefined }),
    code: 'PKG-ACCESS-DENIED',
    why: /no credentials for this registry/,
    asked: { 'GET /token': 1 },
  },
]

const names: Row[] = [
  {
    name: 'a package that does not exist',
    given: manifest(errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry')),
    code: 'PKG-PACKAGE-UNKNOWN',
  },
  {
    name: 'a package that does not exist, in the words of Bitbucket',
    given: manifest(errorReply(404, 'NOT_FOUND', 'name unknown: acme/base does not exist in this workspace')),
    code: 'PKG-PACKAGE-UNKNOWN',
    said: /does not exist in this workspace/,
  },
  {
    name: 'a package that does not exist, asked for its tags',
    given: all(['GET /v2/acme/base/tags/list', errorReply(404, 'NAME_UNKNOWN', 'unknown')]),
    when: (client) => client.tags('acme/base'),
    code: 'PKG-PACKAGE-UNKNOWN',
  },
  {
    name: 'a tag that does not exist',
    given: manifest(errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown')),
    code: 'PKG-TAG-UNKNOWN',
    message: /acme\/base:1\.0 does not exist/,
  },
  {
    name: 'a 404 of a registry that knows no error codes',
    given: manifest({ status: 404, body: { message: 'no such tag' } }),
    code: 'PKG-TAG-UNKNOWN',
    said: /no such tag/,
  },
  {
    name: 'a tag that does not exist, in plain text',
    given: manifest({ status: 404, body: '404 page not found' }),
    code: 'PKG-TAG-UNKNOWN',
    said: /404 page not found/,
  },
  {
    name: 'a tag that does not exist, without a word',
    given: manifest({ status: 404 }),
    code: 'PKG-TAG-UNKNOWN',
    said: /without a word/,
  },
  {
    name: 'a tag that does not exist, of a registry that wants no login',
    given: all(['GET /v2/', { body: {} }], [tagPath, { status: 404 }]),
    code: 'PKG-TAG-UNKNOWN',
  },
  {
    name: 'a digest that does not exist, without a word',
    given: () => {},
    when: (client) => client.resolve('acme/base', sha256('gone')),
    code: 'PKG-DIGEST-UNKNOWN',
  },
  {
    name: 'a digest that does not exist',
    given: all([
      `GET /v2/acme/base/manifests/${sha256('gone')}`,
      errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown'),
    ]),
    when: (client) => client.resolve('acme/base', sha256('gone')),
    code: 'PKG-DIGEST-UNKNOWN',
    message: /acme\/base@sha256:/,
  },
]

// The names of packages and tags are not the answer's own words.
const named: Row[] = [
  ...['quota-service', 'quota', 'pull-rate-limit', 'too-many-requests'].map(
    (name): Row => ({
      name: `a package ${name} that may not be read`,
      given: all([
        `GET /v2/acme/${name}/manifests/1.0`,
        errorReply(403, 'DENIED', `requested access to acme/${name} is denied: no rights on ${name}`),
      ]),
      when: (client) => client.resolve(`acme/${name}`, '1.0'),
      code: 'PKG-ACCESS-DENIED',
      asked: { [`GET /v2/acme/${name}/manifests/1.0`]: 1 },
    }),
  ),
  {
    name: 'a rate limit for a package quota-service',
    given: all([
      'GET /v2/acme/quota-service/manifests/1.0',
      errorReply(429, 'TOOMANYREQUESTS', 'slow down with quota-service'),
    ]),
    when: (client) => client.resolve('acme/quota-service', '1.0'),
    code: 'PKG-RATE-LIMIT',
    asked: { 'GET /v2/acme/quota-service/manifests/1.0': 2 },
  },
  {
    name: 'a quota of a package quota-service',
    given: all([
      'GET /v2/acme/quota-service/manifests/1.0',
      errorReply(429, 'TOOMANYREQUESTS', 'quota exceeded for quota-service'),
    ]),
    when: (client) => client.resolve('acme/quota-service', '1.0'),
    code: 'PKG-QUOTA',
  },
  {
    name: 'a token for a package quota-service that the token server denies',
    given: (fake) =>
      fake.on(
        'GET /token',
        scoped(errorReply(403, 'DENIED', 'repository:acme/quota-service:pull, quota-service')),
      ),
    when: (client) => client.resolve('acme/quota-service', '1.0'),
    code: 'PKG-ACCESS-DENIED',
  },
  {
    name: 'a tag called name-unknown that does not exist',
    given: all([
      'GET /v2/acme/base/manifests/name-unknown',
      errorReply(404, 'MANIFEST_UNKNOWN', 'no manifest tagged name-unknown'),
    ]),
    when: (client) => client.resolve('acme/base', 'name-unknown'),
    code: 'PKG-TAG-UNKNOWN',
  },
]

const hosts: Row[] = ['1.2.3.256', 'example.com:99999', '[::1::2]:5000', '10.0.0.1.5:5000', 'my.0x'].map(
  (host) => ({
    name: `${host}, which is no host of a URL`,
    given: () => {},
    options: () => ({ host }),
    code: 'PKG-CONFIG',
    message: /is not the address of a registry/,
    hint: /REGISTRY/,
  }),
)

const contents: Row[] = [
  {
    name: 'bytes that are not those of the header',
    given: manifest({
      ...manifestReply(image.body),
      headers: { 'content-type': ociManifest, 'docker-content-digest': sha256('other') },
    }),
    code: 'PKG-INTEGRITY',
    said: new RegExp(`expected ${sha256('other')}, received ${image.digest}`),
  },
  {
    name: 'bytes that are not those that were asked for',
    given: all([`GET /v2/acme/base/manifests/${sha256('wanted')}`, manifestReply(image.body)]),
    when: (client) => client.resolve('acme/base', sha256('wanted')),
    code: 'PKG-INTEGRITY',
  },
  {
    name: 'a digest that cannot be computed',
    given: manifest({
      ...manifestReply(image.body),
      headers: { 'content-type': ociManifest, 'docker-content-digest': 'md5:abc' },
    }),
    code: 'PKG-INTEGRITY',
    said: /md5:abc/,
  },
  {
    name: 'a type that the header and the body name differently',
    given: manifest(manifestReply(image.body, ociIndex)),
    code: 'PKG-MANIFEST',
    why: /The header names it .*index.*, the manifest itself .*manifest/,
  },
  {
    name: 'a document that is both an index and an image',
    given: manifest(json({ ...JSON.parse(image.body.toString()), manifests: [] })),
    code: 'PKG-MANIFEST',
    why: /as an index and as an image/,
  },
  {
    name: 'a manifest that is no JSON',
    given: manifest(manifestReply(Buffer.from('{"schemaVersion":2,'))),
    code: 'PKG-MANIFEST',
    why: /not a manifest in JSON/,
  },
  {
    name: 'a manifest with a digest that is a path',
    given: manifest(
      json({ schemaVersion: 2, config: { mediaType: 'a', digest: '../../etc', size: 1 }, layers: [] }),
    ),
    code: 'PKG-MANIFEST',
  },
  {
    name: 'a manifest with a size below zero',
    given: manifest(
      json({ schemaVersion: 2, config: { mediaType: 'a', digest: sha256('a'), size: -1 }, layers: [] }),
    ),
    code: 'PKG-MANIFEST',
  },
  {
    name: 'a manifest of more than 4 MiB',
    given: manifest(manifestReply(Buffer.alloc(4 * 1024 * 1024 + 1, ' '))),
    code: 'PKG-MANIFEST',
    why: /larger than 4 MiB/,
  },
  {
    name: 'a document of another type',
    given: manifest(json({ schemaVersion: 2 }, 'application/vnd.example+json')),
    code: 'PKG-MANIFEST',
    why: /application\/vnd\.example\+json/,
  },
  {
    name: 'a manifest of schema 1, by its header',
    given: manifest(json({ name: 'acme/base' }, 'application/vnd.docker.distribution.manifest.v1+prettyjws')),
    code: 'PKG-SCHEMA1',
    hint: /build it again/,
  },
  {
    name: 'a manifest of schema 1, by its number',
    given: manifest(json({ schemaVersion: 1, fsLayers: [] }, 'application/json')),
    code: 'PKG-SCHEMA1',
  },
  {
    name: 'a chart instead of an image',
    given: manifest(
      json({
        schemaVersion: 2,
        config: { mediaType: 'application/vnd.cncf.helm.config.v1+json', digest: sha256('a'), size: 1 },
        layers: [],
      }),
    ),
    when: async (client) => {
      const { manifest: found } = await client.resolve('acme/base', '1.0')
      if (found.kind === 'image') describeImage(found, 'acme/base:1.0')
    },
    code: 'PKG-MANIFEST',
    said: /helm/,
  },
]

const policies: Row[] = [
  {
    name: 'a realm at the metadata service',
    given: realm(() => 'https://169.254.169.254/latest'),
    code: 'PKG-REALM-REFUSED',
    said: /169\.254\.169\.254/,
    asked: { 'GET /token': 0 },
  },
  {
    name: 'a realm without TLS on another machine',
    given: realm(() => 'http://198.51.100.7/token'),
    code: 'PKG-REALM-REFUSED',
    hint: /has to name a public https address/,
  },
  {
    name: 'a realm with a password in its address',
    given: realm((fake) => fake.origin.replace('//', '//user:realm-secret@')),
    code: 'PKG-REALM-REFUSED',
    why: /user name or password/,
  },
  {
    name: 'a realm that AUTH_REALM_HOSTS does not name',
    given: realm((_, more) => `${more.origin}/token`),
    options: () => ({ authRealmHosts: ['auth.example.com'] }),
    code: 'PKG-REALM-REFUSED',
    why: /AUTH_REALM_HOSTS/,
    hint: /name 127\.0\.0\.1:\d+ in AUTH_REALM_HOSTS/,
  },
  {
    name: 'a realm without an address',
    given: realm(() => 'https://auth.example.com/token'),
    options: () => ({ lookup: () => Promise.reject(new Error('ENOTFOUND')) }),
    code: 'PKG-DNS',
    message: /auth\.example\.com/,
  },
  {
    name: 'a token server that redirects to another origin',
    given: (fake, more) =>
      fake.on('GET /token', { status: 307, headers: { location: `${more.origin}/token` } }),
    code: 'PKG-REDIRECT-REFUSED',
    why: /to no other/,
    asked: { 'GET /token': 1 },
    elsewhere: 0,
  },
  {
    name: 'a token server that redirects to itself without an end',
    given: token({ status: 307, headers: { location: '/token' } }),
    code: 'PKG-REDIRECT-REFUSED',
    asked: { 'GET /token': 6 },
  },
  {
    name: 'a redirect without TLS to another machine',
    given: manifest({ status: 307, headers: { location: 'http://198.51.100.7/' } }),
    code: 'PKG-REDIRECT-REFUSED',
    said: /198\.51\.100\.7/,
  },
  {
    name: 'redirects without an end',
    given: manifest({ status: 302, headers: { location: '/v2/acme/base/manifests/1.0' } }),
    code: 'PKG-REDIRECT-REFUSED',
    asked: { [tagPath]: 6 },
  },
  { name: 'a redirect to nowhere', given: manifest({ status: 302 }), code: 'PKG-REDIRECT-REFUSED' },
  {
    name: 'another host that asks for a login after a redirect',
    given: (fake, more) => {
      fake.on(tagPath, { status: 307, headers: { location: `${more.origin}/manifest` } })
      more.on('GET /manifest', { status: 401, headers: { 'www-authenticate': 'Basic' } })
    },
    code: 'PKG-NOT-A-REGISTRY',
    asked: { [tagPath]: 1 },
  },
]

const proxies: Row[] = [
  {
    name: 'a proxy that does not let the pipe through',
    given: () => {},
    options: () => ({
      host: 'registry.example.com',
      env: { HTTPS_PROXY: `http://user:proxy-secret@127.0.0.1:${proxyPort(403)}` },
    }),
    code: 'PKG-NOT-A-REGISTRY',
    why: /does not let this pipe through/,
    hint: /NO_PROXY/,
  },
  {
    name: 'a proxy that wants a login',
    given: () => {},
    options: () => ({ host: 'registry.example.com', env: { https_proxy: `127.0.0.1:${proxyPort(407)}` } }),
    code: 'PKG-NOT-A-REGISTRY',
    why: /asks for a user name and a password/,
  },
  {
    name: 'a proxy that does not reach the registry',
    given: () => {},
    options: () => ({
      host: 'registry.example.com',
      env: { HTTPS_PROXY: `http://127.0.0.1:${proxyPort(502)}` },
    }),
    code: 'PKG-NETWORK',
    message: /The proxy makes no connection/,
  },
  {
    name: 'a proxy that is not there',
    given: () => {},
    options: () => ({ host: 'registry.example.com', env: { HTTPS_PROXY: 'http://127.0.0.1:1' } }),
    code: 'PKG-NETWORK',
  },
]

const time: Row[] = [
  {
    name: 'TIMEOUT ends a stalled answer',
    given: manifest({ ...manifestReply(image.body), fault: 'stall', after: 10 }),
    options: () => ({ clock: startClock(120) }),
    code: 'PKG-TIMEOUT',
  },
  {
    name: 'TIMEOUT ends the retries',
    given: manifest({ status: 503 }),
    options: () => ({ clock: startClock(120), maxAttempts: 1000, base: 10, cap: 10 }),
    code: 'PKG-TIMEOUT',
    said: /cannot serve the request now/,
  },
]

const groups = {
  network,
  tls,
  strangers,
  unavailable,
  limits,
  credentials,
  names,
  named,
  hosts,
  contents,
  policies,
  proxies,
  time,
}

describe.each(Object.entries(groups))('%s', (_, rows) => {
  it.each(rows.map((row) => [row.name, row.code, row] as const))('%s: %s', async (__, code, row) => {
    const { error, lines, fake, more, mask } = await run(row)
    if (!(error instanceof PipeError)) throw new Error(`expected ${code}, got ${inspect(error)}`)
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(row.message ?? /\S.{10}/)])
    expect(error.exitCode).toBe(catalogue[code].exitCode)
    expect(mask(error.said ?? '')).toMatch(row.said ?? /^/)
    expect(error.why).toMatch(row.why ?? /\S.{10}/)
    expect(error.hint).toMatch(row.hint ?? /\S.{10}/)
    for (const [route, times] of Object.entries(row.asked ?? {}))
      expect([route, fake.seen(route).length]).toEqual([route, times])
    if (row.elsewhere !== undefined) expect(more.requests).toHaveLength(row.elsewhere)
    // As the log prints it: whatever the other side echoes is masked there.
    expect(mask(inspect([error, lines], { depth: 9 }))).not.toMatch(secrets)
  })
})

const secrets = new RegExp(
  [
    credential.secret,
    'another-secret',
    'realm-secret',
    'proxy-secret',
    'token-\\d+-of-the-fake',
    'a-token-for-nothing',
    'eC10b2tlbi1hdXRo',
  ].join('|'),
)

it('covers more than 60 situations', () => {
  expect(Object.values(groups).flat().length).toBeGreaterThan(60)
})

it.each<[string, ClientOptions]>([
  ['a request that cannot be made', { userAgent: 'a\r\nb' }],
  [
    'a fault of the program',
    {
      onRequest: () => {
        throw new TypeError('undefined is not a function')
      },
    },
  ],
])('fails with an error of the catalogue for %s', async (_, options) => {
  const row: Row = { name: '', code: 'PKG-INTERNAL', given: () => {}, options: () => options }
  const { error } = await run(row)
  expect(error).toMatchObject({ name: 'PipeError', code: 'PKG-INTERNAL' })
})

it('rejects at once with the reason when the pipe is told to stop', async () => {
  const stop = new AbortController()
  const reason = new Error('SIGTERM')
  setTimeout(() => stop.abort(reason), 30)
  const { error } = await run({
    name: '',
    code: 'PKG-NETWORK',
    given: ping({ fault: 'stall' }),
    options: () => ({ clock: startClock(60_000, stop.signal) }),
  })
  expect(error).toBe(reason)
})
