import * as z from 'zod/mini'
import { duration, flag, host, numberFrom1To, platform, pullPolicy, registry, text } from './schemas.ts'

/** A variable of the pipe. */
export interface Variable {
  /** Takes a string (or the items of a list), or undefined if the variable is unset. */
  schema: z.ZodMiniType
  /** What is allowed, as an error message says it. */
  allowed: string
  example: string
  /** A list variable: `X_COUNT`, `X_0`… or one string. */
  list?: true
  /** Taken as it is, list or string: its items may hold white space. */
  whole?: true
  /** Its value is never printed. */
  secret?: true
  /** Nor is what stands here by mistake: most likely the secret of the pair. */
  hidden?: true
  /** How pipe.yml writes the default, if it is not the schema's value as it is. */
  written?: string
}

/** The host of Bitbucket Packages. */
export const DEFAULT_REGISTRY = 'crg.apkg.io'

/** Every variable of the pipe; `pipe.yml` and the README's table have the same names and defaults. */
export const variables = {
  IMAGE: {
    schema: z.optional(z.array(text)),
    allowed: 'a list of package:tag, workspace/package:tag or full names, each with @sha256:… if you like',
    example: "IMAGE: 'base:1.4'",
    list: true,
  },
  BITBUCKET_PACKAGES_USERNAME: {
    schema: z.optional(text),
    allowed: 'leave it out: its default is the value that Bitbucket gives to the step',
    example: 'BITBUCKET_PACKAGES_USERNAME: $BITBUCKET_PACKAGES_USERNAME',
    written: '$BITBUCKET_PACKAGES_USERNAME',
  },
  BITBUCKET_PACKAGES_TOKEN: {
    schema: z.optional(text),
    allowed: 'leave it out: its default is the value that Bitbucket gives to the step',
    example: 'BITBUCKET_PACKAGES_TOKEN: $BITBUCKET_PACKAGES_TOKEN',
    secret: true,
    written: '$BITBUCKET_PACKAGES_TOKEN',
  },
  REGISTRY: {
    schema: z._default(registry, DEFAULT_REGISTRY),
    allowed: 'a host name, with its port if it has one; no https:// and no path',
    example: 'REGISTRY: crg.apkg.io',
  },
  API_TOKEN_USERNAME: {
    schema: z.optional(text.check(z.regex(/^[^@\s]+@[^@\s]+$/, 'is not an e-mail address'))),
    allowed: 'the e-mail address of the Atlassian account whose API token is in API_TOKEN',
    example: 'API_TOKEN_USERNAME: $PACKAGES_READER_EMAIL',
    hidden: true,
  },
  API_TOKEN: {
    schema: z.optional(text),
    allowed: 'an Atlassian API token with the scope read:package:bitbucket, in a secured variable',
    example: 'API_TOKEN: $PACKAGES_READER_TOKEN',
    secret: true,
  },
  PULL_POLICY: {
    schema: z._default(z.array(pullPolicy), ['always']),
    allowed: 'always, missing or never, or several of them in the order in which they are tried',
    example: 'PULL_POLICY: missing, PULL_POLICY: [always, missing]',
    list: true,
    written: 'always',
  },
  PLATFORM: {
    schema: z.optional(platform),
    allowed: 'os/arch or os/arch/variant',
    example: 'PLATFORM: linux/arm64',
  },
  STORE: {
    schema: z.optional(text),
    allowed: 'a folder below the clone folder',
    example: 'STORE: .images',
  },
  AUTH_REALM_HOSTS: {
    schema: z.optional(z.array(host)),
    allowed: 'a list of host names, each with its port if it has one',
    example: 'AUTH_REALM_HOSTS: auth.example.com',
    list: true,
  },
  CHECK_ONLY: { schema: flag, allowed: 'true or false', example: "CHECK_ONLY: 'true'" },
  CONCURRENCY: {
    schema: z.optional(numberFrom1To(32)),
    allowed: 'a whole number from 1 to 32',
    example: "CONCURRENCY: '4'",
  },
  MAX_ATTEMPTS: {
    schema: z._default(numberFrom1To(20), 5),
    allowed: 'a whole number from 1 to 20',
    example: "MAX_ATTEMPTS: '5'",
  },
  TIMEOUT: {
    schema: z._default(duration, 15 * 60_000),
    allowed: 'hours, minutes and seconds, up to 24h',
    example: 'TIMEOUT: 15m, TIMEOUT: 1h30m',
    written: '15m',
  },
  RUN: {
    schema: z.optional(z.union([text, z.array(text)])),
    allowed: 'a script as one string, or a list of commands',
    example: "RUN: ['npm ci', 'npm test']",
    whole: true,
  },
  RUN_ENV: {
    schema: z.optional(z.union([text, z.array(text)])),
    allowed: 'a list of NAME and NAME=value',
    example: "RUN_ENV: ['NPM_TOKEN', 'LOG_LEVEL=debug']",
    whole: true,
    secret: true,
  },
  RUN_SHELL: {
    schema: z.optional(text.check(z.regex(/^[^\s-]\S*(?:\s+\S+)*$/, 'is not a program'))),
    allowed: 'name or path of a POSIX shell in the image, with options if you like',
    example: 'RUN_SHELL: bash -l',
  },
  OUTPUT_DIR: {
    schema: z.optional(text),
    allowed: 'a folder in the clone folder',
    example: 'OUTPUT_DIR: build/packages',
  },
  OUTPUT_VARIABLES: { schema: flag, allowed: 'true or false', example: "OUTPUT_VARIABLES: 'true'" },
  DEBUG: { schema: flag, allowed: 'true or false', example: "DEBUG: 'true'" },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables

/** The names of all variables, in the order of `pipe.yml`. */
export const variableNames = Object.keys(variables) as VariableName[]

/** The default of a variable, as pipe.yml and the README say it; undefined if it has none. */
export const defaultOf = (name: VariableName): string | undefined => {
  const variable: Variable = variables[name]
  if (variable.written !== undefined) return variable.written
  const value = variable.schema.safeParse(undefined).data
  return value === undefined ? undefined : String(value)
}
