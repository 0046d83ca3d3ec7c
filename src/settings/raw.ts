import { type Environment, itemsOf, ListError, lookUpRaw } from './environment.ts'
import { looksLikeCredentialIn } from './hidden.ts'
import type { Report } from './problems.ts'
import { credentialFinder, looksLikeToken } from './secrets.ts'
import { type Variable, type VariableName, variableNames, variables } from './variables.ts'

/** Variables before they are checked: strings, and for list variables their items. */
export type Raw = {
  [Name in VariableName]: Name extends 'IMAGE' | 'AUTH_REALM_HOSTS' | 'PULL_POLICY'
    ? string[] | undefined
    : Name extends 'RUN' | 'RUN_ENV'
      ? string | string[] | undefined
      : string | undefined
}

/** The pipe's variables as they were given, by the form that each of them takes. */
export const rawOf = (env: Environment, report: Report): Raw => {
  const around = { report, holds: credentialFinder(env) }
  return Object.fromEntries(variableNames.map((name) => [name, oneOf(env, name, around)])) as Raw
}

interface Around {
  report: Report
  /** Whether a value holds a credential of the pipe, or a piece of it. */
  holds: (value: string) => boolean
}

const oneOf = (env: Environment, name: VariableName, { report, holds }: Around) => {
  try {
    const raw = lookUpRaw(env, name)
    const variable: Variable = variables[name]
    if (raw !== undefined && (variable.list || variable.whole)) refuseListAsText(raw, variable)
    if (variable.whole) return raw
    if (!variable.list && Array.isArray(raw)) throw new ListError('is a list, but takes one value')
    const values = variable.list ? itemsOf(raw) : [raw ?? []].flat()
    // Refuse credentials even if the variable would accept them: values are shown, sent to others, and in the arguments
    // of docker.
    const others = variable.secret
      ? values
      : values.filter((value) => !looksLikeToken(value) && !holds(value))
    if (others.length < values.length) report(name, looksLikeCredentialIn(name))
    if (others.length === 0) return undefined
    return variable.list ? others : others[0]
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    report(name, error.message)
    return undefined
  }
}

// Quotes around a list make one text of it, brackets and all. The command `[ "$A" = "b" ]` and the host `[::1]` are not
// such lists.
const refuseListAsText = (raw: string | string[], { whole }: Variable) => {
  const inside = whole ? /^\[["'].*["']\]$/s : /^\[(?![0-9a-f:.]*\]$).*\]$/is
  if ([raw].flat().some((text) => inside.test(text.trim())))
    throw new ListError("is a list inside of quotes, and so one text; leave the outer quotes out: ['a', 'b']")
  if (typeof raw === 'string' && /^-\s/.test(raw))
    throw new ListError('is a list after "|" or inside of quotes, and so one text; leave these out')
}
