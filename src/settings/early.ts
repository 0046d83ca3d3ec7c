import { type Environment, lookUp } from './environment.ts'

// What a run has to know before its settings are read, because it may end with a fault in them.

/** The folder for `images.env` and `result.json`. */
export const outputDirOf = (env: Environment): string | undefined =>
  lookUp(env, 'OUTPUT_DIR') ?? lookUp(env, 'BITBUCKET_PIPE_STORAGE_DIR')

/** Whether the image variables also go to the step's output variables. */
export const wantsOutputVariables = (env: Environment): boolean => isTrue(env, 'OUTPUT_VARIABLES')

/** Whether `DEBUG` is on. */
export const isDebug = (env: Environment): boolean => isTrue(env, 'DEBUG')

const isTrue = (env: Environment, name: string) => lookUp(env, name)?.toLowerCase() === 'true'
