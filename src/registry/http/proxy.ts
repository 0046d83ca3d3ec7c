import { PipeError } from '../../errors.ts'
import { readNoProxy } from './no-proxy.ts'

/** A proxy that makes tunnels (RFC 9110, section 9.3.6). */
export interface TunnelProxy {
  protocol: 'http:' | 'https:'
  hostname: string
  port: number
  /** The value of Proxy-Authorization, where the proxy's address holds a user name. */
  authorization: string | undefined
}

/** The environment of a process: names to values. */
type Environment = Readonly<Record<string, string | undefined>>

/**
 * The proxy through which an address is reached, by HTTPS_PROXY and NO_PROXY; the same names in lower case count where
 * these are not set, as the engine reads them. Plain HTTP is spoken on this machine only, which no proxy reaches: that
 * leaves no use for HTTP_PROXY.
 *
 * @returns undefined where the address is reached directly; throws PKG-NOT-A-REGISTRY where HTTPS_PROXY names no proxy
 *   that can be used. Its value, which may hold a password, is never shown.
 */
export const readProxies = (env: Environment): ((url: URL) => TunnelProxy | undefined) => {
  const name = ['HTTPS_PROXY', 'https_proxy'].find((each) => env[each]?.trim())
  if (name === undefined) return () => undefined
  const value = env[name]?.trim() ?? ''
  const isExcepted = readNoProxy(env.NO_PROXY || env.no_proxy || '')
  return (url) => (url.protocol !== 'https:' || isExcepted(url) ? undefined : parseProxy(value, name))
}

const parseProxy = (value: string, name: string): TunnelProxy => {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(value) ?? []
  const protocol = `${scheme.toLowerCase()}:`
  if (protocol !== 'http:' && protocol !== 'https:')
    throw unusable(name, `It names a proxy of the kind ${scheme}, which this pipe does not speak.`)
  // A password may hold any character, also those that should be escaped: the last @ ends it.
  const at = rest.lastIndexOf('@')
  const address = `${protocol}//${rest.slice(at + 1)}`
  if (!URL.canParse(address)) throw unusable(name, 'Its value is not the address of a proxy.')
  const { hostname, port } = new URL(address)
  return {
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (protocol === 'https:' ? 443 : 80),
    authorization: at < 0 ? undefined : authorizationOf(rest.slice(0, at)),
  }
}

const authorizationOf = (userInfo: string): string => {
  const [user = '', ...password] = userInfo.split(':')
  const pair = `${unescaped(user)}:${unescaped(password.join(':'))}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

// A percent sign that escapes nothing stands for itself.
const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** What to do about a proxy that does not do. */
export const proxyHint =
  'Correct HTTPS_PROXY (http://user:password@host:port), or name the registry in NO_PROXY.'

const unusable = (name: string, why: string): PipeError =>
  new PipeError('PKG-NOT-A-REGISTRY', `${name} cannot be used`, { why, hint: proxyHint })
