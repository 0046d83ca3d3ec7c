import { lookup as dnsLookup } from 'node:dns/promises'
import { PipeError } from '../errors.ts'
import { apiHost } from '../image/docker-hub.ts'
import { type RetryPolicy, retry } from '../retry.ts'
import type { Secrets } from '../secrets.ts'
import { checkRealm, type Realm, type ResolveHost } from './auth/realm.ts'
import { openSession, type Session } from './auth/session.ts'
import type { Login } from './auth/token.ts'
import { isLoopbackHost } from './http/address.ts'
import { createConnections } from './http/agent.ts'
import { createExchange } from './http/exchange.ts'
import { type RequestLine, withLog } from './http/log.ts'
import { withOwnRedirects, withRedirects } from './http/redirect.ts'
import { withRetry } from './http/retry.ts'
import { defaultTimeouts, type Timeouts } from './http/transport.ts'
import { withWarnings } from './http/warnings.ts'

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
  /** Called once if the registry sends clients to another host for tokens: the log names it. */
  onRealm?: ((realm: URL) => void) | undefined
  /** Called once for each text that the registry warns of (`Warning: 299`): a deprecation, a limit that is near. */
  onWarning?: ((text: string) => void) | undefined
  /** Where HTTPS_PROXY and NO_PROXY are. */
  env: Record<string, string | undefined>
  /** Gets the tokens that the registry gives. */
  secrets: Secrets
  timeouts?: Partial<Timeouts> | undefined
  lookup?: ResolveHost | undefined
}

/**
 * Stacks the layers of a client (exchange, log, retry, redirects, authorization) and opens its session. On
 * this machine a registry may speak plain HTTP, as engines allow too. `onOpen` gets what ends the connections.
 */
export const startSession = async (
  options: RegistryOptions,
  onOpen: (close: () => Promise<void>) => void,
): Promise<Session> => {
  const registry = addressOf('https', options.host)
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
    return start(addressOf('http', options.host))
  }
}

const addressOf = (scheme: 'https' | 'http', host: string): URL => {
  const address = `${scheme}://${apiHost(host)}`
  if (URL.canParse(address)) return new URL(address)
  throw new PipeError('PKG-CONFIG', `${host} is not the address of a registry`, {
    why: 'A registry is named by a host name or an IP address, with a port up to 65535 if any.',
    hint: 'Check the host in the image name, and REGISTRY.',
  })
}

const createStack = (options: RegistryOptions, registry: URL) => {
  const { credential, userAgent, authRealmHosts, secrets, env, lookup = resolveAll } = options
  const timeouts = { ...defaultTimeouts, ...options.timeouts }
  const pinned = new Map<string, string[]>()
  const connections = createConnections({ env, timeouts, pinned })
  const { isProxied, close } = connections
  const logged = withLog(createExchange(connections, timeouts), (line) => options.onRequest?.(line))
  const retried = withRetry(logged, options.retrying)
  const patient = withRetries(lookup, options.retrying)
  // Behind a proxy, names need not resolve here: that is no fault to wait for.
  const resolve: ResolveHost = (host) => (isProxied(new URL(`https://${host}`)) ? lookup : patient)(host)
  return {
    registry,
    credential,
    userAgent,
    sendToRealm: withOwnRedirects(retried),
    send: withWarnings(withRedirects(retried, registry), (text) => options.onWarning?.(text)),
    secrets,
    checkRealm: remember(async (address: string): Promise<Realm> => {
      // The list says where the credential may go; it does not concern a client without one.
      const allowedHosts = credential && authRealmHosts
      const realm = await checkRealm(address, { registry, allowedHosts, lookup: resolve, isProxied })
      if (realm.addresses) pinned.set(realm.url.hostname, realm.addresses)
      if (realm.foreign) options.onRealm?.(realm.url)
      return realm
    }),
    close,
  }
}

// A busy name server is a transient fault, like any of the network.
const withRetries =
  (lookup: ResolveHost, policy: RetryPolicy): ResolveHost =>
  (host) =>
    retry(
      () =>
        lookup(host).catch((cause: Error) => {
          throw new PipeError('PKG-DNS', `${host} has no address`, { said: cause.message, cause })
        }),
      policy,
    )

const resolveAll: ResolveHost = async (host) =>
  (await dnsLookup(host, { all: true })).map((each) => each.address)

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
