import { PipeError } from '../errors.ts'
import { type VariableName, variableNames, variables } from './variables.ts'

/** A problem of one variable. */
interface Problem {
  /** The variable, which need not be one of the pipe's. */
  name: string
  /** What is wrong with it, as the rest of a sentence that the variable begins. */
  what: string
}

/** Takes note of a problem. */
export type Report = (name: string, what: string) => void

/** The problems of an environment, each once, in the order of the variables. */
export interface Problems {
  report: Report
  /** Whether this variable has a problem that is known already. */
  has(name: string): boolean
  all(): Problem[]
}

/** Begins to collect problems. */
export const createProblems = (): Problems => {
  const problems: Problem[] = []
  return {
    report(name, what) {
      const known = problems.some((problem) => problem.name === name && problem.what === what)
      if (!known) problems.push({ name, what })
    },
    has: (name) => problems.some((problem) => problem.name === name),
    all: () => problems.toSorted((a, b) => place(a) - place(b)),
  }
}

/** PKG-CONFIG with everything that is wrong, one line each. */
export const invalid = (lines: readonly string[]): PipeError => {
  const count = lines.length === 1 ? 'One variable is' : `${lines.length} variables are`
  return new PipeError('PKG-CONFIG', [`${count} not valid:`, ...lines.map((line) => `- ${line}`)].join('\n'))
}

/** Adds to a problem what is allowed, and an example. */
export const lineOf = ({ name, what }: Problem): string => {
  const line = `${name}: ${what}`
  if (!isOurs(name)) return line
  const { allowed, example } = variables[name]
  return `${line}${/[.?]$/.test(line) ? '' : '.'} Allowed: ${allowed}. Example: ${example}`
}

const isOurs = (name: string): name is VariableName => Object.hasOwn(variables, name)

const place = ({ name }: Problem) => {
  const index = (variableNames as string[]).indexOf(name)
  return index < 0 ? variableNames.length : index
}
