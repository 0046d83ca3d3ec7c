import { PipeError } from '../../errors.ts'
import { notARegistry, refusal } from '../http/answer.ts'
import { isPage } from '../http/said.ts'
import type { Answer, Request } from '../http/transport.ts'
import { createGate } from './gate.ts'
import { ping, pingRequest, readScheme, type Scheme, type SessionOptions } from './scheme.ts'
import { basic, fetchToken } from './token.ts'
import { createTokens } from './tokens.ts'

export interface Session {
  /** Where the API is. */
  registry: URL
  /** How clients get in: as `GET /v2/` told, or a later 401 if `GET /v2/` let everybody pass. */
  scheme: () => Scheme
  /** Whether only a registry answers `GET /v2/` as this one did. */
  proven: boolean
  /** Shows the credential, once in a session. Throws `PKG-AUTH-REFUSED`. */
  signIn: () => Promise<void>
  /** The token of a scope, another one than was refused; undefined where the registry uses none. */
  token: (scope: string, refused?: string) => Promise<string | undefined>
  /** A request with the authorization that its scope needs; a 401 gets one fresh token. */
  request: (request: Request, scope: string) => Promise<Answer>
}

/**
 * Asks `GET /v2/` how the registry lets clients in (distribution-spec, "Determining Support"), and keeps the tokens for
 * what follows. Throws `PKG-NOT-A-REGISTRY` if something else answers, and `PKG-REALM-REFUSED` before any credential
 * goes out.
 */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { credential, registry, userAgent } = options
  const gate = createGate()
  const { scheme: first, proven } = await ping(options)
  let scheme: Scheme = first
  // Undecided: nothing judges the credential by itself, because the token server wants a scope or refuses otherwise
  // than by 401, or because GET /v2/ is open to all. Then only requests for packages tell: one 401 may be about the
  // package; after it the credential is suspected, and a second one is about the credential.
  let undecided = false
  let suspected = false

  const judge = (error: unknown): never => {
    if (undecided && error instanceof PipeError && error.code === 'PKG-ACCESS-DENIED') suspected = true
    throw error
  }

  const askToken = async (scope: string | undefined) => {
    if (scheme.kind !== 'bearer') throw new TypeError('a token without a realm')
    const { realm, service } = scheme
    const isLogin = credential && (scope === undefined || (suspected && !gate.open()))
    const name = scope === undefined ? registry.host : `${registry.host}/${scope.split(':')[1] ?? scope}`
    const token = await fetchToken(options.sendToRealm, {
      realm: realm.url,
      service,
      scope,
      credential,
      userAgent,
      subject: { kind: isLogin ? 'login' : 'token', name, anonymous: !credential },
    })
    options.secrets.add(token.value)
    return token
  }

  const tokens = createTokens((scope) =>
    credential ? gate.pass(() => askToken(scope).catch(judge)) : askToken(scope),
  )

  const login = async () => {
    if (scheme.kind === 'bearer') return void (await askToken(undefined))
    const subject = { kind: 'login', name: registry.host, anonymous: false } as const
    const authorization = credential && basic(credential)
    const answer = await options.send({ ...pingRequest(options), subject, authorization })
    if (answer.status !== 200) throw refusal(answer, subject)
    if (isPage(answer)) throw notARegistry(answer)
  }

  const signIn = async (): Promise<void> => {
    if (!credential || scheme.kind === 'none') return
    await gate.pass(async () => {
      if (!gate.open()) await login()
    })
  }

  const authorize = async (scope: string): Promise<string | undefined> => {
    if (scheme.kind === 'none') return undefined
    if (!undecided)
      await signIn().catch((error: unknown) => {
        if (scheme.kind === 'basic' || !isUndecided(error)) throw error
        undecided = true
      })
    if (scheme.kind === 'basic') return credential && basic(credential)
    return `Bearer ${await tokens.get(scope)}`
  }

  const send = async (request: Request, authorization: string | undefined): Promise<Answer> => {
    if (!(undecided && scheme.kind === 'basic' && authorization !== undefined))
      return options.send({ ...request, authorization })
    return gate.pass(async () => {
      const kind = suspected && !gate.open() ? 'login' : request.subject.kind
      const subject = { ...request.subject, kind }
      const answer = await options.send({ ...request, subject, authorization })
      return answer.status === 401 && answer.trusted ? judge(refusal(answer, subject)) : answer
    })
  }

  return {
    registry,
    scheme: () => scheme,
    proven,
    signIn,
    token: async (scope, refused) => {
      if (refused !== undefined) tokens.invalidate(scope, refused)
      const used = await authorize(scope)
      return scheme.kind === 'bearer' ? used?.replace(/^Bearer /, '') : undefined
    },
    request: async (request, scope) => {
      const used = await authorize(scope)
      const answer = await send(request, used)
      if (answer.status !== 401 || !answer.trusted) return answer
      // A registry that lets `GET /v2/` pass may still ask here.
      if (used === undefined && scheme.kind === 'none') {
        scheme = await readScheme(options, answer)
        undecided = scheme.kind === 'basic'
      }
      if (scheme.kind === 'none' || (scheme.kind === 'basic' && (used !== undefined || !credential)))
        return answer
      // The scope stays ours, whatever a challenge names: a token that could push, or read the packages of others, is
      // none that this pipe wants to have.
      if (used !== undefined) tokens.invalidate(scope, used.replace(/^Bearer /, ''))
      return send(request, await authorize(scope))
    },
  }
}

const isUndecided = (error: unknown): boolean =>
  error instanceof PipeError && ['PKG-ACCESS-DENIED', 'PKG-NOT-A-REGISTRY'].includes(error.code)
