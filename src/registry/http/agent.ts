import { lookup as dnsLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, type Dispatcher, EnvHttpProxyAgent } from 'undici'
import type { Timeouts } from './transport.ts'

export interface AgentOptions {
  /** Where HTTPS_PROXY and NO_PROXY (or the same in lower case) are. */
  env: Record<string, string | undefined>
  timeouts: Timeouts
  /** Addresses, by host name, that alone may be connected to. */
  pinned: ReadonlyMap<string, string[]>
}

export interface Connections {
  dispatcher: Dispatcher
  /** Whether a proxy is set for what is not excepted from it. */
  proxied: boolean
  close: () => Promise<void>
}

/**
 * The connections of one client: a pool per origin, kept alive, through the proxies of the environment.
 * Certificates are checked against Node's own store (NODE_EXTRA_CA_CERTS and NODE_USE_SYSTEM_CA included).
 */
export const createConnections = ({ env, timeouts, pinned }: AgentOptions): Connections => {
  const options = {
    connect: { timeout: timeouts.connect, lookup: pinnedLookup(pinned) },
    // One origin gets as many connections as images are resolved at a time; HTTP/2 needs one of them.
    connections: 24,
    allowH2: true,
    headersTimeout: timeouts.headers,
    bodyTimeout: timeouts.body,
    keepAliveTimeout: 20_000,
  }
  const proxies = proxiesOf(env)
  const dispatcher = proxies ? new EnvHttpProxyAgent({ ...options, ...proxies }) : new Agent(options)
  return {
    dispatcher,
    proxied: proxies !== undefined,
    // What is still under way when a client is closed is of no more use.
    close: () => dispatcher.destroy(),
  }
}

// A proxy may be named without a scheme, and this machine is never reached through one. That leaves no use for
// HTTP_PROXY: plain HTTP is spoken on this machine only.
const proxiesOf = (env: AgentOptions['env']) => {
  const proxy = (env.https_proxy || env.HTTPS_PROXY || '').trim()
  if (proxy === '') return undefined
  const httpsProxy = proxy.includes('://') ? proxy : `http://${proxy}`
  const excepted = env.no_proxy || env.NO_PROXY || ''
  return { httpProxy: '', httpsProxy, noProxy: `${excepted},localhost,127.0.0.1,[::1]` }
}

// The address that was checked is the address that is connected to: a second question to DNS could be
// answered with another one. A name that is pinned to nothing is left to the proxy.
const pinnedLookup =
  (pinned: AgentOptions['pinned']): LookupFunction =>
  (host, options, callback) => {
    const addresses = pinned.get(host)?.map((address) => ({ address, family: isIP(address) }))
    if (!addresses) return dnsLookup(host, options, callback)
    const [first] = addresses
    if (!first) return callback(Object.assign(new Error(`no address of ${host}`), { code: 'ENOTFOUND' }), '')
    if (options.all) return callback(null, addresses)
    return callback(null, first.address, first.family)
  }
