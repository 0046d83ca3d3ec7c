import * as z from 'zod/mini'
import type { Credential } from '../../credential.ts'
import { PipeError } from '../../errors.ts'
import { parseJson } from '../../json.ts'
import { refusal } from '../http/answer.ts'
import { isPage, said } from '../http/said.ts'
import { type Answer, header, type Request, type Subject, type Transport } from '../http/transport.ts'

/** How many bytes of a token server's answer are read. */
const tokenLimit = 64 * 1024

/** What a registry gets of a credential. */
export type Login = Pick<Credential, 'username' | 'secret'>

interface TokenRequest {
  realm: URL
  service: string | undefined
  /** `repository:<name>:pull`; undefined to see whether the login is accepted at all. */
  scope: string | undefined
  credential: Login | undefined
  userAgent: string
  subject: Subject
}

export interface Token {
  value: string
  /** How long it may be used from now on, in milliseconds. */
  lifetime: number
}

/**
 * Asks a token server for a token (distribution-spec, "Token Authentication"): by GET with the credential as Basic; if
 * the server does not know that (404, 405), by an OAuth2 POST. `send` must follow no redirect to another origin. Throws
 * `PKG-AUTH-REFUSED`, `PKG-ACCESS-DENIED` or what else the answer means, and `PKG-NOT-A-REGISTRY` for an answer without
 * a token.
 */
export const fetchToken = async (send: Transport, request: TokenRequest): Promise<Token> => {
  let answer = await send(byGet(request))
  if ([404, 405].includes(answer.status) && request.credential)
    answer = await send(byPost(request, request.credential))
  if (answer.status !== 200) throw refusal(answer, request.subject)
  return readToken(answer)
}

/** The value of Authorization for a user name and a password (RFC 7617, in UTF-8). */
export const basic = ({ username, secret }: Login): string =>
  `Basic ${Buffer.from(`${username}:${secret}`).toString('base64')}`

const byGet = ({ realm, service, scope, credential, userAgent, subject }: TokenRequest): Request => {
  const url = new URL(realm)
  if (service !== undefined) url.searchParams.set('service', service)
  // A realm may not choose what the token is for.
  url.searchParams.delete('scope')
  if (scope !== undefined) url.searchParams.set('scope', scope)
  // As docker does; servers that keep accounts apart look at it.
  if (credential) url.searchParams.set('account', credential.username)
  const headers = { accept: 'application/json', 'user-agent': userAgent }
  const authorization = credential && basic(credential)
  return { subject, method: 'GET', url, headers, authorization, limit: tokenLimit }
}

const byPost = (
  { realm, service, scope, userAgent, subject }: TokenRequest,
  { username, secret }: Login,
): Request => {
  const form = { grant_type: 'password', client_id: 'packages-pull', username, password: secret }
  const body = new URLSearchParams({ ...form, ...(service && { service }), ...(scope && { scope }) })
  return {
    subject,
    method: 'POST',
    url: realm,
    headers: {
      accept: 'application/json',
      'content-type': 'application/x-www-form-urlencoded',
      'user-agent': userAgent,
    },
    body: body.toString(),
    limit: tokenLimit,
  }
}

// A malformed field counts as absent.
const optional = <T extends z.ZodMiniType>(schema: T) => z.catch(z.optional(schema), undefined)

const wireToken = z.object({
  token: optional(z.string()),
  access_token: optional(z.string()),
  expires_in: optional(z.coerce.number().check(z.positive())),
  issued_at: optional(z.string()),
})

const readToken = (answer: Answer): Token => {
  const parsed = wireToken.safeParse(answer.truncated ? undefined : parseJson(answer.body))
  const value = parsed.data?.token || parsed.data?.access_token
  // RFC 6750, section 2.1, and no more than a header field carries.
  if (!parsed.success || !value || !/^[\x21-\x7e]+$/.test(value))
    throw new PipeError('PKG-NOT-A-REGISTRY', `${answer.url.host} answers without a usable token`, {
      said: isPage(answer)
        ? said(answer)
        : answer.truncated
          ? 'more than 64 KiB'
          : 'HTTP 200 without a token',
      why: 'The registry names this address for tokens, but no token server answers there: often it is the page of a proxy, a firewall or a login portal.',
    })
  const { expires_in = 60, issued_at } = parsed.data
  return { value, lifetime: Math.max(expires_in * 1000 - age(issued_at, answer), leastLifetime) }
}

// As docker's clients do: a token that lasts less, or that was issued in the year 1 (a field never set), would
// otherwise be asked for anew with every request.
const leastLifetime = 60_000

// A token from the server's cache is older than its answer. Both times are of the server's clock: the one
// of this machine may be wrong.
const age = (issuedAt: string | undefined, answer: Answer): number => {
  const past = Date.parse(header(answer, 'date') ?? '') - Date.parse(issuedAt ?? '')
  return Number.isNaN(past) ? 0 : Math.max(past, 0)
}
