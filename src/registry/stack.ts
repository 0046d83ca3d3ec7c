import { lookup as dnsLookup } from 'node:dns/promises'
import { PipeError } from '../errors.ts'
import type { Retry } from '../retry.ts'
import { isLoopbackHost } from './http/address.ts'
import { createConnections } from './http/agent.ts'
import { createExchange } from './http/exchange.ts'
import { type RequestLine, withLog, withRedirects, withRetry } from './http/layers.ts'
import { checkRealm, type Lookup, type Realm } from './auth/realm.ts'
import { openSession, type Session } from './auth/session.ts'
import type { Secrets } from './text.ts'
import type { Credential } from './auth/token.ts'
import { defaultTimeouts, type Timeouts } from './http/transport.ts'

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
  /** Where HTTPS_PROXY and NO_PROXY are; the environment of the process if not given. */
  env?: Record<string, string | undefined> | undefined
  timeouts?: Partial<Timeouts> | undefined
  /** The first wait and the longest one between attempts, in milliseconds. */
  backoff?: { base: number; cap: number } | undefined
  lookup?: Lookup | undefined
}

/**
 * Stacks the layers of a client (exchange, log, retry, redirects, authorization) and opens its session. On
 * this machine a registry may speak plain HTTP, as engines allow too. `onOpen` gets what ends the connections.
 */
export const startSession = async (
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
  const { dispatcher, proxied, close } = createConnections({ env, timeouts, pinned })
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
    checkRealm: remember(async (address: string): Promise<Realm> => {
      const { authRealmHosts, credential, lookup = resolveAll } = options
      // The list says where the credential may go; it is of no concern to a client without one.
      const allowedHosts = credential && authRealmHosts
      const realm = await checkRealm(address, { registry, allowedHosts, lookup, proxied })
      if (realm.addresses) pinned.set(realm.url.hostname, realm.addresses)
      if (realm.foreign) options.onRealm?.(realm.url)
      return realm
    }),
    close,
  }
}

/** The same operation; what it throws holds none of the secrets. */
export const guarded =
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

/** What the client calls itself. */
export const userAgent = ({ version = '0' }: RegistryOptions): string => `packages-pull/${version}`

const resolveAll: Lookup = async (host) => (await dnsLookup(host, { all: true })).map((each) => each.address)

// Twenty requests that meet the same challenge at once have it checked once; a failure is not kept.
const remember = <T>(check: (key: string) => Promise<T>): ((key: string) => Promise<T>) => {
  const known = new Map<string, Promise<T>>()
  return (key) => {
    const found = known.get(key) ?? check(key)
    known.set(key, found)
    found.catch(() => known.delete(key))
    return found
  }
}
