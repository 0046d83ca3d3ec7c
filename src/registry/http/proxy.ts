import { PipeError } from '../../errors.ts'
import { readProxyUrl, type TunnelProxy } from '../../proxy-url.ts'
import { readNoProxy } from './no-proxy.ts'

/** The environment of a process: names to values. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy through which an address is reached, by HTTPS_PROXY and NO_PROXY; as for the engine, the same names in
 * lower case count if these are not set. HTTP_PROXY is of no use: plain HTTP is spoken only with this machine, which is
 * reached without a proxy.
 *
 * @returns undefined if the address is reached directly; throws PKG-NOT-A-REGISTRY if HTTPS_PROXY names no proxy that
 *   can be used
 */
export const readProxies = (env: Environment): ((url: URL) => TunnelProxy | undefined) => {
  const name = ['HTTPS_PROXY', 'https_proxy'].find((each) => env[each]?.trim())
  if (name === undefined) return () => undefined
  const value = env[name]?.trim() ?? ''
  const isExcepted = readNoProxy(env.NO_PROXY || env.no_proxy || '')
  return (url) => {
    if (url.protocol !== 'https:' || isExcepted(url)) return undefined
    const proxy = readProxyUrl(value)
    if (typeof proxy === 'string')
      throw new PipeError('PKG-NOT-A-REGISTRY', `${name} cannot be used: ${proxy}`, { hint: proxyHint })
    return proxy
  }
}

/** What to do about a proxy that does not work. */
export const proxyHint =
  'Correct HTTPS_PROXY (http://user:password@host:port), or name the registry in NO_PROXY.'
