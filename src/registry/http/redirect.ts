import { PipeError } from '../../errors.ts'
import { isLoopbackHost } from './address.ts'
import { header, type Transport } from './transport.ts'

/** How many redirects one request follows. */
export const maxRedirects = 5

/** A request on its way: where to, and whether it may still carry Authorization. */
export interface Hop {
  url: URL
  /** False from the first hop to another origin on. */
  trusted: boolean
  /** Redirects followed so far. */
  count: number
}

/**
 * Follows redirects by the policy of `nextHop`, and leaves Authorization out where it does not belong. `trusted` in the
 * answer says that no redirect led away.
 */
export const withRedirects =
  (next: Transport, registry: URL): Transport =>
  async (request) => {
    let hop: Hop = { url: request.url, trusted: request.url.origin === registry.origin, count: 0 }
    for (;;) {
      const { authorization, ...bare } = request
      const answer = await next({ ...(hop.trusted ? { ...bare, authorization } : bare), url: hop.url })
      if (!isRedirect(answer.status)) return { ...answer, trusted: hop.trusted }
      hop = nextHop(hop, header(answer, 'location'), registry)
    }
  }

/**
 * Follows redirects on the origin that was asked, Authorization included, and none that leads away: for requests
 * that show a credential. Throws `PKG-REDIRECT-REFUSED`.
 */
export const withOwnRedirects =
  (next: Transport): Transport =>
  async (request) => {
    let hop: Hop = { url: request.url, trusted: true, count: 0 }
    for (;;) {
      const answer = await next({ ...request, url: hop.url })
      if (!isRedirect(answer.status)) return answer
      const target = nextHop(hop, header(answer, 'location'), request.url)
      if (!target.trusted)
        throw refused(
          hop,
          target.url,
          'Credentials go to the address that the registry names and to no other.',
        )
      hop = target
    }
  }

/** Whether an answer of this status asks to look elsewhere with the same method (RFC 9110, section 15.4). */
export const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status)

/**
 * The next hop of a redirect: to https only (to http only on this machine, and only if the registry itself is spoken to
 * in plain HTTP there), at most five times, and never with Authorization to another origin than the registry's, nor
 * back from one. Throws `PKG-REDIRECT-REFUSED`.
 */
export const nextHop = (hop: Hop, location: string | undefined, registry: URL): Hop => {
  if (location === undefined || !URL.canParse(location, hop.url))
    throw refused(hop, location, 'The redirect names no address.')
  const url = new URL(location, hop.url)
  url.hash = ''
  const local =
    registry.protocol === 'http:' && [registry, url].every((each) => isLoopbackHost(each.hostname))
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local))
    throw refused(hop, url, 'The redirect leads to an address without TLS.')
  if (url.username || url.password)
    throw refused(hop, url, 'The redirect carries a user name or password of its own.')
  if (hop.count >= maxRedirects) throw refused(hop, url, `There were more than ${maxRedirects} redirects.`)
  return { url, trusted: hop.trusted && url.origin === registry.origin, count: hop.count + 1 }
}

const refused = (hop: Hop, location: URL | string | undefined, why: string): PipeError => {
  // Query strings of redirects carry signatures.
  const named = location instanceof URL ? `${location.origin}${location.pathname}` : '(not an address)'
  return new PipeError('PKG-REDIRECT-REFUSED', `A redirect of ${hop.url.origin} was not followed`, {
    said: location === undefined ? undefined : `Location: ${named}`,
    why,
  })
}
