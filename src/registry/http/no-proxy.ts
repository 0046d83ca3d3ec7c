import ipaddr from 'ipaddr.js'

/**
 * Reads NO_PROXY as the engine does (golang.org/x/net/http/httpproxy): host names, which stand for their subdomains
 * too, `.domain` for the subdomains alone, `*`, addresses, and subnets in CIDR. All but `*` and subnets may have a
 * port. This machine is never reached through the proxy.
 *
 * @returns whether an address is reached without the proxy
 */
export const readNoProxy = (value: string): ((url: URL) => boolean) => {
  const matchers = value
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .flatMap((entry) => matcherOf(entry) ?? [])
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    const address = ipaddr.isValid(host) ? ipaddr.process(host) : undefined
    if (host === 'localhost' || address?.range() === 'loopback') return true
    const port = url.port || (url.protocol === 'https:' ? '443' : '80')
    return matchers.some((matches) => matches({ host, port, address }))
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6

interface Target {
  host: string
  port: string
  /** The host as an address, if it is one. */
  address: Address | undefined
}

type Matcher = (target: Target) => boolean

const matcherOf = (entry: string): Matcher | undefined => {
  if (entry === '*') return () => true
  if (isSubnet(entry)) {
    const subnet = ipaddr.parseCIDR(entry)
    return ({ address }) => address?.kind() === subnet[0].kind() && address.match(subnet)
  }
  const [, bracketed, bare = entry, port] = /^(?:\[([^\]]*)\]|([^:]*)):(\d*)$/.exec(entry) ?? []
  const host = bracketed ?? bare
  if (host === '') return undefined
  const fits = (target: Target) => !port || port === target.port
  if (isAddress(host)) {
    const wanted = ipaddr.process(host).toString()
    return (target) => target.address?.toString() === wanted && fits(target)
  }
  const suffix = host.startsWith('*.') ? host.slice(1) : host
  return suffix.startsWith('.')
    ? (target) => target.host.endsWith(suffix) && fits(target)
    : (target) => (target.host === suffix || target.host.endsWith(`.${suffix}`)) && fits(target)
}

const isAddress = (text: string) => ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)

const isSubnet = (text: string) =>
  isAddress(text.replace(/\/\d+$/, '')) && text.includes('/') && ipaddr.isValidCIDR(text)
