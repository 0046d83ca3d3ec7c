import { BlockList, isIP } from 'node:net'

/** What an address that is not one of the public network stands for. */
export type AddressClass = 'loopback' | 'private' | 'link-local' | 'unspecified'

/**
 * The class of an IP address; undefined for one of the public network. IPv4 addresses inside IPv6 ones
 * (mapped, RFC 4291; NAT64, RFC 6052) count as what they hold. Throws nothing: text that is no address is
 * `unspecified`, the class that is never allowed.
 */
export const classifyAddress = (address: string): AddressClass | undefined => {
  const bare = address.replace(/^\[|\]$|%.*$/g, '')
  const version = isIP(bare)
  if (version === 0) return 'unspecified'
  return classes.find(([, list]) => list.check(bare, version === 4 ? 'ipv4' : 'ipv6'))?.[0]
}

/** Whether a host as a URL names it is, by itself, this machine: `localhost` or a loopback address. */
export const isLoopbackHost = (host: string): boolean =>
  /^(?:.+\.)?localhost\.?$/i.test(host) || classifyAddress(host) === 'loopback'

const listOf = (...subnets: string[]): BlockList => {
  const list = new BlockList()
  for (const subnet of subnets) {
    const [address = '', prefix] = subnet.split('/')
    if (isIP(address) === 4) {
      list.addSubnet(address, Number(prefix), 'ipv4')
      list.addSubnet(`64:ff9b::${address}`, 96 + Number(prefix), 'ipv6')
    } else {
      list.addSubnet(address, Number(prefix), 'ipv6')
    }
  }
  return list
}

// IANA's registries of special-purpose addresses (RFC 6890). 169.254.169.254 and its kind hand out the
// credentials of a cloud machine. The first class that holds an address is its class.
const classes: Array<[AddressClass, BlockList]> = [
  ['loopback', listOf('127.0.0.0/8', '::1/128')],
  ['link-local', listOf('169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254/128')],
  [
    'private',
    listOf('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fec0::/10'),
  ],
  // Addresses of no machine at all: "this network", multicast, reserved, and `::` with the IPv4-compatible ones.
  ['unspecified', listOf('0.0.0.0/8', '224.0.0.0/4', '240.0.0.0/4', '::/96', 'ff00::/8')],
]
