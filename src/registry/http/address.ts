import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * The classes of addresses outside the public network. `reserved` are those of documentation, benchmarks, tunnels and
 * the like; `unspecified` are those of no machine at all.
 */
export type AddressClass = 'loopback' | 'private' | 'link-local' | 'reserved' | 'unspecified'

/**
 * The class of an IP address; undefined for one of the public network. An IPv4 address inside an IPv6 one (mapped, RFC
 * 4291; NAT64, RFC 6052) counts as that IPv4 address. Never throws: text that is no address is `unspecified`, the class
 * that is never allowed.
 */
export const classifyAddress = (address: string): AddressClass | undefined => {
  const bare = (address.split('%')[0] ?? '').replace(/^\[|\]$/g, '')
  const version = isIP(bare)
  if (version === 0) return 'unspecified'
  // In the one spelling of URLs: the library takes `::127.0.0.1`, which is not mapped, for mapped.
  const parsed = unwrap(
    ipaddr.process(version === 6 ? new URL(`http://[${bare}]`).hostname.slice(1, -1) : bare),
  )
  if (metadata.has(parsed.toString())) return 'link-local'
  if (parsed instanceof ipaddr.IPv6 && parsed.match(compatible) && parsed.range() === 'unicast')
    return 'unspecified'
  const range = parsed.range()
  return range === 'unicast' ? undefined : (classes.get(range) ?? 'reserved')
}

/** Whether the host of a URL is this machine by itself: `localhost` or a loopback address. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost\.?$/i.test(host) || classifyAddress(host) === 'loopback'

type Address = ipaddr.IPv4 | ipaddr.IPv6

const unwrap = (address: Address): Address =>
  address instanceof ipaddr.IPv6 && address.match(nat64)
    ? ipaddr.fromByteArray(address.toByteArray().slice(12))
    : address

const nat64 = ipaddr.parseCIDR('64:ff9b::/96')

// Addresses like `::7f00:1` (IPv4-compatible, RFC 4291), which the library takes for ordinary ones.
const compatible = ipaddr.parseCIDR('::/96')

const classes = new Map<string, AddressClass>([
  ['loopback', 'loopback'],
  ['linkLocal', 'link-local'],
  ['private', 'private'],
  ['carrierGradeNat', 'private'],
  ['uniqueLocal', 'private'],
  ['deprecatedSiteLocal', 'private'],
  ['unspecified', 'unspecified'],
  ['multicast', 'unspecified'],
  ['broadcast', 'unspecified'],
])

// The addresses at which cloud machines get their credentials, besides 169.254.169.254: Amazon, Google, Oracle,
// Alibaba, Azure.
const metadata = new Set(['fd00:ec2::254', 'fd20:ce::254', '192.0.0.192', '100.100.100.200', '168.63.129.16'])
