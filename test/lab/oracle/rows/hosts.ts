import { bytesOf, errorAnswer, image, row, site } from '../build.ts'
import { lateChallenge } from '../reasons.ts'
import { type Answer, otherHost, type Request, type Row, type Served, type Site } from '../row.ts'

const version = { 'Docker-Distribution-Api-Version': 'registry/2.0' }
const json = { 'Content-Type': 'application/json' }

/** An image on a host whose `/v2/` answers so. */
const pinged = (id: string, says: string, ping: Served): Row =>
  row(id, says, (own) => ({ ...site(image(own)), paths: { '/v2/': ping } }), { ownHost: true })

/** An image on a host that asks for a login. */
const guarded = (id: string, says: string, gate: NonNullable<Site['gate']>, more: Partial<Row> = {}): Row =>
  row(id, says, (own) => ({ ...site(image(own)), gate }), { ownHost: true, login: true, ...more })

const unauthorized = (challenge: string | string[], headers: Record<string, string> = version): Answer =>
  errorAnswer(401, 'UNAUTHORIZED', 'authentication required', { 'WWW-Authenticate': challenge, ...headers })

const has = ({ headers }: Request, scheme: string) =>
  (headers.authorization ?? '').toLowerCase().startsWith(`${scheme} `)

const basic =
  (challenge: string | string[], headers?: Record<string, string>) =>
  (request: Request): Answer | undefined =>
    has(request, 'basic') ? undefined : unauthorized(challenge, headers)

// Tokens are for anyone; what is tried here is not who may read, but how it is asked.
const bearer =
  (token: object, challenge = (host: string) => `Bearer realm="https://${host}/token",service="oracle"`) =>
  (request: Request): Answer | undefined => {
    // OAuth2, which is what containerd speaks, has one name for it (RFC 6749, 5.1).
    const oauth = request.method === 'POST' ? { access_token: 'abc' } : {}
    if (request.path.startsWith('/token')) return { headers: json, body: bytesOf({ ...token, ...oauth }) }
    return has(request, 'bearer') ? undefined : unauthorized(challenge(request.host))
  }

/** What `GET /v2/` answers, and how a login is asked for. */
export const pings: Row[] = [
  pinged('ping-without-version', '/v2/ answers 200 without the version header', {
    headers: json,
    body: bytesOf({}),
  }),
  pinged('ping-html', '/v2/ answers 200 with a page', {
    headers: { 'Content-Type': 'text/html' },
    body: Buffer.from('<html><body>It works!</body></html>'),
  }),
  pinged('ping-html-with-version', '/v2/ answers 200 with a page and the version header', {
    headers: { 'Content-Type': 'text/html', ...version },
    body: Buffer.from('<html><body>It works!</body></html>'),
  }),
  pinged('ping-empty', '/v2/ answers 200 with nothing', {}),
  pinged('ping-array', '/v2/ answers 200 with []', { headers: json, body: bytesOf([]) }),
  pinged('ping-text', '/v2/ answers 200 with true, as text', {
    headers: { 'Content-Type': 'text/plain' },
    body: Buffer.from('true'),
  }),
  pinged('ping-204', '/v2/ answers 204', { status: 204, headers: version }),
  pinged('ping-404', '/v2/ answers 404, as a server of plain files does', {
    status: 404,
    headers: { 'Content-Type': 'text/html' },
    body: Buffer.from('<html><body>404 Not Found</body></html>'),
  }),
  pinged('ping-redirect', '/v2/ redirects to /v2/ok/', ({ host }) => ({
    status: 301,
    headers: { Location: `https://${host}/v2/ok/` },
  })),
  pinged('ping-401-without-challenge', '/v2/ answers 401 without a challenge, and the image can be read', {
    status: 401,
    headers: json,
    body: bytesOf({}),
  }),
  guarded('basic', 'a login with Basic', basic('Basic realm="oracle"')),
  guarded(
    'basic-without-version',
    'a login with Basic, without the version header',
    basic('Basic realm="oracle"', {}),
  ),
  guarded('basic-capitals', 'a challenge BASIC', basic('BASIC realm="oracle"')),
  guarded('basic-without-realm', 'a challenge Basic without a realm', basic('Basic')),
  guarded('bearer', 'a login with Bearer', bearer({ token: 'abc', expires_in: 300 })),
  guarded('bearer-access-token', 'a token that is called access_token', bearer({ access_token: 'abc' })),
  guarded(
    'bearer-year-1',
    'a token that was issued in the year 1',
    bearer({
      token: 'abc',
      expires_in: 300,
      issued_at: '0001-01-01T00:00:00Z',
    }),
  ),
  guarded(
    'bearer-null',
    'a token beside nulls',
    bearer({ token: 'abc', access_token: null, expires_in: null, issued_at: null }),
  ),
  guarded(
    'bearer-without-service',
    'a challenge Bearer without a service',
    bearer({ token: 'abc' }, (host) => `Bearer realm="https://${host}/token"`),
  ),
  guarded(
    'bearer-scope-of-ping',
    'a challenge Bearer with a scope of its own',
    bearer(
      { token: 'abc' },
      (host) => `Bearer realm="https://${host}/token",service="oracle",scope="registry:catalog:*"`,
    ),
  ),
  guarded('bearer-and-basic', 'challenges Bearer and Basic', (request) => {
    if (has(request, 'basic') && !request.path.startsWith('/token')) return undefined
    return bearer({ token: 'abc' })(request)
  }),
  guarded('basic-before-bearer', 'challenges Basic and Bearer in one field', (request) => {
    if (has(request, 'basic') && !request.path.startsWith('/token')) return undefined
    return bearer(
      { token: 'abc' },
      (host) => `Basic realm="oracle", Bearer realm="https://${host}/token",service="oracle"`,
    )(request)
  }),
  guarded(
    'bearer-path-realm',
    'a realm without a host',
    bearer({ token: 'abc' }, () => 'Bearer realm="/token",service="oracle"'),
  ),
  guarded(
    'open-ping-guarded-image',
    '/v2/ is open, the image asks for a login with Bearer',
    (request) => (request.path === '/v2/' ? undefined : bearer({ token: 'abc' })(request)),
    { differs: [lateChallenge] },
  ),
  guarded('refused', 'a refusal of whoever asks', (request) =>
    request.path === '/v2/'
      ? basic('Basic realm="oracle"')(request)
      : errorAnswer(403, 'DENIED', 'your address is not listed'),
  ),
]

const realmAt = (host: string) => `Bearer realm="https://${host}/token",service="oracle"`
const issued = (token: string): Answer => ({
  headers: json,
  body: bytesOf({ token, access_token: token, expires_in: 300 }),
})

/** Registries whose tokens another host issues. */
export const realms: Row[] = [
  guarded('two-faced', 'the engine is sent to another realm than the pipe', (request) => {
    if (request.path.startsWith('/token')) return issued('abc')
    if (has(request, 'bearer')) return undefined
    const isPipe = String(request.headers['user-agent']).startsWith('packages-pull/')
    return unauthorized(realmAt(isPipe ? request.host : otherHost))
  }),
  guarded('short-token', 'the first token ends when the manifest was read', (request) => {
    if (request.path.startsWith('/token')) return issued(`token-${tokens++}`)
    const isFirst = request.headers.authorization === 'Bearer token-0'
    const isEnded = isFirst && request.path.includes('/blobs/')
    return has(request, 'bearer') && !isEnded ? undefined : unauthorized(realmAt(request.host))
  }),
]

// Given out so far, in the process that serves.
let tokens = 0
