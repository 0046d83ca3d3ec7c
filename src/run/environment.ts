import type { Environment } from '../settings/environment.ts'
import type { RunSettings } from '../settings/run.ts'
import { isSecretName } from '../settings/secrets.ts'

/**
 * The environment of the commands: `CI`, `BITBUCKET_*` and `DOCKER_HOST` as the step has them, and what
 * `RUN_ENV` passes. A name that speaks of a secret is left out unless `RUN_ENV` has it, and so is what is
 * empty: Bitbucket hands a pipe a variable that the step does not have as an empty one.
 */
export const environmentOf = (env: Environment, { passed }: RunSettings): Record<string, string> => {
  const own = Object.entries(env).filter(
    ([name, value]) => value && /^(?:CI|DOCKER_HOST|BITBUCKET_\w+)$/.test(name) && !isSecretName(name),
  )
  return { ...Object.fromEntries(own), ...passed } as Record<string, string>
}
