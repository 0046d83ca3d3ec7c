import { PipeError } from '../../errors.ts'
import type { Secrets } from '../../secrets.ts'
import { isPage, refusal, said } from '../http/answer.ts'
import { type Answer, contentType, type Request, type Transport } from '../http/transport.ts'
import { type Challenge, parseChallenges } from './challenge.ts'
import type { Realm } from './realm.ts'
import type { Login } from './token.ts'

/** How a registry lets clients in: by Basic, by Bearer tokens of a realm, or without either. */
export type Scheme =
  | { kind: 'none' }
  | { kind: 'basic' }
  | { kind: 'bearer'; realm: Realm; service: string | undefined }

export interface SessionOptions {
  registry: URL
  credential: Login | undefined
  userAgent: string
  /** Follows redirects by policy. */
  send: Transport
  /** Follows none; for tokens. */
  sendOnce: Transport
  /** Whether credentials may go to the realm of a challenge. */
  checkRealm: (realm: string) => Promise<Realm>
  secrets: Secrets
}

/**
 * Asks `GET /v2/` without a credential (distribution-spec, "Determining Support"). Throws
 * `PKG-NOT-A-REGISTRY` where something else answers, and what `checkRealm` throws.
 */
export const ping = async (options: SessionOptions): Promise<Scheme> => {
  const answer = await options.send(pingRequest(options))
  if (answer.status === 401 && answer.trusted) return readScheme(options, answer)
  if (answer.status === 200 && isRegistry(answer)) return { kind: 'none' }
  if (answer.status === 200) throw notARegistry(answer, said(answer))
  throw refusal(answer, { kind: 'registry', name: options.registry.host, anonymous: true })
}

/** The scheme of a 401. Of several, Bearer comes first: its tokens are good for little else. */
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
  method: 'GET',
  url: new URL('/v2/', registry),
  headers: { 'user-agent': userAgent, accept: 'application/json' },
  limit: 64 * 1024,
})

/** The challenges of an answer. */
export const challengesOf = (answer: Answer): Challenge[] =>
  parseChallenges(answer.headers.get('www-authenticate') ?? [])

/** Whether a registry may have given this answer; its version field is not required, nor is any body. */
export const isRegistry = (answer: Answer): boolean =>
  !isPage(answer) &&
  (answer.headers.has('docker-distribution-api-version') ||
    answer.body.length === 0 ||
    contentType(answer).includes('json'))

/** The failure for an answer that no registry gives. */
export const notARegistry = (answer: Answer, words: string): PipeError =>
  new PipeError(
    'PKG-NOT-A-REGISTRY',
    `${answer.url.host} does not answer as a registry does (${answer.status})`,
    {
      said: words,
    },
  )
