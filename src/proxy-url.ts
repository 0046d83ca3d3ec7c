/** A proxy that opens tunnels (RFC 9110, section 9.3.6). */
export interface TunnelProxy {
  protocol: 'http:' | 'https:'
  hostname: string
  port: number
  /** The value of Proxy-Authorization, if the proxy's address holds a user name. */
  authorization: string | undefined
}

/**
 * Reads the address of a proxy, with or without a scheme, as HTTPS_PROXY has it.
 *
 * @returns the proxy, or in words what is wrong with the address; the words show nothing of it, for it may hold a
 *   password
 */
export const readProxyUrl = (value: string): TunnelProxy | string => {
  const [, scheme = 'http', rest = ''] = /^(?:([a-z][a-z0-9+.-]*):\/\/)?(.*)$/is.exec(value) ?? []
  const protocol = `${scheme.toLowerCase()}:`
  if (protocol !== 'http:' && protocol !== 'https:')
    return 'its value (not shown) is not an HTTP proxy: it begins with neither http:// nor https://'
  // A password may hold any character, also those that should be escaped: the last @ ends it.
  const at = rest.lastIndexOf('@')
  const address = `${protocol}//${rest.slice(at + 1)}`
  if (!URL.canParse(address))
    return 'its value (not shown) is not the address of a proxy, such as http://user:password@proxy.example.com:3128'
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
