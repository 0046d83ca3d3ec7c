import * as z from 'zod/mini'
import type { Credential } from '../credential.ts'
import type { Platform } from '../image/platform.ts'
import { quote } from '../image/quote.ts'
import type { ImageReference } from '../image/reference.ts'
import { credentialOf, noCredentials, refuseAccessTokens } from './credentials.ts'
import { type Environment, itemsOf, ListError, lookUp, lookUpRaw } from './environment.ts'
import { storeOf } from './folder.ts'
import { imagesOf } from './images.ts'
import { misspellings } from './misspelling.ts'
import { invalid, lineOf, type Problem, type Report } from './problems.ts'
import { namesPassed, type RunSettings, runSettingsOf } from './run.ts'
import { type VariableName, variableNames, variables } from './variables.ts'

export interface Settings {
  images: ImageReference[]
  /** Host of Bitbucket Packages, with its port if it has one. */
  registry: string
  builtIn: Credential | undefined
  /** Used for an image that the built-in pair may not read. */
  apiToken: Credential | undefined
  /** The platform to take from a multi-platform image; undefined: the engine's. */
  platform: Platform | undefined
  /** Whether the registry is asked what a tag means, or only where neither engine nor store has the image, or never. */
  pullPolicy: 'always' | 'missing' | 'never'
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
}

/** Variables before they are checked: strings, and for list variables their items. */
type Raw = {
  [Name in VariableName]: Name extends 'IMAGE' | 'AUTH_REALM_HOSTS'
    ? string[] | undefined
    : Name extends 'RUN' | 'RUN_ENV'
      ? string | string[] | undefined
      : string | undefined
}

const schema = z.object(
  Object.fromEntries(variableNames.map((name) => [name, variables[name].schema])) as {
    [Name in VariableName]: (typeof variables)[Name]['schema']
  },
)

/**
 * The settings that the environment holds.
 *
 * @throws {PipeError} PKG-CONFIG with every problem at once; if there is none, PKG-ACCESS-TOKEN or
 * PKG-CREDENTIALS-MISSING for credentials that no registry would take
 */
export const readSettings = (env: Environment): Settings => {
  const problems: Problem[] = []
  const report: Report = (name, what) => {
    const known = problems.some((problem) => problem.name === name && problem.what === what)
    if (!known) problems.push({ name, what })
  }
  const raw = Object.fromEntries(variableNames.map((name) => [name, rawOf(env, name, report)])) as Raw
  if (raw.IMAGE === undefined && problems.every(({ name }) => name !== 'IMAGE')) report('IMAGE', 'is missing')
  const parsed = schema.safeParse(raw)
  for (const { path, message, input } of parsed.error?.issues ?? []) {
    const name = path[0] as VariableName
    report(name, message.startsWith('"') ? message : `${shown(name, input ?? raw[name])} ${message}`)
  }
  const registry = parsed.data?.REGISTRY ?? 'crg.apkg.io'
  const images = imagesOf(env, { items: raw.IMAGE ?? [], registry }, report)
  const builtIn = credentialOf(env, 'built-in', report)
  const apiToken = credentialOf(env, 'api-token', report)
  const store = storeOf(env, raw.STORE, report)
  const run = runSettingsOf(env, raw, report)
  const unknown = misspellings(env, namesPassed(env))
  if (!parsed.success || problems.length > 0 || unknown.length > 0) {
    throw invalid([
      ...problems.map(lineOf),
      ...unknown.map(({ name, meant }) => `${name}: this pipe has no such variable; did you mean ${meant}?`),
    ])
  }
  refuseAccessTokens(env)
  const { PULL_POLICY, PLATFORM, AUTH_REALM_HOSTS, CHECK_ONLY, CONCURRENCY, MAX_ATTEMPTS, TIMEOUT } =
    parsed.data
  // Other policies ask the registry for what is not here, or not at all.
  if (PULL_POLICY === 'always' && builtIn === undefined && apiToken === undefined) {
    if (images.some(({ domain }) => domain === registry)) throw noCredentials(registry)
  }
  return {
    images,
    registry,
    builtIn,
    apiToken,
    pullPolicy: PULL_POLICY,
    store,
    platform: PLATFORM,
    authRealmHosts: AUTH_REALM_HOSTS,
    checkOnly: CHECK_ONLY,
    concurrency: CONCURRENCY,
    maxAttempts: MAX_ATTEMPTS,
    timeout: TIMEOUT,
    run,
    repository: lookUp(env, 'BITBUCKET_REPO_FULL_NAME'),
  }
}

const rawOf = (env: Environment, name: VariableName, report: Report) => {
  try {
    const raw = lookUpRaw(env, name)
    if ('list' in variables[name]) return raw === undefined ? undefined : itemsOf(raw)
    if ('whole' in variables[name]) return raw
    if (Array.isArray(raw)) throw new ListError('is a list, but takes one value')
    return raw
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    report(name, error.message)
    return undefined
  }
}

const shown = (name: VariableName, value: unknown) =>
  'secret' in variables[name] ? 'its value (not shown)' : quote(String(value))
