import { login } from '../engine/login.ts'
import { seconds } from '../report/log.ts'
import { retry } from '../retry.ts'
import type { Credential } from '../settings.ts'
import { credentialName } from './diagnosis.ts'
import type { Tools } from './tools.ts'

/** The logins of a run: each credential signs in once, when the first image needs it. */
export interface SignIns {
  /**
   * The docker config that holds the login of a credential; without one, a config that holds none.
   *
   * @throws {PipeError} with the registry's or the engine's answer, the same one to all who ask
   */
  configFor(credential: Credential | undefined): Promise<string>
}

export const createSignIns = (registry: string, tools: Tools): SignIns => {
  const anonymous = tools.configs.create(registry)
  const signedIn = new Map<Credential, Promise<string>>()
  return {
    async configFor(credential) {
      if (credential === undefined) return anonymous
      const known = signedIn.get(credential) ?? signIn(registry, credential, tools)
      signedIn.set(credential, known)
      return known
    },
  }
}

const signIn = async (
  registry: string,
  credential: Credential,
  { docker, configs, log, retrying }: Tools,
) => {
  const started = performance.now()
  const config = await retry(() => login(docker, configs, registry, credential), retrying)
  log.info(
    `Signed in to ${registry} with ${credentialName(credential.kind)} (${seconds(performance.now() - started)})`,
  )
  return config
}
