import { PipeError } from '../../errors.ts'
import { type AddressClass, classifyAddress, isLoopbackHost } from '../http/address.ts'

/** Finds the addresses of a host name. Rejects if it has none. */
export type ResolveHost = (host: string) => Promise<string[]>

export interface RealmPolicy {
  /** The registry's own origin. */
  registry: URL
  /** `host` or `host:port` of AUTH_REALM_HOSTS; when set, the whole list besides the registry itself. */
  allowedHosts?: readonly string[] | undefined
  lookup: ResolveHost
  /** Whether a proxy makes the connection: a name that does not resolve here is resolved there. */
  isProxied?: ((url: URL) => boolean) | undefined
}

export interface Realm {
  url: URL
  /**
   * The checked addresses, the only ones that may be connected to: empty if only a proxy knows them, undefined if
   * nothing had to be checked.
   */
  addresses?: string[]
  /** Whether it is on another host than the registry; the log then names it. */
  foreign: boolean
}

/**
 * Decides whether credentials may go to the auth realm that a registry names: over TLS, without user information in the
 * address, to the registry's own host and port or to a public host (or one of `allowedHosts`). An address outside the
 * public network is refused, unless the registry itself has such an address: then the realm may be on the same side of
 * the border. Throws `PKG-REALM-REFUSED`, and `PKG-DNS` if the realm's name does not resolve.
 */
export const checkRealm = async (realm: string, policy: RealmPolicy): Promise<Realm> => {
  if (!URL.canParse(realm)) throw refused(realm, 'It is not an address.')
  const url = new URL(realm)
  url.hash = ''
  if (url.username || url.password) throw refused(url, 'It carries a user name or password of its own.')
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw refused(url, 'It is not an https address.')
  const { registry, allowedHosts } = policy
  const own = url.hostname === registry.hostname && port(url) === port(registry)
  if (own && url.protocol === 'https:') return { url, foreign: false }

  const listed = own || !allowedHosts || allowedHosts.some((each) => isHost(each, url))
  // A realm that is refused anyway need not resolve.
  const addresses = await addressesOf(url, listed ? policy : { ...policy, isProxied: () => true })
  const atHome = await classesOf(registry, policy)
  if (url.protocol === 'http:' && !(onlyLoopback(atHome) && onlyLoopback(addresses.map(classifyAddress))))
    throw withoutTls(url, registry)
  const stray = own ? undefined : addresses.find((each) => !isReachable(classifyAddress(each), atHome))
  if (stray !== undefined) throw outOfPlace(url, stray, registry)
  if (!listed)
    throw refused(
      url,
      'It is neither the registry itself nor named in AUTH_REALM_HOSTS.',
      `If the address is right, name ${url.host} in AUTH_REALM_HOSTS.`,
    )
  return own ? { url, foreign: false } : { url, foreign: url.hostname !== registry.hostname, addresses }
}

// A realm at an address of the class before the colon may be named only by a registry at one of those after it. The
// metadata service of a cloud machine is link-local: a registry of the private network has no business with it.
const reachableFrom: Record<AddressClass, readonly (AddressClass | undefined)[]> = {
  loopback: ['loopback'],
  private: ['private', 'loopback'],
  'link-local': ['link-local'],
  reserved: ['reserved'],
  unspecified: [],
}

const isReachable = (
  found: AddressClass | undefined,
  atHome: readonly (AddressClass | undefined)[],
): boolean => found === undefined || reachableFrom[found].some((each) => atHome.includes(each))

const addressesOf = async (url: URL, { lookup, isProxied }: RealmPolicy): Promise<string[]> => {
  if (isAddress(url)) return [url.hostname.replace(/^\[|\]$/g, '')]
  // RFC 6761, section 6.3: no resolver may say otherwise.
  if (isLoopbackHost(url.hostname)) return ['127.0.0.1', '::1']
  try {
    return await lookup(url.hostname)
  } catch (cause) {
    // Out of time, or stopped.
    if (cause instanceof PipeError && cause.code !== 'PKG-DNS') throw cause
    if (isProxied?.(url)) return []
    const said = cause instanceof PipeError ? cause.said : String(cause)
    throw new PipeError('PKG-DNS', `The host of the auth realm ${url.origin} has no address`, { said, cause })
  }
}

// If the registry's name does not resolve here, nothing is known of where it is.
const classesOf = async (registry: URL, policy: RealmPolicy): Promise<(AddressClass | undefined)[]> => {
  const addresses = await addressesOf(registry, { ...policy, isProxied: () => true })
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

const faultOfRegistry =
  'No setting of this pipe helps: whoever runs the registry has to name a public https address for tokens.'

const refused = (realm: string | URL, why: string, hint = faultOfRegistry): PipeError => {
  const named = realm instanceof URL ? `${realm.protocol}//${realm.host}${realm.pathname}` : realm
  return new PipeError('PKG-REALM-REFUSED', 'The address for tokens that the registry names is refused', {
    said: `realm="${named}"`,
    why: `The registry sends clients there for their tokens. ${why}`,
    hint,
  })
}

const withoutTls = (url: URL, registry: URL): PipeError => {
  const why = 'It is not an https address, so the credentials could be read on the way.'
  return url.hostname === registry.hostname
    ? refused(
        url,
        `${why} It is the registry's own host: the registry stands behind a front that speaks TLS for it, and has a wrong external URL.`,
        `No setting of this pipe helps: whoever runs the registry has to set its external URL to ${registry.origin}.`,
      )
    : refused(url, why)
}

const outOfPlace = (url: URL, address: string, registry: URL): PipeError => {
  const found = classifyAddress(address)
  return refused(
    url,
    `${url.hostname} is ${address}, ${found === 'unspecified' ? 'an' : 'a'} ${found} address, and the registry is not.`,
    isAddress(url)
      ? faultOfRegistry
      : `Check how ${url.hostname} and ${registry.hostname} resolve on this machine: only a registry at such an address itself may name one for tokens. No setting of this pipe changes that.`,
  )
}
