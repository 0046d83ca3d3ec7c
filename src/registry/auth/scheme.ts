import type { Secrets } from '../../secrets.ts'
import { notARegistry, transientFault } from '../http/answer.ts'
import { type Challenge, parseChallenges } from '../http/challenge.ts'
import { isPage, said } from '../http/said.ts'
import { type Answer, contentType, type Request, type Transport } from '../http/transport.ts'
import type { Realm } from './realm.ts'
import type { Login } from './token.ts'

/** How a registry lets clients in: by Basic, by Bearer tokens of a realm, or without either. */
export type Scheme =
  | {
      kind: 'none'
      /** What tells so: `is open`, or the odd answer of `GET /v2/`. */
      because: string
    }
  | { kind: 'basic' }
  | { kind: 'bearer'; realm: Realm; service: string | undefined }

export interface SessionOptions {
  registry: URL
  credential: Login | undefined
  userAgent: string
  /** Follows redirects by policy. */
  send: Transport
  /** Follows only redirects that stay on their origin; for tokens. */
  sendToRealm: Transport
  /** Whether credentials may go to the realm of a challenge. */
  checkRealm: (realm: string) => Promise<Realm>
  secrets: Secrets
}

/** What `GET /v2/` tells about a registry. */
export interface Support {
  scheme: Scheme
  /** Whether only a registry answers like this: with a challenge, its version, JSON or nothing. */
  proven: boolean
}

/**
 * Asks `GET /v2/` without a credential (distribution-spec, "Determining Support"). As engines do, it only learns from
 * the answer how to sign in: whatever else is there, an image may be there too, and asking for it tells. Throws the
 * failure of a registry that cannot serve now, and what `checkRealm` throws.
 */
export const ping = async (options: SessionOptions): Promise<Support> => {
  const request = pingRequest(options)
  const answer = await options.send(request)
  const fault = transientFault(answer, request.subject)
  if (fault) throw fault
  const { status, headers, trusted } = answer
  if (status === 401 && trusted && challengesOf(answer).length > 0)
    return { scheme: await readScheme(options, answer), proven: true }
  const isOpen = status === 200 && !isPage(answer)
  const because = isOpen
    ? 'is open'
    : `answers GET /v2/ with ${isPage(answer) ? 'a page' : 'nothing to go by'} (${status})`
  const proven = headers.has('docker-distribution-api-version') || (isOpen && isTypical(answer))
  return { scheme: { kind: 'none', because }, proven }
}

/** Reads the scheme from a 401. If there are several, Bearer comes first: its tokens are good for little else. */
export const readScheme = async (options: SessionOptions, answer: Answer): Promise<Scheme> => {
  const challenges = challengesOf(answer)
  const bearer = challenges.find((each) => each.scheme === 'bearer' && each.params.realm)
  if (bearer?.params.realm !== undefined) {
    const realm = await options.checkRealm(bearer.params.realm)
    return { kind: 'bearer', realm, service: bearer.params.service }
  }
  if (challenges.some((each) => each.scheme === 'basic')) return { kind: 'basic' }
  const schemes = challenges.map((each) => each.scheme).join(', ')
  throw notARegistry(answer, `${said(answer)}; WWW-Authenticate: ${schemes || '(none)'}`)
}

/** `GET /v2/`, which costs a registry nothing. */
export const pingRequest = ({ registry, userAgent }: SessionOptions): Request => ({
  subject: { kind: 'registry', name: registry.host, anonymous: true },
  method: 'GET',
  url: new URL('/v2/', registry),
  headers: { 'user-agent': userAgent, accept: 'application/json' },
  limit: 64 * 1024,
})

/** The challenges of an answer. */
export const challengesOf = (answer: Answer): Challenge[] =>
  parseChallenges(answer.headers.get('www-authenticate') ?? [])

// Mirrors and registries of static files leave the version's header field out.
const isTypical = (answer: Answer): boolean =>
  answer.body.length === 0 || contentType(answer).includes('json')
