import { createSecrets, type Secrets } from '../secrets.ts'
import type { Environment } from './environment.ts'

// Words by which a name speaks of a secret; and words at its end that say that it only holds something about one:
// API_TOKEN_USERNAME, TOKEN_FILE, MAX_TOKENS_COUNT.
const SECRET_WORD =
  /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(?:PRIVATE|ACCESS|API|SSH|SIGNING|ENCRYPTION)_?KEY|_PASS(?:_|$)|_(?:PWD|AUTH)$/i
const ABOUT_IT =
  /_(?:USER|USERNAME|EMAIL|NAME|ID|URL|URI|HOST|HOSTS|FILE|PATH|DIR|COUNT|LIMIT|LENGTH|SIZE|TTL|EXPIRES|EXPIRY|TYPE|ENABLED)$/i

// These are secret whatever they look like.
const CREDENTIALS = ['BITBUCKET_PACKAGES_TOKEN', 'API_TOKEN']

/** Whether a variable of this name holds a secret, going by the name. */
export const isSecretName = (name: string): boolean => SECRET_WORD.test(name) && !ABOUT_IT.test(name)

/**
 * The secrets that an environment holds, to be masked in the log and the outputs: the pipe's own credentials, values
 * that begin as tokens do, passwords in URLs, and variables that are named like secrets, unless the value is an
 * everyday one. Masking "true", "4096", "postgres" or the name of the workspace wherever they stand would make the log
 * unreadable and hide nothing.
 */
export const secretsOf = (env: Environment): Secrets => {
  const secrets = createSecrets()
  for (const { secret, username } of found(env)) secrets.add(secret, username)
  return secrets
}

/** Tells whether a text holds one of the pipe's own credentials, or a piece of it; a short one may be any word. */
export const credentialFinder = (env: Environment): ((text: string) => boolean) => {
  const secrets = createSecrets()
  for (const secret of CREDENTIALS.map((name) => env[name]?.trim() ?? ''))
    if (secret.length >= LONG_ENOUGH) secrets.add(secret)
  return (text) => secrets.mask(text) !== text
}

const LONG_ENOUGH = 12

/** Whether something in a value begins as tokens of Atlassian and others do. */
export const looksLikeToken = (value: string): boolean => value.search(TOKEN) >= 0

const TOKEN =
  /(?<![A-Za-z0-9])(?:AT(?:AT|CT)T|ATBB[A-Za-z0-9]{12}|(?:gh[oprsu]_|github_pat_|glpat-|xox[abprs]-)[\w-]{16}|npm_[A-Za-z0-9]{36}|eyJ[\w-]{16}|AKIA[A-Z0-9]{12})[\w=.~+-]*/g

interface Found {
  secret: string
  username?: string | undefined
}

const found = (env: Environment): Found[] => {
  const everyday = everydayIn(env)
  return Object.entries(env).flatMap(([name, value = '']) => {
    const trimmed = value.trim()
    const own = CREDENTIALS.includes(name)
    const named = own || (isSecretName(name) && !everyday(trimmed))
    return [
      ...(named && trimmed !== '' ? [{ secret: trimmed, username: usernameOf(name, env) }] : []),
      ...(value.match(TOKEN) ?? []).map((secret) => ({ secret })),
      ...passwordsOf(name, value),
      ...passedValue(name, value, everyday),
    ]
  })
}

const usernameOf = (name: string, env: Environment) =>
  (env[`${name.replace(/_TOKEN$/, '')}_USERNAME`] ?? env[`${name}_USERNAME`])?.trim()

/**
 * Whether a value is so common that masking it would hide nothing: short, a number, one plain word, or a name of the
 * pipeline's own.
 */
const everydayIn = (env: Environment) => {
  const known = [
    'BITBUCKET_WORKSPACE',
    'BITBUCKET_REPO_SLUG',
    'BITBUCKET_REPO_FULL_NAME',
    'BITBUCKET_BRANCH',
  ].map((name) => env[name])
  return (value: string) =>
    value.length < 8 || /^(?:\d{1,11}|[a-z]{1,11}|[A-Z]{1,11})$/.test(value) || known.includes(value)
}

// A URL may percent-encode its password, but a proxy gets it decoded. The variables of proxies need no scheme.
const passwordsOf = (name: string, value: string): Found[] => {
  const proxy = /_PROXY$/i.test(name) ? /^(?:[^:/]*:\/\/)?([^:]*):(.*)@/s.exec(value) : null
  const urls = [...value.matchAll(/\/\/([^/:@\s]*):([^/@\s]+)@/g)]
  return [...urls, ...(proxy ? [proxy] : [])].flatMap(([, user = '', password = '']) => [
    { secret: password, username: user },
    { secret: decoded(password), username: decoded(user) },
  ])
}

const decoded = (text: string) => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

// RUN_ENV may hold values itself.
const passedValue = (name: string, value: string, everyday: (value: string) => boolean): Found[] => {
  if (!/^RUN_ENV(?:_\d+)?$/.test(name)) return []
  // Only the string form is split.
  return (name === 'RUN_ENV' ? value.split(/[\s,]+/) : [value]).flatMap((item) => {
    const [, passed = '', secret = ''] = /^\s*(\w+)=(.*)$/s.exec(item) ?? []
    return isSecretName(passed) && !everyday(secret.trim()) ? [{ secret: secret.trim() }] : []
  })
}
