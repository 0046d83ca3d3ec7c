import { login } from '../engine/login.ts'
import { seconds } from '../report/log.ts'
import { retry } from '../retry.ts'
import type { Credential } from '../settings/settings.ts'
import { credentialName } from '../lookup/diagnosis.ts'
import type { Tools } from './tools.ts'

/** The logins of a run: each credential signs in once, when the first image needs it. */
export interface SignIns {
  /**
   * Starts the login of a credential that is likely to be needed: the command is there by the time the registry has
   * been asked, but gets the secret only from `configFor`.
   */
  expect(credential: Credential): void
  /**
   * The docker config that holds the login of a credential; without one, a config that holds none.
   *
   * @throws {PipeError} with the registry's or the engine's answer, the same one to all who ask
   */
  configFor(credential: Credential | undefined): Promise<string>
  /** Ends the logins that were expected and not needed. */
  close(): Promise<void>
}

interface SignIn {
  config: Promise<string>
  /** Hands the secret over, the first time it is called. */
  proceed(): void
  abandon(): void
}

export const createSignIns = (registry: string, tools: Tools): SignIns => {
  const anonymous = tools.configs.create(registry)
  const started = new Map<Credential, SignIn>()
  const signInWith = (credential: Credential) => {
    const signIn = started.get(credential) ?? startSignIn(registry, credential, tools)
    started.set(credential, signIn)
    return signIn
  }
  return {
    expect: signInWith,
    async configFor(credential) {
      if (credential === undefined) return anonymous
      const { config, proceed } = signInWith(credential)
      proceed()
      return config
    },
    async close() {
      for (const { abandon } of started.values()) abandon()
      await Promise.allSettled([...started.values()].map(({ config }) => config))
    },
  }
}

const startSignIn = (
  registry: string,
  { kind, username, secret }: Credential,
  { docker, configs, log, retrying }: Tools,
): SignIn => {
  const handover = Promise.withResolvers<string>()
  let began: number | undefined
  const signIn = async () => {
    const config = await retry(() => login(docker, configs, registry, username, handover.promise), retrying)
    log.info(
      `Signed in to ${registry} with ${credentialName(kind)} (${seconds(performance.now() - (began ?? 0))})`,
    )
    return config
  }
  const config = signIn()
  // Whoever needs it hears of its failure; of one that nobody needs, nobody does.
  config.catch(() => {})
  handover.promise.catch(() => {})
  return {
    config,
    proceed() {
      began ??= performance.now()
      handover.resolve(secret)
    },
    abandon: () => handover.reject(new Error('The login is not needed.')),
  }
}
