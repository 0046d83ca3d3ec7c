import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import { type Environment, lookUp } from './environment.ts'
import type { Report } from './problems.ts'

// Each kind of credential, and the variables of its user name and its secret.
const pairs = {
  'built-in': ['BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_TOKEN'],
  'api-token': ['API_TOKEN_USERNAME', 'API_TOKEN'],
} as const satisfies Record<Credential['kind'], readonly [string, string]>

/** The credential of a kind, or undefined where neither half of it is there. */
export const credentialOf = (
  env: Environment,
  kind: Credential['kind'],
  report: Report,
): Credential | undefined => {
  const [usernameVariable, secretVariable] = pairs[kind]
  const username = lookUp(env, usernameVariable)
  const secret = lookUp(env, secretVariable)
  if (username !== undefined && secret !== undefined) return { kind, username, secret }
  if (username !== undefined) report(secretVariable, `is missing, ${usernameVariable} is there`)
  if (secret !== undefined) report(usernameVariable, `is missing, ${secretVariable} is there`)
  return undefined
}

/**
 * Bitbucket's repository, project and workspace access tokens begin with ATCTT; the registry refuses all of them.
 *
 * @throws {PipeError} PKG-ACCESS-TOKEN for one of them
 */
export const refuseAccessTokens = (env: Environment): void => {
  for (const [, name] of Object.values(pairs)) {
    if (lookUp(env, name)?.startsWith('ATCTT')) {
      throw new PipeError('PKG-ACCESS-TOKEN', `${name} holds an access token, which the registry refuses.`)
    }
  }
}

/** There is nothing to ask a registry with. */
export const noCredentials = (registry: string): PipeError =>
  new PipeError('PKG-CREDENTIALS-MISSING', `There are no credentials for ${registry}.`)
