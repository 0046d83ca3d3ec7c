import { isAbsolute, relative, resolve } from 'node:path'
import { quote } from '../image/quote.ts'
import { type Environment, lookUp } from './environment.ts'
import type { Report } from './problems.ts'

/** Whether a folder is below another. */
export const isBelow = (folder: string, parent: string): boolean => {
  const way = relative(parent, folder)
  return way !== '' && !way.startsWith('..') && !isAbsolute(way)
}

/**
 * The folder of `STORE`. It must be below the clone folder: only what is there can be an artifact or a cache, and
 * only there may a pipe mount folders.
 */
export const storeOf = (env: Environment, value: string | undefined, report: Report): string | undefined => {
  if (value === undefined) return undefined
  const folder = resolve(value)
  const clone = lookUp(env, 'BITBUCKET_CLONE_DIR')
  if (clone !== undefined && !isBelow(folder, clone))
    report('STORE', `${quote(value)} is not below the clone folder ${clone}`)
  return folder
}
