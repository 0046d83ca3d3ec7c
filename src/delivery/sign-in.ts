import { type Credential, credentialName } from '../credential.ts'
import type { Engine } from '../engine/engine.ts'
import { retry } from '../retry.ts'
import { seconds } from '../units.ts'
import type { Tools } from './tools.ts'

/** The logins of a run: each credential signs in once, when the first image needs it. */
export interface SignIns {
  /**
   * Starts the login of a credential that is likely to be needed: the command is there by the time the registry has
   * been asked, but gets the secret only from `engineFor`.
   */
  expect(credential: Credential): void
  /**
   * The engine that pulls an image's repository with a credential; without one, the engine that is signed in nowhere.
   * Where AUTH_REALM_HOSTS says who may see the credential, the engine gets a token of the repository instead, if the
   * registry gives tokens: it would show the credential to whatever realm it is told.
   *
   * @throws {PipeError} with the registry's or the engine's answer, the same one to all who ask
   */
  engineFor(credential: Credential | undefined, repository: string): Promise<Engine>
  /** The engine with another token, where the one that `engineFor` gave it may have ended; undefined if it got none. */
  renew(credential: Credential | undefined, repository: string): Promise<Engine | undefined>
  /** Gives up the logins that were expected and not needed, and waits until all have ended. */
  close(): Promise<void>
}

interface SignIn {
  engine: Promise<Engine>
  /** Hands the secret over, the first time it is called. */
  proceed(): void
  abandon(): void
}

interface Settled {
  /** The host of the registry. */
  registry: string
  authRealmHosts: readonly string[] | undefined
}

/** Prepares the logins of a run to one registry; none starts before it is expected or needed. */
export const createSignIns = ({ registry, authRealmHosts }: Settled, tools: Tools): SignIns => {
  const byToken = authRealmHosts !== undefined
  const tokens = new Map<string, string>()
  const withToken = async (credential: Credential, repository: string, refused?: string) => {
    const token = await tools.clients.get(registry, credential).token(repository, refused)
    if (token === undefined) return undefined
    tokens.set(keyOf(credential, repository), token)
    return tools.engine.withToken(registry, token)
  }
  const started = new Map<Credential, SignIn>()
  const signInWith = (credential: Credential) => {
    const signIn = started.get(credential) ?? startSignIn(registry, credential, tools)
    started.set(credential, signIn)
    return signIn
  }
  return {
    expect(credential) {
      if (!byToken) signInWith(credential)
    },
    async engineFor(credential, repository) {
      if (credential === undefined) return tools.engine.anonymous
      const byItsToken = byToken ? await withToken(credential, repository) : undefined
      if (byItsToken !== undefined) return byItsToken
      const { engine, proceed } = signInWith(credential)
      proceed()
      return engine
    },
    async renew(credential, repository) {
      const refused = credential && tokens.get(keyOf(credential, repository))
      return credential && refused ? withToken(credential, repository, refused) : undefined
    },
    async close() {
      for (const { abandon } of started.values()) abandon()
      await Promise.allSettled([...started.values()].map(({ engine }) => engine))
    },
  }
}

const keyOf = ({ kind }: Credential, repository: string) => `${kind} ${repository}`

const startSignIn = (
  registry: string,
  { kind, username, secret }: Credential,
  { engine: { login }, log, retrying }: Tools,
): SignIn => {
  const handover = Promise.withResolvers<string>()
  let began: number | undefined
  const signIn = async () => {
    const engine = await retry(() => login({ registry, username, secret: handover.promise }), retrying)
    log.info(
      `Signed in to ${registry} with ${credentialName(kind)} (${seconds(performance.now() - (began ?? 0))})`,
    )
    return engine
  }
  const engine = signIn()
  // A failure reaches whoever calls `engineFor`; if nobody needs the login, it does not matter.
  engine.catch(() => {})
  handover.promise.catch(() => {})
  return {
    engine,
    proceed() {
      began ??= performance.now()
      handover.resolve(secret)
    },
    abandon: () => handover.reject(new Error('The login is not needed.')),
  }
}
