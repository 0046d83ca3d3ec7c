import { isAbsolute, relative, resolve } from 'node:path'
import * as z from 'zod/mini'
import type { Credential } from '../credential.ts'
import { PipeError } from '../errors.ts'
import type { Platform } from '../image/platform.ts'
import { quote } from '../image/quote.ts'
import { expandReference, type ImageReference, ReferenceSyntaxError } from '../image/reference.ts'
import { type Environment, itemsOf, ListError, lookUp, lookUpRaw } from './environment.ts'
import { misspellings } from './misspelling.ts'
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
  /** The only hosts that may be the registry's auth realm; undefined: by the rules of `registry/realm.ts`. */
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

/** A problem of one variable: `what` is wrong with it. */
interface Problem {
  name: VariableName
  what: string
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
 * @throws {PipeError} PKG-CONFIG with every problem at once; PKG-CREDENTIALS-MISSING where that is the only one.
 */
export const readSettings = (env: Environment): Settings => {
  const problems: Problem[] = []
  const raw = Object.fromEntries(variableNames.map((name) => [name, rawOf(env, name, problems)])) as Raw
  const parsed = schema.safeParse(raw)
  for (const { path, message, input } of parsed.error?.issues ?? []) {
    const name = path[0] as VariableName
    problems.push({
      name,
      what: message.startsWith('"') ? message : `${shown(name, input ?? raw[name])} ${message}`,
    })
  }
  const registry = parsed.data?.REGISTRY ?? 'crg.apkg.io'
  const images = imagesOf(env, raw.IMAGE, registry, problems)
  const builtIn = pairOf(env, 'built-in', 'BITBUCKET_PACKAGES_USERNAME', 'BITBUCKET_PACKAGES_TOKEN', problems)
  const apiToken = pairOf(env, 'api-token', 'API_TOKEN_USERNAME', 'API_TOKEN', problems)
  const store = storeOf(env, raw.STORE, problems)
  const run = runSettingsOf(env, raw, (name, what) => problems.push({ name, what }))
  const unknown = misspellings(env, namesPassed(env))
  if (!parsed.success || problems.length > 0 || unknown.length > 0) {
    throw invalid([
      ...problems.map(
        ({ name, what }) =>
          `${name}: ${what}. Allowed: ${variables[name].allowed}. Example: ${variables[name].example}`,
      ),
      ...unknown.map(({ name, meant }) => `${name}: this pipe has no such variable; did you mean ${meant}?`),
    ])
  }
  for (const name of ['BITBUCKET_PACKAGES_TOKEN', 'API_TOKEN']) refuseAccessToken(env, name)
  const { PULL_POLICY } = parsed.data
  // Other policies ask the registry for what is not here, or not at all.
  if (PULL_POLICY === 'always' && builtIn === undefined && apiToken === undefined) {
    if (images.some(({ domain }) => domain === registry)) throw noCredentials(registry)
  }
  const { PLATFORM, AUTH_REALM_HOSTS, CHECK_ONLY, CONCURRENCY, MAX_ATTEMPTS, TIMEOUT } = parsed.data
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

/** There is nothing to ask a registry with. */
export const noCredentials = (registry: string): PipeError =>
  new PipeError('PKG-CREDENTIALS-MISSING', `There are no credentials for ${registry}.`)

/** Where `images.env` and `result.json` go; known before the settings are, for a run that ends with them. */
export const outputDirOf = (env: Environment): string | undefined =>
  lookUp(env, 'OUTPUT_DIR') ?? lookUp(env, 'BITBUCKET_PIPE_STORAGE_DIR')

/** Whether `DEBUG` is on; known before the settings are, for the report of a fault in them. */
export const isDebug = (env: Environment): boolean => lookUp(env, 'DEBUG')?.toLowerCase() === 'true'

const rawOf = (env: Environment, name: VariableName, problems: Problem[]) => {
  try {
    const raw = lookUpRaw(env, name)
    if ('list' in variables[name]) return raw === undefined ? undefined : itemsOf(raw)
    if ('whole' in variables[name]) return raw
    if (Array.isArray(raw)) throw new ListError('is a list, but takes one value')
    return raw
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    problems.push({ name, what: error.message })
    return undefined
  }
}

const imagesOf = (env: Environment, items: string[] | undefined, registry: string, problems: Problem[]) => {
  if (items === undefined && !problems.some(({ name }) => name === 'IMAGE')) {
    problems.push({ name: 'IMAGE', what: 'is missing' })
  }
  return (items ?? []).flatMap((item) => {
    try {
      const image = expandReference(item, { registry, workspace: lookUp(env, 'BITBUCKET_WORKSPACE') })
      return [withRegistry(image, registry)]
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error
      const known = problems.some(({ what }) => what === error.message)
      if (!known) problems.push({ name: 'IMAGE', what: error.message })
      return []
    }
  })
}

// Only what is below the clone folder can be an artifact or a cache, and only there may a pipe mount folders.
const storeOf = (env: Environment, value: string | undefined, problems: Problem[]): string | undefined => {
  if (value === undefined) return undefined
  const folder = resolve(value)
  const clone = lookUp(env, 'BITBUCKET_CLONE_DIR')
  const below = clone === undefined ? undefined : relative(clone, folder)
  if (below !== undefined && (below === '' || below.startsWith('..') || isAbsolute(below)))
    problems.push({ name: 'STORE', what: `${quote(value)} is not below the clone folder ${clone}` })
  return folder
}

// The engine finds a login by the host as it is written, so a host in capitals would be pulled without it.
const withRegistry = (image: ImageReference, registry: string): ImageReference =>
  image.domain.toLowerCase() === registry
    ? { ...image, domain: registry, name: `${registry}/${image.path}` }
    : image

const pairOf = (
  env: Environment,
  kind: Credential['kind'],
  usernameVariable: VariableName,
  secretVariable: VariableName,
  problems: Problem[],
): Credential | undefined => {
  const username = lookUp(env, usernameVariable)
  const secret = lookUp(env, secretVariable)
  if (username !== undefined && secret !== undefined) return { kind, username, secret }
  if (username !== undefined)
    problems.push({ name: secretVariable, what: `is missing, ${usernameVariable} is there` })
  if (secret !== undefined)
    problems.push({ name: usernameVariable, what: `is missing, ${secretVariable} is there` })
  return undefined
}

// Bitbucket's repository, project and workspace access tokens begin so; the registry refuses each of them.
const refuseAccessToken = (env: Environment, name: string) => {
  if (lookUp(env, name)?.startsWith('ATCTT')) {
    throw new PipeError('PKG-ACCESS-TOKEN', `${name} holds an access token, which the registry refuses.`)
  }
}

const shown = (name: VariableName, value: unknown) =>
  'secret' in variables[name] ? 'its value (not shown)' : quote(String(value))

const invalid = (lines: string[]) => {
  const count = lines.length === 1 ? 'One variable is' : `${lines.length} variables are`
  return new PipeError('PKG-CONFIG', [`${count} not valid:`, ...lines.map((line) => `- ${line}`)].join('\n'))
}
