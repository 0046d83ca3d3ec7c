import { PipeError } from '../../src/errors.ts'
import { readSettings, type Settings } from '../../src/settings/settings.ts'

/** What a step of the workspace acme gives to the pipe. */
export const step = {
  BITBUCKET_WORKSPACE: 'acme',
  BITBUCKET_CLONE_DIR: '/clone',
  BITBUCKET_PACKAGES_USERNAME: 'x-packages',
  BITBUCKET_PACKAGES_TOKEN: 'tok-3f9a1c',
  IMAGE: 'base:1.4',
}

type Variables = Record<string, string | undefined>

/** The settings of a step with these variables. */
export const settingsOf = (variables: Variables): Settings => readSettings({ ...step, ...variables })

/** The error of a step with these variables, which has to be one. */
export const failureOf = (variables: Variables): PipeError => {
  try {
    settingsOf(variables)
  } catch (error) {
    if (error instanceof PipeError) return error
    throw error
  }
  throw new Error('These settings were accepted.')
}

/** The problems of a step with these variables, which has to have some. */
export const problemsOf = (variables: Variables): string => {
  const { code, message } = failureOf(variables)
  if (code !== 'PKG-CONFIG') throw new Error(`${code} is no problem of the settings.`)
  return message
}
