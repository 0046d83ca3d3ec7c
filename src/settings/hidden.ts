import { looksLikeToken } from './secrets.ts'

/** What to say, instead of the value, of a variable that may hold a credential by mistake. */
export const looksLikeCredentialIn = (name: string): string => {
  const [username, secret] = name.startsWith('BITBUCKET_')
    ? ['BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_TOKEN']
    : ['API_TOKEN_USERNAME', 'API_TOKEN']
  return `its value (not shown) looks like a credential; are ${secret} and ${username} exchanged?`
}

// Digests are long, but not secret.
const DIGEST = /\bsha\d{3}:[0-9a-f]+/gi
const LONG = /[^\s,/.]{65}/

/** Whether a value that is refused must not be shown: a token, or longer than anything that people write. */
export const looksLikeCredential = (value: string): boolean =>
  looksLikeToken(value) || LONG.test(value.replace(DIGEST, ''))

// A shorter piece gives little of a secret away, and may be one of our own words.
const PIECE = 12
const SHORTEST = 8

/**
 * Masks these secrets, and every piece of them, in a text. Masking whole secrets is not enough where values are quoted
 * and cut, as in the messages of the settings.
 */
export const withoutPieces = (text: string, secrets: readonly string[]): string => {
  const pieces = new Set(secrets.flatMap(formsOf).flatMap(piecesOf))
  const lower = inLowerCase(text)
  const hidden = new Array<boolean>(text.length).fill(false)
  for (const length of new Set([...pieces].map((piece) => piece.length)))
    for (let at = 0; at + length <= text.length; at++)
      if (pieces.has(lower.slice(at, at + length))) hidden.fill(true, at, at + length)
  return [...hidden.keys()]
    .map((at) => (hidden[at] ? (hidden[at - 1] ? '' : '****') : text.charAt(at)))
    .join('')
}

// As it is, and as it stands in quotes.
const formsOf = (secret: string) => [secret, JSON.stringify(secret).slice(1, -1)].map(inLowerCase)

const piecesOf = (secret: string) =>
  secret.length < PIECE
    ? [secret].filter(({ length }) => length >= SHORTEST)
    : Array.from({ length: secret.length - PIECE + 1 }, (_, at) => secret.slice(at, at + PIECE))

// Hosts and names are shown in lower case. Only ASCII letters are changed, so that positions stay the same.
const inLowerCase = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
