import { lookup as dnsLookup } from 'node:dns/promises'
import { PipeError } from '../errors.ts'
import { apiHost } from '../image/docker-hub.ts'
import type { RetryPolicy } from '../retry.ts'
import type { Secrets } from '../secrets.ts'
import { checkRealm, type Lookup, type Realm } from './auth/realm.ts'
import { openSession, type Session } from './auth/session.ts'
import type { Login } from './auth/token.ts'
import { isLoopbackHost } from './http/address.ts'
import { createConnections } from './http/agent.ts'
import { createExchange } from './http/exchange.ts'
import { type RequestLine, withLog } from './http/log.ts'
import { withRedirects } from './http/redirect.ts'
import { withRetry } from './http/retry.ts'
import { defaultTimeouts, type Timeouts } from './http/transport.ts'

export interface RegistryOptions {
  /** Host, with port if any, as in an image's name. */
  host: string
  /** Without one, the client is anonymous. */
  credential?: Login | undefined
  /** What the client calls itself. */
  userAgent: string
  /** AUTH_REALM_HOSTS, when set. */
  authRealmHosts?: readonly string[] | undefined
  retrying: RetryPolicy
  onRequest?: ((line: RequestLine) => void) | undefined
  /** Called once where the registry sends clients to another host for tokens: the log names it. */
  onRealm?: ((realm: URL) => void) | undefined
  /** Where HTTPS_PROXY and NO_PROXY are. */
  env: Record<string, string | undefined>
  /** Gets the tokens that the registry gives. */
  secrets: Secrets
  timeouts?: Partial<Timeouts> | undefined
  lookup?: Lookup | undefined
}

/**
 * Stacks the layers of a client (exchange, log, retry, redirects, authorization) and opens its session. On
 * this machine a registry may speak plain HTTP, as engines allow too. `onOpen` gets what ends the connections.
 */
export const startSession = async (
  options: RegistryOptions,
  onOpen: (close: () => Promise<void>) => void,
): Promise<Session> => {
  const registry = new URL(`https://${apiHost(options.host)}`)
  const start = (at: URL) => {
    const { close, ...stack } = createStack(options, at)
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

const createStack = (options: RegistryOptions, registry: URL) => {
  const { credential, userAgent, authRealmHosts, secrets, env, lookup = resolveAll } = options
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const pinned = new Map<string, string[]>()
  const { dispatcher, proxied, close } = createConnections({ env, timeouts, pinned })
  const logged = withLog(createExchange(dispatcher, timeouts), (line) => options.onRequest?.(line))
  const sendOnce = withRetry(logged, options.retrying)
  return {
    registry,
    credential,
    userAgent,
    sendOnce,
    send: withRedirects(sendOnce, registry),
    secrets,
    checkRealm: remember(async (address: string): Promise<Realm> => {
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
