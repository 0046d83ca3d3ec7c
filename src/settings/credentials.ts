import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import { type Environment, emptiness, lookUp } from './environment.ts'
import { looksLikeCredentialIn } from './hidden.ts'
import type { Report } from './problems.ts'

// Each kind of credential, and the variables of its user name and its secret.
const pairs = {
  'built-in': ['BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_TOKEN'],
  'api-token': ['API_TOKEN_USERNAME', 'API_TOKEN'],
} as const satisfies Record<Credential['kind'], readonly [string, string]>

/** The credential of a kind, or undefined if neither half of it is there. */
export const credentialOf = (
  env: Environment,
  kind: Credential['kind'],
  report: Report,
): Credential | undefined => {
  const [usernameVariable, secretVariable] = pairs[kind]
  const username = lookUp(env, usernameVariable)
  const secret = lookUp(env, secretVariable)
  // User names are passed to docker as arguments, which everybody can read.
  const twice = Object.values(pairs).find(
    ([, name]) => username !== undefined && lookUp(env, name) === username,
  )
  if (twice !== undefined)
    report(usernameVariable, `its value (not shown) is the same as that of ${twice[1]}`)
  if (username !== undefined && secret !== undefined) {
    if (looksExchanged(username, secret)) report(usernameVariable, looksLikeCredentialIn(usernameVariable))
    return { kind, username, secret }
  }
  if (username !== undefined) report(secretVariable, missing(env, secretVariable, usernameVariable))
  if (secret !== undefined) report(usernameVariable, missing(env, usernameVariable, secretVariable))
  return undefined
}

// No secret is made of words alone, and hardly a user name has digits that are no address and as long as this.
const looksExchanged = (username: string, secret: string) =>
  /^[a-z]+(?:[-_.][a-z]+)*$/i.test(secret) &&
  secret.length < username.length &&
  /^(?=.*\d)(?=.*[a-z])[^@]{12,}$/i.test(username)

// A secret may really begin with "$", so it is not called missing.
const missing = (env: Environment, name: string, other: string) =>
  emptiness(env, name) === 'unreplaced'
    ? `its value (not shown) is "$" and a name: it looks like a variable that was not replaced; ${other} is there`
    : `is missing, ${other} is there`

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

/** The failure for a registry that there is no credential for. */
export const noCredentials = (registry: string): PipeError =>
  new PipeError('PKG-CREDENTIALS-MISSING', `There are no credentials for ${registry}.`)
