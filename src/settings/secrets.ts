import { createSecrets, type Secrets } from '../secrets.ts'
import type { Environment } from './environment.ts'

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY/i

/** Whether a variable of this name holds a secret, going by the name. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/**
 * The secrets that an environment holds: the credentials of the pipe, whatever else is named like a secret, and the
 * passwords in URLs, such as those of proxies.
 */
export const secretsOf = (env: Environment): Secrets => {
  const secrets = createSecrets()
  for (const [name, value = ''] of Object.entries(env)) {
    const [, user, password] = /\/\/([^/:@\s]*):([^/@\s]+)@/.exec(value) ?? []
    if (password !== undefined) secrets.add(password, user)
    if (isSecretName(name)) secrets.add(value.trim(), usernameOf(name, env))
  }
  return secrets
}

const usernameOf = (name: string, env: Environment) =>
  (env[`${name.replace(/_TOKEN$/, '')}_USERNAME`] ?? env[`${name}_USERNAME`])?.trim()
