import { nearest } from '../suggest.ts'
import type { Environment } from './environment.ts'
import { type VariableName, variableNames } from './variables.ts'

// Names that people give to these variables, and that are too far from them to be slips.
const OTHER_NAMES: Readonly<Record<string, VariableName>> = {
  TOKEN: 'BITBUCKET_PACKAGES_TOKEN',
  PASSWORD: 'BITBUCKET_PACKAGES_TOKEN',
  PACKAGES_TOKEN: 'BITBUCKET_PACKAGES_TOKEN',
  PACKAGES_USERNAME: 'BITBUCKET_PACKAGES_USERNAME',
  IMAGE_NAME: 'IMAGE',
  REGISTRY_URL: 'REGISTRY',
  REGISTRY_HOST: 'REGISTRY',
  OUTPUT_DIRECTORY: 'OUTPUT_DIR',
  COMMAND: 'RUN',
  COMMANDS: 'RUN',
  SCRIPT: 'RUN',
}

/**
 * Variables of the environment that look like ours but are not, each with the one that was meant. They are
 * errors and no warnings: a misspelt limit or policy would otherwise be silently without effect.
 *
 * @param others names that are there for another reason
 */
export const misspellings = (
  env: Environment,
  others: readonly string[] = [],
): Array<{ name: string; meant: string }> =>
  Object.keys(env)
    .filter((name) => !isOurs(name) && !others.includes(name))
    .flatMap((name) => {
      const meant = OTHER_NAMES[name] ?? nearestOurs(name)
      return meant === undefined ? [] : [{ name, meant }]
    })

// An item of a list variable counts as its variable.
const isOurs = (name: string) => {
  const variable = name.replace(/_(?:COUNT|\d+)$/, '')
  return variableNames.some((ours) => ours === name || ours === variable)
}

// Bitbucket's own variables come and go; only slips in the two that we take from it are looked for.
const nearestOurs = (name: string) =>
  /^(?:BITBUCKET|PIPELINES)_(?!PACKAGE)/.test(name)
    ? undefined
    : nearest(name.replace(/_(?:COUNT|\d+)$/, ''), variableNames, 1)[0]
