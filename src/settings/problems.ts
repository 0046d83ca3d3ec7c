import { PipeError } from '../errors.ts'
import { type VariableName, variables } from './variables.ts'

/** A problem of one variable. */
export interface Problem {
  name: VariableName
  /** What is wrong with it, as the rest of a sentence that the variable begins. */
  what: string
}

/** Takes note of a problem. */
export type Report = (name: VariableName, what: string) => void

/** PKG-CONFIG with everything that is wrong, one line each. */
export const invalid = (lines: readonly string[]): PipeError => {
  const count = lines.length === 1 ? 'One variable is' : `${lines.length} variables are`
  return new PipeError('PKG-CONFIG', [`${count} not valid:`, ...lines.map((line) => `- ${line}`)].join('\n'))
}

/** A problem with what is allowed instead, and an example. */
export const lineOf = ({ name, what }: Problem): string =>
  `${name}: ${what}. Allowed: ${variables[name].allowed}. Example: ${variables[name].example}`
