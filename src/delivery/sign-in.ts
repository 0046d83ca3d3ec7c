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
   * The engine that pulls with a credential; without one, the engine that is signed in nowhere.
   *
   * @throws {PipeError} with the registry's or the engine's answer, the same one to all who ask
   */
  engineFor(credential: Credential | undefined): Promise<Engine>
  /** Gives up the logins that were expected and not needed, and waits until all have ended. */
  close(): Promise<void>
}

interface SignIn {
  engine: Promise<Engine>
  /** Hands the secret over, the first time it is called. */
  proceed(): void
  abandon(): void
}

/** Prepares the logins of a run to one registry; none starts before it is expected or needed. */
export const createSignIns = (registry: string, tools: Tools): SignIns => {
  const started = new Map<Credential, SignIn>()
  const signInWith = (credential: Credential) => {
    const signIn = started.get(credential) ?? startSignIn(registry, credential, tools)
    started.set(credential, signIn)
    return signIn
  }
  return {
    expect: signInWith,
    async engineFor(credential) {
      if (credential === undefined) return tools.engine.anonymous
      const { engine, proceed } = signInWith(credential)
      proceed()
      return engine
    },
    async close() {
      for (const { abandon } of started.values()) abandon()
      await Promise.allSettled([...started.values()].map(({ engine }) => engine))
    },
  }
}

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
