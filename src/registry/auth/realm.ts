import { PipeError } from '../../errors.ts'
import { type AddressClass, classifyAddress, isLoopbackHost } from '../http/address.ts'

/** The addresses of a host name. Rejects where it has none. */
export type Lookup = (host: string) => Promise<string[]>

export interface RealmPolicy {
  /** The registry's own origin. */
  registry: URL
  /** `host` or `host:port` of AUTH_REALM_HOSTS; when set, the whole list besides the registry itself. */
  allowedHosts?: readonly string[] | undefined
  lookup: Lookup
  /** A proxy makes the connections: names that do not resolve here are resolved there. */
  proxied?: boolean | undefined
}

export interface Realm {
  url: URL
  /**
   * The addresses that were checked, and that alone may be connected to: none of ours where only a proxy
   * knows them. Undefined where nothing had to be checked.
   */
  addresses?: string[]
  /** It is on another host than the registry; the log names it. */
  foreign: boolean
}

/**
 * Decides whether credentials may go to the auth realm that a registry names: over TLS, without user
 * information in the address, to the registry's own host and port or to a public host (or one of
 * `allowedHosts`). A private, loopback, link-local or unspecified address is refused, unless the registry
 * itself is at such an address: then the realm may be on the same side of the border. Throws
 * `PKG-REALM-REFUSED`, and `PKG-DNS` where the realm's name does not resolve.
 */
export const checkRealm = async (realm: string, policy: RealmPolicy): Promise<Realm> => {
  if (!URL.canParse(realm)) throw refused(realm, 'It is not an address.')
  const url = new URL(realm)
  url.hash = ''
  if (url.username || url.password) throw refused(url, 'It carries a user name or password of its own.')
  const { registry, allowedHosts } = policy
  const own = url.hostname === registry.hostname && port(url) === port(registry)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(url, 'It is not an https address.')
  if (!own && allowedHosts && !allowedHosts.some((each) => isHost(each, url)))
    throw refused(url, 'It is neither the registry itself nor named in AUTH_REALM_HOSTS.')
  if (own && url.protocol === 'https:') return { url, foreign: false }

  const addresses = await addressesOf(url, policy)
  const atHome = await classesOf(registry, policy)
  if (url.protocol === 'http:' && !(onlyLoopback(atHome) && onlyLoopback(addresses.map(classifyAddress))))
    throw refused(url, 'It is not an https address, so the credentials could be read on the way.')
  if (own) return { url, foreign: false }
  for (const address of addresses) {
    const found = classifyAddress(address)
    if (found && !reachableFrom[found].some((each) => atHome.includes(each)))
      throw refused(
        url,
        `${url.hostname} is ${address}, ${found === 'unspecified' ? 'an' : 'a'} ${found} address, and the registry is not.`,
      )
  }
  return { url, foreign: url.hostname !== registry.hostname, addresses }
}

// Who sits at an address of the second list may name a realm at one of the first. The metadata service of a
// cloud machine is link-local: a registry of the private network has no business with it.
const reachableFrom: Record<AddressClass, readonly (AddressClass | undefined)[]> = {
  loopback: ['loopback'],
  private: ['private', 'loopback'],
  'link-local': ['link-local'],
  reserved: ['reserved'],
  unspecified: [],
}

const addressesOf = async (url: URL, { lookup, proxied }: RealmPolicy): Promise<string[]> => {
  if (isAddress(url)) return [url.hostname.replace(/^\[|\]$/g, '')]
  // RFC 6761, section 6.3: no resolver may say otherwise.
  if (isLoopbackHost(url.hostname)) return ['127.0.0.1', '::1']
  try {
    return await lookup(url.hostname)
  } catch (cause) {
    if (proxied) return []
    throw new PipeError('PKG-DNS', `The host of the auth realm ${url.origin} has no address`, { cause })
  }
}

// A registry whose name does not resolve here is not known to be at home anywhere.
const classesOf = async (registry: URL, policy: RealmPolicy): Promise<(AddressClass | undefined)[]> => {
  const addresses = await addressesOf(registry, { ...policy, proxied: true })
  return addresses.map(classifyAddress)
}

const onlyLoopback = (classes: readonly (AddressClass | undefined)[]): boolean =>
  classes.length > 0 && classes.every((each) => each === 'loopback')

const isAddress = (url: URL): boolean => /^\[|^[\d.]+$/.test(url.hostname)

const isHost = (allowed: string, url: URL): boolean => {
  const wanted = allowed.toLowerCase().replace(/^https:\/\//, '')
  return wanted === url.hostname || wanted === `${url.hostname}:${port(url)}`
}

const port = (url: URL): string => url.port || (url.protocol === 'https:' ? '443' : '80')

const refused = (realm: string | URL, why: string): PipeError => {
  const named = realm instanceof URL ? `${realm.origin}${realm.pathname}` : realm
  return new PipeError('PKG-REALM-REFUSED', 'The address for tokens that the registry names is refused', {
    said: `realm="${named}"`,
    why: `The registry sends clients there for their tokens. ${why}`,
  })
}
