import { lookup as dnsLookup } from 'node:dns/promises'
import { type Code, PipeError } from '../errors.ts'
import type { Retry } from '../retry.ts'
import { isLoopbackHost } from './address.ts'
import { createConnections } from './agent.ts'
import { refusal, type Wanted } from './answer.ts'
import { createExchange } from './exchange.ts'
import { type RequestLine, withLog, withRedirects, withRetry } from './layers.ts'
import { acceptManifests, manifestLimit, type Resolved, readManifest } from './manifest.ts'
import { checkRealm, type Lookup, type Realm } from './realm.ts'
import { openSession, type Scheme, type Session } from './session.ts'
import { listTags, type TagList } from './tags.ts'
import { createSecrets, type Secrets } from './text.ts'
import { basic, type Credential } from './token.ts'
import { type Answer, defaultTimeouts, header, type Request, type Timeouts } from './transport.ts'

export interface RegistryOptions {
  /** Host, with port if any, as in an image's name. */
  host: string
  /** Without one, the client is anonymous. */
  credential?: Credential | undefined
  /** Of the pipe, for User-Agent. */
  version?: string | undefined
  /** AUTH_REALM_HOSTS, when set. */
  authRealmHosts?: readonly string[] | undefined
  maxAttempts?: number | undefined
  /** The end of everything: a time (`Date.now()`), or a signal that aborts then. */
  deadline?: number | AbortSignal | undefined
  signal?: AbortSignal | undefined
  onRetry?: ((retry: Retry) => void) | undefined
  onRequest?: ((line: RequestLine) => void) | undefined
  /** Called once where the registry sends clients to another host for tokens: the log names it. */
  onRealm?: ((realm: URL) => void) | undefined
  /** Where HTTP_PROXY, HTTPS_PROXY and NO_PROXY are; the environment of the process if not given. */
  env?: Record<string, string | undefined> | undefined
  timeouts?: Partial<Timeouts> | undefined
  /** The first wait and the longest one between attempts, in milliseconds. */
  backoff?: { base: number; cap: number } | undefined
  lookup?: Lookup | undefined
}

/** One registry, read with one credential or with none. */
export interface RegistryClient {
  /**
   * Asks how the registry lets clients in, and shows it the credential. Throws `PKG-AUTH-REFUSED`, and
   * `PKG-REALM-REFUSED` before any credential goes out.
   */
  signIn: () => Promise<Scheme>
  /** The manifest or index of a tag or of a digest (`sha256:…`), in one request once signed in. */
  resolve: (repository: string, reference: string) => Promise<Resolved>
  /** The tags of a repository, as far as a bounded number of requests goes. */
  tags: (repository: string) => Promise<TagList>
  /** The size of a blob in bytes where the registry tells it; undefined where there is no such blob. */
  blobExists: (repository: string, digest: string) => Promise<{ size: number | undefined } | undefined>
  /** Ends all connections. */
  close: () => Promise<void>
}

/**
 * A client for a registry's HTTP API (distribution-spec 1.1). Everything that it throws is a `PipeError`
 * without any secret, or the reason of `signal`.
 */
export const createRegistryClient = (options: RegistryOptions): RegistryClient => {
  const secrets = createSecrets()
  if (options.credential)
    secrets.add(options.credential.password, basic(options.credential).slice('Basic '.length))
  const closers: Array<() => Promise<void>> = []
  let session: Promise<Session> | undefined

  const open = (): Promise<Session> => {
    session ??= startSession(options, secrets, (close) => closers.push(close)).catch((error: unknown) => {
      // Whoever asks next may find the network back.
      session = undefined
      throw error
    })
    return session
  }

  const ask = async (repository: string, request: Ask, wanted: Omit<Wanted, 'anonymous'>) => {
    const { registry, request: send } = await open()
    const headers = { 'user-agent': userAgent(options), ...request.headers }
    const url = new URL(request.path, registry)
    const answer = await send(
      { limit: manifestLimit, ...request, url, headers },
      `repository:${repository}:pull`,
    )
    if (answer.status === 200 || (request.tolerate?.(answer) ?? false)) return answer
    throw refusal(answer, { ...wanted, anonymous: !options.credential })
  }

  const client: RegistryClient = {
    signIn: async () => {
      const opened = await open()
      await opened.signIn()
      return opened.scheme
    },
    resolve: async (repository, reference) => {
      const isDigest = reference.includes(':')
      const name = `${options.host}/${repository}${isDigest ? '@' : ':'}${reference}`
      const path = `/v2/${encodePath(repository)}/manifests/${encodePath(reference)}`
      const request = { method: 'GET', path, headers: { accept: acceptManifests } } as const
      const answer = await ask(repository, request, { kind: isDigest ? 'digest' : 'tag', name })
      return readManifest(answer, name, isDigest ? reference : undefined)
    },
    tags: (repository) =>
      listTags(encodePath(repository), (path) =>
        ask(repository, { method: 'GET', path }, { kind: 'tags', name: `${options.host}/${repository}` }),
      ),
    blobExists: async (repository, digest) => {
      const path = `/v2/${encodePath(repository)}/blobs/${encodePath(digest)}`
      // The registry sends to its storage only for what it has; storage may not answer HEAD at all.
      const tolerate = (answer: Answer) => (answer.trusted ? answer.status === 404 : true)
      const name = `${options.host}/${repository}@${digest}`
      const answer = await ask(repository, { method: 'HEAD', path, tolerate }, { kind: 'blob', name })
      if (answer.status === 404 && answer.trusted) return undefined
      const size = answer.status === 200 ? Number(header(answer, 'content-length') ?? Number.NaN) : Number.NaN
      return { size: Number.isSafeInteger(size) ? size : undefined }
    },
    close: async () => {
      await Promise.all(closers.splice(0).map((close) => close()))
    },
  }
  return {
    signIn: guarded(client.signIn, secrets),
    resolve: guarded(client.resolve, secrets),
    tags: guarded(client.tags, secrets),
    blobExists: guarded(client.blobExists, secrets),
    close: client.close,
  }
}

/**
 * Whether a failure is the registry's own last word (or ours, on its answer): refused, denied, absent,
 * damaged, limited, or out of time. The rest (no route, an unknown flow, a proxy's page, a registry that is
 * down) decides nothing: the engine may still succeed.
 */
export const isDefinite = (error: unknown): boolean => {
  if (!(error instanceof PipeError)) return true
  return error.side !== 'registry' || definite.includes(error.code)
}

const definite: readonly Code[] = [
  'PKG-RATE-LIMIT',
  'PKG-QUOTA',
  'PKG-LOCKOUT',
  'PKG-REALM-REFUSED',
  'PKG-REDIRECT-REFUSED',
  'PKG-TIMEOUT',
]

interface Ask {
  method: Request['method']
  path: string
  headers?: Record<string, string>
  /** Answers that are no success, and no failure either. */
  tolerate?: (answer: Answer) => boolean
}

// On this machine a registry may speak plain HTTP, as engines allow too.
const startSession = async (
  options: RegistryOptions,
  secrets: Secrets,
  onOpen: (close: () => Promise<void>) => void,
): Promise<Session> => {
  const registry = new URL(`https://${apiHost(options.host)}`)
  const start = (at: URL) => {
    const { close, ...stack } = createStack(options, at, secrets)
    onOpen(close)
    return openSession(stack)
  }
  try {
    return await start(registry)
  } catch (error) {
    const plain = error instanceof PipeError && error.code === 'PKG-TLS' && isLoopbackHost(registry.hostname)
    if (!plain) throw error
    return start(new URL(`http://${apiHost(options.host)}`))
  }
}

const createStack = (options: RegistryOptions, registry: URL, secrets: Secrets) => {
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const pinned = new Map<string, string[]>()
  const env = options.env ?? process.env
  const { dispatcher, proxied, close } = createConnections({ registry, env, timeouts, pinned })
  const logged = withLog(createExchange(dispatcher, timeouts), (line) =>
    options.onRequest?.({ ...line, error: line.error && withoutSecrets(line.error, secrets) }),
  )
  const sendOnce = withRetry(logged, {
    maxAttempts: options.maxAttempts ?? 5,
    deadline: options.deadline,
    signal: options.signal,
    onRetry: (again) => options.onRetry?.({ ...again, error: withoutSecrets(again.error, secrets) }),
    ...options.backoff,
  })
  return {
    registry,
    credential: options.credential,
    userAgent: userAgent(options),
    sendOnce,
    send: withRedirects(sendOnce, registry),
    secrets,
    checkRealm: async (address: string): Promise<Realm> => {
      const { authRealmHosts: allowedHosts, lookup = resolveAll } = options
      const realm = await checkRealm(address, { registry, allowedHosts, lookup, proxied })
      if (realm.addresses) pinned.set(realm.url.hostname, realm.addresses)
      if (realm.foreign) options.onRealm?.(realm.url)
      return realm
    },
    close,
  }
}

const guarded =
  <A extends unknown[], T>(operation: (...values: A) => Promise<T>, secrets: Secrets) =>
  async (...values: A): Promise<T> => {
    try {
      return await operation(...values)
    } catch (error) {
      throw withoutSecrets(error, secrets)
    }
  }

// The other side may have echoed what it was sent; and a cause is printed with its error.
const withoutSecrets = <E>(error: E, { hide }: Secrets): E | PipeError => {
  if (!(error instanceof PipeError)) return error
  const { code, message, said, why, hint, retryAfter } = error
  return new PipeError(code, hide(message), {
    said: said && hide(said),
    why: hide(why),
    hint: hide(hint),
    retryAfter,
    cause: error.cause instanceof PipeError ? undefined : error.cause,
  })
}

// Names of Docker Hub are not those of its API.
const apiHost = (host: string): string =>
  ['docker.io', 'index.docker.io'].includes(host) ? 'registry-1.docker.io' : host

const userAgent = ({ version = '0' }: RegistryOptions): string => `packages-pull/${version}`

const resolveAll: Lookup = async (host) => (await dnsLookup(host, { all: true })).map((each) => each.address)

// Path segments keep the colon of a digest, which servers compare without decoding it.
const encodePath = (path: string): string =>
  path
    .split('/')
    .map((segment) => encodeURIComponent(segment).replaceAll('%3A', ':'))
    .join('/')
