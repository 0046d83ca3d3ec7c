import type { Environment } from '../settings/environment.ts'

interface Secret {
  username: string
  secret: string
}

/** What stands where a secret was. */
const MASK = '****'

// Shorter values are no secrets, and masking them would shred the log.
const SHORTEST = 4

const SECRET_NAME = /TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY/i

/** Whether a variable of this name holds a secret, going by the name. */
export const isSecretName = (name: string): boolean => SECRET_NAME.test(name)

/**
 * The secrets that an environment holds: the credentials of the pipe, whatever else is named like a secret, and the
 * passwords in URLs, such as those of proxies.
 */
export const secretsOf = (env: Environment): Secret[] =>
  Object.entries(env).flatMap(([name, value = '']) => {
    const [, user = '', password] = /\/\/([^/:@\s]*):([^/@\s]+)@/.exec(value) ?? []
    const inUrl = password === undefined ? [] : [{ username: user, secret: password }]
    if (!isSecretName(name)) return inUrl
    const username = env[`${name.replace(/_TOKEN$/, '')}_USERNAME`] ?? env[`${name}_USERNAME`] ?? ''
    return [{ username: username.trim(), secret: value.trim() }, ...inUrl]
  })

/**
 * A function that masks secrets wherever they stand in a text: as they are, URL-encoded, JSON-encoded, and
 * the base64 of HTTP Basic authentication (RFC 7617).
 */
export const redactor = (credentials: readonly Secret[]) => {
  const forms = credentials.flatMap(({ username, secret }) => [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    ...['base64', 'base64url'].map((encoding) =>
      Buffer.from(`${username}:${secret}`).toString(encoding as BufferEncoding),
    ),
  ])
  // The longest first: one form may hold another.
  const secrets = [...new Set(forms)]
    .filter((form) => form.length >= SHORTEST)
    .sort((a, b) => b.length - a.length)
  return (text: string): string => secrets.reduce((masked, secret) => masked.replaceAll(secret, MASK), text)
}
