import { looksLikeToken } from './secrets.ts'

/** What to say, instead of the value, of a variable that may hold a credential by mistake. */
export const looksLikeCredentialIn = (name: string): string =>
  `its value (not shown) looks like a credential; ${exchanged(name)}`

/** Asks for the likeliest slip with a pair: its user name stands where its secret belongs. */
export const exchanged = (name: string): string => {
  const [username, secret] = name.startsWith('BITBUCKET_')
    ? ['BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_TOKEN']
    : ['API_TOKEN_USERNAME', 'API_TOKEN']
  return `are ${secret} and ${username} exchanged?`
}

// Digests are long, but not secret.
const DIGEST = /\bsha\d{3}:[0-9a-f]+/gi
const LONG = /[^\s,/.]{65}/

/** Whether a value that is refused must not be shown: a token, or longer than anything that people write. */
export const looksLikeCredential = (value: string): boolean =>
  looksLikeToken(value) || LONG.test(value.replace(DIGEST, ''))
