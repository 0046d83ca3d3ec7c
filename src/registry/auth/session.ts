import { PipeError } from '../../errors.ts'
import { refusal, said } from '../http/answer.ts'
import type { Answer, Request } from '../http/transport.ts'
import { createGate, type Gate } from './gate.ts'
import {
  challengesOf,
  isRegistry,
  notARegistry,
  ping,
  pingRequest,
  readScheme,
  type Scheme,
  type SessionOptions,
} from './scheme.ts'
import { basic, fetchToken } from './token.ts'
import { createTokens } from './tokens.ts'

export interface Session {
  /** Where the API is. */
  registry: URL
  /** The way in, as `GET /v2/` told it; or a later answer, where that one let everybody pass. */
  scheme: () => Scheme
  /** Shows the credential, once in a session. Throws `PKG-AUTH-REFUSED`. */
  signIn: () => Promise<void>
  /** A request with the authorization that its scope needs; a 401 gets one fresh token. */
  request: (request: Request, scope: string) => Promise<Answer>
}

/**
 * Asks `GET /v2/` how the registry lets clients in (distribution-spec, "Determining Support"), and keeps
 * the tokens for what follows. Throws `PKG-NOT-A-REGISTRY` where something else answers, and
 * `PKG-REALM-REFUSED` before any credential goes out.
 */
export const openSession = async (options: SessionOptions): Promise<Session> => {
  const { credential, registry, userAgent } = options
  const gate = createGate()
  let scheme = await ping(options)
  // The token server judges no login by itself: it wants a scope, or shows its refusals by other means than 401.
  let byScopeOnly = false

  const tokens = createTokens(async (scope) => {
    if (scheme.kind !== 'bearer') throw new TypeError('a token without a realm')
    const { realm, service } = scheme
    const ask = async () => {
      const kind = credential && !gate.open() ? 'login' : 'token'
      const subject = { kind, name: nameOf(registry, scope), anonymous: !credential } as const
      const token = await fetchToken(options.sendOnce, {
        realm: realm.url,
        service,
        scope,
        credential,
        userAgent,
        subject,
      })
      options.secrets.add(token.value)
      return token
    }
    return credential ? gate.pass(ask) : ask()
  })

  const signIn = async (): Promise<void> => {
    if (!credential || scheme.kind === 'none') return
    await login(options, scheme, gate)
  }

  const authorize = async (scope: string): Promise<string | undefined> => {
    if (scheme.kind === 'none') return undefined
    if (!byScopeOnly)
      await signIn().catch((error: unknown) => {
        const lasting = !(
          error instanceof PipeError && ['PKG-ACCESS-DENIED', 'PKG-NOT-A-REGISTRY'].includes(error.code)
        )
        if (lasting || scheme.kind === 'basic') throw error
        byScopeOnly = true
      })
    if (scheme.kind === 'basic') return credential && basic(credential)
    return `Bearer ${await tokens.get(scope)}`
  }

  return {
    registry,
    scheme: () => scheme,
    signIn,
    request: async (request, scope) => {
      const used = await authorize(scope)
      const answer = await options.send({ ...request, authorization: used })
      if (answer.status !== 401 || !answer.trusted) return answer
      // A registry that lets `GET /v2/` pass may still ask here.
      if (used === undefined && scheme.kind === 'none') scheme = await readScheme(options, answer)
      if (scheme.kind === 'none' || (scheme.kind === 'basic' && (used !== undefined || !credential)))
        return answer
      const asked = challengesOf(answer).find((each) => each.scheme === 'bearer')?.params.scope
      if (used !== undefined) tokens.invalidate(scope, used.replace(/^Bearer /, ''), asked)
      return options.send({ ...request, authorization: await authorize(scope) })
    },
  }
}

const login = async (options: SessionOptions, scheme: Scheme, gate: Gate): Promise<void> => {
  const { credential, registry, userAgent } = options
  const subject = { kind: 'login', name: registry.host, anonymous: false } as const
  await gate.pass(async () => {
    if (gate.open()) return
    if (scheme.kind === 'basic') {
      const authorization = credential && basic(credential)
      const answer = await options.send({ ...pingRequest(options), authorization })
      if (answer.status !== 200) throw refusal(answer, subject)
      if (!isRegistry(answer)) throw notARegistry(answer, said(answer))
    } else if (scheme.kind === 'bearer') {
      const { realm, service } = scheme
      const request = { realm: realm.url, service, scope: undefined, credential, userAgent, subject }
      options.secrets.add((await fetchToken(options.sendOnce, request)).value)
    }
  })
}

const nameOf = (registry: URL, scope: string): string => `${registry.host}/${scope.split(':')[1] ?? scope}`
