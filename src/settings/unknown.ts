import { nearest } from '../suggest.ts'
import { type Environment, isThere } from './environment.ts'
import { isOfOthers } from './others.ts'
import type { Report } from './problems.ts'
import { isSecretName } from './secrets.ts'
import { synonyms } from './synonyms.ts'
import { type VariableName, variableNames } from './variables.ts'

/**
 * Reports the variables that have no effect: those that are neither the pipe's own, nor there for another reason, nor
 * passed to the commands of RUN. A likely misspelling is an error, because a limit, a policy or a test would otherwise
 * be ignored silently; each of the others gets one warning.
 *
 * @param passed the names that `RUN_ENV` passes
 */
export const checkUnknown = (
  env: Environment,
  passed: readonly string[],
  { report, warn }: { report: Report; warn: (text: string) => void },
): void => {
  const isRun = isThere(env, 'RUN')
  for (const name of variablesOf(env)) {
    if (isOurs(name) || passed.includes(name)) continue
    const meant = meantBy(name, isRun)
    const wayOut =
      isRun && !/^BITBUCKET_/.test(name) ? ' To pass it to the commands of RUN, name it in RUN_ENV' : ''
    if (meant !== undefined && !isAmbiguous(name))
      report(name, `this pipe has no such variable; did you mean ${meant}?${wayOut}`)
    else if (!isKnown(name, isRun)) {
      const question = meant === undefined ? wayOut && '.' : `; did you mean ${meant}?`
      warn(`${name} has no effect: this pipe has no such variable${question}${wayOut}`)
    }
  }
}

// The variables of a list count once, under its name.
const variablesOf = (env: Environment) =>
  new Set(
    Object.keys(env).map((name) => {
      const list = unnumbered(name)
      return Object.hasOwn(env, `${list}_COUNT`) && Object.hasOwn(env, `${list}_0`) ? list : name
    }),
  )

const unnumbered = (name: string) => name.replace(/_(?:COUNT|\d+)$/, '')

const isOurs = (name: string) => variableNames.some((ours) => ours === name || ours === unnumbered(name))

// A login shell sets these too.
const isAmbiguous = (name: string) => name === 'SHELL'

// With RUN, a variable that others rarely set is most likely meant for the commands.
const isKnown = (name: string, isRun: boolean) => isOfOthers(name) && !(isRun && name === 'NODE_ENV')

const meantBy = (name: string, isRun: boolean): VariableName | undefined => {
  const written = unnumbered(name.toUpperCase().replace(/\W/g, '_'))
  const same = variableNames.find((ours) => bare(ours) === bare(written))
  if (same !== undefined) return same
  const isBitbuckets = /^BITBUCKET_/.test(written)
  // Likely the user's own secret: following the advice would hand it to a registry.
  if (isRun && isSecretName(written) && !isBitbuckets) return undefined
  const synonym = synonyms.get(name) ?? synonyms.get(written)
  if (synonym !== undefined || (isOfOthers(name) && !isBitbuckets)) return synonym
  return variableNames.find((ours) => isSlip(written, ours))
}

// Drops what people leave out or add: underscores, and the s of a plural.
const bare = (name: string) => name.replaceAll('_', '').replace(/S$/, '')

// Word by word: as a whole, BITBUCKET_PROJECT_KEY and NPM_TOKEN are near to other names, but mean something else.
const isSlip = (written: string, ours: string) => {
  const [words, others] = [written.split('_'), ours.split('_')]
  if (words.length !== others.length) return words.length < others.length && isNear(written, ours)
  return words.every((word, index) => isNear(word, others[index] ?? ''))
}

const isNear = (word: string, other: string) => nearest(word, [other], 1).length > 0
