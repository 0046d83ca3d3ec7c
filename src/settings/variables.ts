import * as z from 'zod/mini'
import { expandReference, ReferenceSyntaxError } from '../image/reference.ts'

interface Variable {
  /** Takes a string (or the items of a list), undefined where the variable is unset. */
  schema: z.ZodMiniType
  /** What is allowed, as an error message says it. */
  allowed: string
  example: string
  /** A list variable: `X_COUNT`, `X_0`… or one string. */
  list?: true
  /** Its value is never printed. */
  secret?: true
  /** The default in pipe.yml where that is not the schema's: a reference that the step's shell expands. */
  reference?: string
}

const text = z.string()

const flag = z._default(
  z.pipe(
    text.check(z.toLowerCase(), z.regex(/^(true|false)$/, 'is neither true nor false')),
    z.transform((value) => value === 'true'),
  ),
  false,
)

// Host names, IPv4 and bracketed IPv6 addresses; what a reference's domain may be, in lower case.
const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:]+\])(?::\d{1,5})?$/

// The grammar alone is checked here; what a short name stands for is known when all settings are.
const grammar = z.check<string[]>(({ value, issues }) => {
  for (const image of value) {
    try {
      expandReference(image, { registry: 'registry.invalid', workspace: 'workspace' })
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error
      issues.push({ code: 'custom', message: error.message, input: image })
    }
  }
})

/** Every variable of the pipe; `pipe.yml` and the README's table have the same names and defaults. */
export const variables = {
  IMAGE: {
    schema: z.optional(z.array(text).check(grammar)),
    allowed: 'a list of package:tag, workspace/package:tag or full names, each with @sha256:… if you like',
    example: "IMAGE: 'base:1.4'",
    list: true,
  },
  BITBUCKET_PACKAGES_USERNAME: {
    schema: z.optional(text),
    allowed: 'leave it out: its default is the value that Bitbucket gives to the step',
    example: 'BITBUCKET_PACKAGES_USERNAME: $BITBUCKET_PACKAGES_USERNAME',
    reference: '$BITBUCKET_PACKAGES_USERNAME',
  },
  BITBUCKET_PACKAGES_TOKEN: {
    schema: z.optional(text),
    allowed: 'leave it out: its default is the value that Bitbucket gives to the step',
    example: 'BITBUCKET_PACKAGES_TOKEN: $BITBUCKET_PACKAGES_TOKEN',
    secret: true,
    reference: '$BITBUCKET_PACKAGES_TOKEN',
  },
  REGISTRY: {
    schema: z._default(text.check(z.toLowerCase(), z.regex(HOST, 'is not a host name')), 'crg.apkg.io'),
    allowed: 'a host name, with its port if it has one; no https:// and no path',
    example: 'REGISTRY: crg.apkg.io',
  },
  OUTPUT_DIR: {
    schema: z.optional(text),
    allowed: 'a folder that exists or can be made',
    example: 'OUTPUT_DIR: build/packages',
  },
  DEBUG: { schema: flag, allowed: 'true or false', example: "DEBUG: 'true'" },
} as const satisfies Record<string, Variable>

export type VariableName = keyof typeof variables

export const variableNames = Object.keys(variables) as VariableName[]

/** What a variable is when the user leaves it out, as pipe.yml and the README say it; undefined: unset. */
export const defaultOf = (name: VariableName): string | undefined => {
  const variable: Variable = variables[name]
  if (variable.reference !== undefined) return variable.reference
  const value = variable.schema.safeParse(undefined).data
  return value === undefined ? undefined : String(value)
}
