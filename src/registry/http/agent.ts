import { lookup as dnsLookup } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher } from 'undici'
import { readProxies } from './proxy.ts'
import type { Timeouts } from './transport.ts'
import { openTunnel } from './tunnel.ts'

interface AgentOptions {
  /** Where HTTPS_PROXY and NO_PROXY (or the same in lower case) are. */
  env: Record<string, string | undefined>
  timeouts: Timeouts
  /** By host name, the only addresses that may be connected to. */
  pinned: ReadonlyMap<string, string[]>
}

/** The connections of one client. */
export interface Connections {
  /** The dispatcher that reaches an origin. */
  dispatcher: (origin: string) => Dispatcher
  /** Stops using HTTP/2 with an origin; false if that was so already. */
  leaveHttp2: (origin: string) => boolean
  /** Whether an address is reached through a proxy. */
  isProxied: (url: URL) => boolean
  close: () => Promise<void>
}

/**
 * The connections of one client: a pool per origin, kept alive, through the proxies of the environment.
 * Certificates are checked against Node's own store (NODE_EXTRA_CA_CERTS and NODE_USE_SYSTEM_CA included).
 */
export const createConnections = ({ env, timeouts, pinned }: AgentOptions): Connections => {
  const proxyOf = readProxies(env)
  const agentOf = (allowH2: boolean) =>
    new Agent({
      connect: connector({ proxyOf, timeout: timeouts.connect, lookup: pinnedLookup(pinned), allowH2 }),
      // Enough for the images that are usually resolved at a time; HTTP/2 needs one connection.
      connections: 24,
      allowH2,
      headersTimeout: timeouts.headers,
      bodyTimeout: timeouts.body,
      keepAliveTimeout: 20_000,
    })
  const agent = agentOf(true)
  const plain = agentOf(false)
  const withoutHttp2 = new Set<string>()
  return {
    dispatcher: (origin) => (withoutHttp2.has(origin) ? plain : agent),
    leaveHttp2(origin) {
      if (withoutHttp2.has(origin)) return false
      withoutHttp2.add(origin)
      return true
    },
    isProxied: (url) => proxyOf(url) !== undefined,
    // Requests that are still under way when a client is closed are no longer needed.
    async close() {
      await Promise.all([agent.destroy(), plain.destroy()])
    },
  }
}

interface ConnectorOptions {
  proxyOf: ReturnType<typeof readProxies>
  timeout: number
  lookup: LookupFunction
  allowH2: boolean
}

const connector = ({ proxyOf, timeout, ...options }: ConnectorOptions): buildConnector.connector => {
  const connect = buildConnector({ timeout, ...options })
  const through = async (wanted: buildConnector.Options) => {
    const { protocol, hostname, port } = wanted
    const host = isIP(hostname) === 6 ? `[${hostname}]` : hostname
    const proxy = proxyOf(new URL(`${protocol}//${host}:${port}`))
    if (!proxy) return wanted
    return { ...wanted, httpSocket: await openTunnel(proxy, `${host}:${port || 443}`, timeout) }
  }
  return (wanted, callback) => {
    through(wanted).then(
      (ready) => connect(ready, callback),
      (error) => callback(error, null),
    )
  }
}

// The address that was checked is the address that is connected to: a second question to DNS could get another answer.
// A name that is pinned to no address is left to the proxy.
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
