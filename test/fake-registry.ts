import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { constants, createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** How a scripted answer goes wrong on the way. */
export type Fault =
  /** The connection is reset before or within the answer. */
  | 'reset'
  /** The connection is closed in good order before or within the answer. */
  | 'close'
  /** Nothing more comes, and the connection stays. */
  | 'stall'
  /** Over HTTP/2, the stream ends with HTTP_1_1_REQUIRED (RFC 9113, section 7). */
  | 'http1'

export interface Reply {
  status?: number
  headers?: Record<string, string | string[]>
  /** An object is sent as JSON. */
  body?: string | Buffer | object
  fault?: Fault
  /** How many bytes of the body are sent before the fault; without it, not even the head is. */
  after?: number
  delayMs?: number
  /** Bytes instead of any HTTP. */
  raw?: string
}

/** One request as it arrived. */
export interface Seen {
  method: string
  /** With its query. */
  path: string
  query: URLSearchParams
  headers: Record<string, string | string[] | undefined>
  body: string
  /** `performance.now()` at arrival and when the answer was handed over. */
  from: number
  to: number
}

export type Script = Reply | ((request: Seen) => Reply | undefined)

export interface FakeRegistry {
  /** `127.0.0.1:<port>`. */
  host: string
  origin: string
  requests: Seen[]
  /** Connections made so far. */
  connections: () => number
  /** The answers to `GET /path` (the query is not compared), one after the other; the last one stays. */
  on: (route: string, ...answers: Script[]) => void
  /** The requests of one route. */
  seen: (route: string) => Seen[]
  close: () => Promise<void>
}

export interface FakeOptions {
  /** PEM; with it, the registry speaks TLS. */
  tls?: { key: string; cert: string } | undefined
  http2?: boolean
  /** Answers what no route does. */
  fallback?: Script
}

/** A registry, token server or proxy of lists of answers, on a real socket of this machine. */
export const startFake = async ({
  tls,
  http2 = false,
  fallback,
}: FakeOptions = {}): Promise<FakeRegistry> => {
  const routes = new Map<string, Script[]>()
  const requests: Seen[] = []
  const sockets = new Set<Socket>()
  let connections = 0

  const handle = async (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    const chunks: Buffer[] = []
    const from = performance.now()
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const url = new URL(request.url ?? '/', 'http://fake')
    const method = request.method ?? ''
    const seen: Seen = {
      method,
      path: request.url ?? '/',
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      from,
      to: Number.POSITIVE_INFINITY,
    }
    requests.push(seen)
    const list = routes.get(`${method} ${url.pathname}`) ?? []
    const script = (list.length > 1 ? list.shift() : list[0]) ?? fallback ?? { status: 404 }
    const reply = (typeof script === 'function' ? script(seen) : script) ?? { status: 404 }
    if (reply.delayMs) await delay(reply.delayMs)
    seen.to = performance.now()
    send(response as ServerResponse, reply, method)
  }

  const onRequest = (
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
  ) => {
    handle(request, response).catch(() => {})
  }
  const server =
    tls && http2
      ? createSecureServer({ ...tls, allowHTTP1: true }, onRequest)
      : tls
        ? createTlsServer(tls, onRequest)
        : createServer(onRequest)
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    host,
    origin: `${tls ? 'https' : 'http'}://${host}`,
    requests,
    connections: () => connections,
    on: (route, ...answers) => routes.set(route, answers),
    seen: (route) => requests.filter((each) => `${each.method} ${each.path.split('?')[0]}` === route),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const send = (response: ServerResponse, reply: Reply, method: string): void => {
  const { status = 200, headers = {}, body = '', fault, after, raw } = reply
  const socket = response.socket as Socket
  if (raw !== undefined) {
    socket.end(raw)
  } else if (fault && after === undefined && (fault !== 'http1' || 'stream' in response)) {
    breakOff(response, fault)
  } else {
    const isObject = typeof body === 'object' && !Buffer.isBuffer(body)
    const bytes = Buffer.from(isObject ? JSON.stringify(body) : (body as string | Buffer))
    const type = isObject ? { 'content-type': 'application/json' } : {}
    const length = 'transfer-encoding' in headers ? {} : { 'content-length': String(bytes.length) }
    response.writeHead(status, { ...length, ...type, ...headers })
    // Flushed first, so that the client has read this much when the connection breaks.
    if (fault && fault !== 'http1')
      response.write(bytes.subarray(0, after), () => setTimeout(breakOff, 20, response, fault))
    else response.end(method === 'HEAD' ? undefined : bytes)
  }
}

const breakOff = (response: ServerResponse | Http2ServerResponse, fault: Fault): void => {
  if (fault === 'stall') return
  if ('stream' in response) {
    // HTTP/2 hides the socket: a reset ends the stream (RST_STREAM), a close the whole connection.
    if (fault === 'reset') response.stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    else if (fault === 'http1') response.stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED)
    else response.stream.session?.destroy()
  } else {
    const socket = response.socket as Socket
    if (fault === 'reset') socket.resetAndDestroy()
    else socket.end()
  }
}

/** The digest of some bytes. */
export const sha256 = (bytes: string | Buffer): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json'
export const ociIndex = 'application/vnd.oci.image.index.v1+json'

/** A small image manifest that differs by `seed`. */
export const imageOf = (seed: string, layers = 2): { body: Buffer; digest: string; size: number } => {
  const blob = (name: string, size: number, mediaType: string) => ({
    mediaType,
    digest: sha256(seed + name),
    size,
  })
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: blob('config', 100, 'application/vnd.oci.image.config.v1+json'),
      layers: Array.from({ length: layers }, (_, index) =>
        blob(`layer${index}`, 1000 + index, 'application/vnd.oci.image.layer.v1.tar+gzip'),
      ),
    }),
  )
  return { body, digest: sha256(body), size: body.length }
}

/** The reply with a manifest. */
export const manifestReply = (body: Buffer, mediaType = ociManifest): Reply => ({
  headers: { 'content-type': mediaType, 'docker-content-digest': sha256(body) },
  body,
})

/** The reply with an error body of the distribution specification. */
export const errorReply = (status: number, code: string, message: string, headers = {}): Reply => ({
  status,
  headers,
  body: { errors: [{ code, message }] },
})

export interface BitbucketOptions {
  username: string
  secret: string
  /** What this credential reads, by repository: an image for the tag `1.0`. */
  readable: string[]
  /** Where the token server is; the registry itself if not given. */
  realm?: string
  basic?: boolean
}

/** Scripts a registry that grants one credential some repositories, by Bearer or Basic. */
export const likeBitbucket = (
  fake: FakeRegistry,
  { username, secret, readable, realm = `${fake.origin}/token`, basic = false }: BitbucketOptions,
  tokenServer = fake,
): void => {
  const login = `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`
  const challenge = basic ? 'Basic realm="packages"' : `Bearer realm="${realm}",service="packages"`
  const unauthorized = (words = 'authentication required') =>
    errorReply(401, 'UNAUTHORIZED', words, { 'www-authenticate': challenge })
  let issued = 0
  const grants = new Map<string, string[]>()
  tokenServer.on(`GET ${new URL(realm).pathname}`, ({ headers, query }) => {
    if (headers.authorization !== login)
      return errorReply(401, 'UNAUTHORIZED', 'incorrect username or password')
    const token = `token-${++issued}-of-the-fake`
    grants.set(token, query.getAll('scope'))
    return { body: { token, expires_in: 300, issued_at: new Date().toISOString() } }
  })
  const allowed = (request: Seen, repository?: string): boolean => {
    const shown = String(request.headers.authorization ?? '')
    if (basic) return shown === login && (repository === undefined || readable.includes(repository))
    const scopes = grants.get(shown.replace(/^Bearer /, ''))
    if (scopes === undefined) return false
    return (
      repository === undefined ||
      (scopes.includes(`repository:${repository}:pull`) && readable.includes(repository))
    )
  }
  fake.on('GET /v2/', (request) =>
    allowed(request)
      ? { headers: { 'docker-distribution-api-version': 'registry/2.0' }, body: {} }
      : unauthorized(),
  )
  for (const repository of readable) {
    const { body, digest } = imageOf(repository)
    for (const reference of ['1.0', digest])
      fake.on(`GET /v2/${repository}/manifests/${reference}`, (request) =>
        allowed(request, repository) ? manifestReply(body) : unauthorized(),
      )
  }
}
