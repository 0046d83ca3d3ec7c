import * as z from 'zod/mini'
import type { Credential } from '../credential.ts'
import type { Platform } from '../image/platform.ts'
import { quote } from '../image/quote.ts'
import type { ImageReference } from '../image/reference.ts'
import { checkConnection } from './connection.ts'
import { credentialOf, noCredentials, refuseAccessTokens } from './credentials.ts'
import { type Environment, lookUp } from './environment.ts'
import { outputFault, storeOf } from './folder.ts'
import { exchanged, looksLikeCredential, looksLikeCredentialIn } from './hidden.ts'
import { imagesOf, noImage } from './images.ts'
import { createProblems, invalid, lineOf } from './problems.ts'
import { rawOf } from './raw.ts'
import { namesPassed, type RunSettings, runSettingsOf } from './run.ts'
import { checkUnknown } from './unknown.ts'
import { DEFAULT_REGISTRY, type VariableName, variableNames, variables } from './variables.ts'

/** When the registry is asked: for every image, only for those that neither engine nor store has, or never. */
export type PullPolicy = 'always' | 'missing' | 'never'

/** The settings of a run, checked and complete. */
export interface Settings {
  images: ImageReference[]
  /** Host of Bitbucket Packages, with its port if it has one. */
  registry: string
  builtIn: Credential | undefined
  /** Used for an image that the built-in pair may not read. */
  apiToken: Credential | undefined
  /** The platform to take from a multi-platform image; undefined: the engine's. */
  platform: Platform | undefined
  /** At least one; the next is for an image for which the one before finds nothing, or not whom to ask. */
  pullPolicies: readonly PullPolicy[]
  /** Folder to keep the images in and to load them from. */
  store: string | undefined
  /** The only hosts that may be the registry's auth realm; undefined: by the rules of `registry/auth/realm.ts`. */
  authRealmHosts: readonly string[] | undefined
  /** Diagnose, and pull nothing. */
  checkOnly: boolean
  /** Images in flight; undefined: chosen by the pipe. */
  concurrency: number | undefined
  /** Attempts of one network operation. */
  maxAttempts: number
  /** For the whole delivery, in milliseconds. */
  timeout: number
  /** What to run in the first image. */
  run: RunSettings | undefined
  /** `<workspace>/<repository>` whose pipeline runs, where Bitbucket names it. */
  repository: string | undefined
  /** Most likely mistakes, for the log. */
  warnings: readonly string[]
}

const schema = z.object(
  Object.fromEntries(variableNames.map((name) => [name, variables[name].schema])) as {
    [Name in VariableName]: (typeof variables)[Name]['schema']
  },
)

/**
 * Reads the settings from the environment.
 *
 * @throws {PipeError} PKG-CONFIG with every problem at once; if there is none, PKG-ACCESS-TOKEN or
 *   PKG-CREDENTIALS-MISSING for credentials that no registry would take
 */
export const readSettings = (env: Environment): Settings => {
  const problems = createProblems()
  const { report } = problems
  const warnings: string[] = []
  const warn = (text: string) => warnings.push(text)
  const raw = rawOf(env, report)
  const parsed = schema.safeParse(raw)
  for (const { path, message, input } of parsed.error?.issues ?? []) {
    const name = path[0] as VariableName
    report(name, refusalOf(name, input ?? raw[name], message))
  }
  if (raw.IMAGE === undefined && !problems.has('IMAGE')) report('IMAGE', noImage(env))
  const registry = parsed.data?.REGISTRY ?? DEFAULT_REGISTRY
  const images = imagesOf(env, { items: raw.IMAGE ?? [], registry }, report)
  const builtIn = credentialOf(env, 'built-in', report)
  const apiToken = credentialOf(env, 'api-token', report)
  const store = storeOf(env, raw.STORE, report)
  const fault = raw.OUTPUT_DIR === undefined ? undefined : outputFault(env, raw.OUTPUT_DIR)
  if (fault !== undefined) report('OUTPUT_DIR', fault)
  const run = runSettingsOf(env, raw, { problems, warn })
  checkConnection(env, report)
  checkUnknown(env, namesPassed(env), { report, warn })
  if (!parsed.success || problems.all().length > 0) throw invalid(problems.all().map(lineOf))
  refuseAccessTokens(env)
  const { PULL_POLICY, PLATFORM, AUTH_REALM_HOSTS, CHECK_ONLY, CONCURRENCY, MAX_ATTEMPTS, TIMEOUT } =
    parsed.data
  // The other policies may find every image here, and then need no credentials.
  if (PULL_POLICY[0] === 'always' && builtIn === undefined && apiToken === undefined) {
    if (images.some(({ domain }) => domain === registry)) throw noCredentials(registry)
  }
  if (CHECK_ONLY && run !== undefined) warn('CHECK_ONLY: the commands of RUN are not run')
  return {
    images,
    registry,
    builtIn,
    apiToken,
    pullPolicies: PULL_POLICY,
    store,
    platform: PLATFORM,
    authRealmHosts: AUTH_REALM_HOSTS,
    checkOnly: CHECK_ONLY,
    concurrency: CONCURRENCY,
    maxAttempts: MAX_ATTEMPTS,
    timeout: TIMEOUT,
    run,
    repository: lookUp(env, 'BITBUCKET_REPO_FULL_NAME'),
    warnings,
  }
}

const refusalOf = (name: VariableName, value: unknown, message: string) => {
  if ('secret' in variables[name]) return `its value (not shown) ${message}`
  if (looksLikeCredential(String(value))) return looksLikeCredentialIn(name)
  if ('hidden' in variables[name] && !isWord(String(value)))
    return `its value (not shown) ${message}; ${exchanged(name)}`
  return message.startsWith('"') ? message : `${quote(String(value))} ${message}`
}

// A user name that is no address, more likely than a secret.
const isWord = (value: string) => /^[a-z]+(?:[._-][a-z]+)?$/i.test(value) && value.length < 20
