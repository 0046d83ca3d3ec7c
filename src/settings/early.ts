import { type Environment, lookUp } from './environment.ts'
import { outputFault } from './folder.ts'

// What a run has to know before its settings are read, because it may end with a fault in them.

/** The folder for `images.env` and `result.json`: Bitbucket's own if `OUTPUT_DIR` is absent or refused. */
export const outputDirOf = (env: Environment): string | undefined => {
  const folder = lookUp(env, 'OUTPUT_DIR')
  return folder !== undefined && outputFault(env, folder) === undefined
    ? folder
    : lookUp(env, 'BITBUCKET_PIPE_STORAGE_DIR')
}

/** Whether the image variables also go to the step's output variables. */
export const wantsOutputVariables = (env: Environment): boolean => isTrue(env, 'OUTPUT_VARIABLES')

/** Whether `DEBUG` is on. */
export const isDebug = (env: Environment): boolean => isTrue(env, 'DEBUG')

const isTrue = (env: Environment, name: string) => lookUp(env, name)?.toLowerCase() === 'true'
