import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import { quote } from '../image/quote.ts'
import { type Environment, lookUp } from './environment.ts'
import type { Report } from './problems.ts'

/**
 * The relative path from `parent` to a folder below it: `''` if they are the same, undefined if it is not below. Links
 * on the way to either are followed; neither need exist.
 */
export const wayBelow = (folder: string, parent: string): string | undefined => {
  const way = relative(real(resolve(parent)), real(resolve(folder)))
  return way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way) ? undefined : way
}

/**
 * The folder of `STORE`. It must be below the clone folder: only what is there can be an artifact or a cache, and
 * only there may a pipe mount folders.
 */
export const storeOf = (env: Environment, value: string | undefined, report: Report): string | undefined => {
  if (value === undefined) return undefined
  const clone = lookUp(env, 'BITBUCKET_CLONE_DIR')
  if (isHome(value)) report('STORE', `${quote(value)}: ${NO_SHELL}`)
  else if (clone !== undefined && !wayBelow(value, clone))
    report('STORE', `${quote(value)} is not below the clone folder ${clone}`)
  else if (value.split('/').some((name) => Buffer.byteLength(name) > LONGEST_NAME))
    report('STORE', `${quote(value)} has a name of more than ${LONGEST_NAME} bytes`)
  else if (Buffer.byteLength(resolve(value)) > LONGEST_PATH)
    report('STORE', `${quote(value)} is a path of more than ${LONGEST_PATH} bytes`)
  else if (leadsThroughLink(value, clone ?? '.'))
    report('STORE', `${quote(value)} leads through a link, and what a pipeline carries is not behind it`)
  return resolve(value)
}

// Of a file or a folder, in Linux; the pipe puts a name beside the folder that is longer by twenty.
const LONGEST_NAME = 230
// Linux takes 4095, and the names in a store come on top.
const LONGEST_PATH = 3500

// The clone folder itself may be reached through a link.
const leadsThroughLink = (value: string, clone: string): boolean => {
  const [from, to] = [resolve(clone), resolve(value)]
  const way = to.startsWith(`${from}${sep}`) ? relative(from, to) : relative(real(from), to)
  return !way.startsWith('..') && way !== wayBelow(value, clone)
}

/**
 * Why a folder is no place for outputs: it is in the pipe's own container, which ends with the pipe, so no later script
 * line would find them. Only the clone folder and Bitbucket's storage folders outlive it.
 */
export const outputFault = (env: Environment, value: string): string | undefined => {
  if (isHome(value)) return `${quote(value)}: ${NO_SHELL}`
  const [clone, ...storage] = [
    'BITBUCKET_CLONE_DIR',
    'BITBUCKET_PIPE_STORAGE_DIR',
    'BITBUCKET_PIPE_SHARED_STORAGE_DIR',
  ].map((name) => lookUp(env, name))
  if (clone === undefined) return undefined
  const shared = [clone, ...storage].some(
    (parent) => parent !== undefined && wayBelow(value, parent) !== undefined,
  )
  return shared
    ? undefined
    : `${quote(value)} is not in the clone folder ${clone}, so it would vanish with the pipe's container`
}

const NO_SHELL = 'no shell reads it here, so "~" is not your home; name a folder below the clone folder'

const isHome = (value: string) => /^~(?:\/|$)/.test(value)

// A path that does not exist yet is resolved from the nearest parent that does.
const real = (path: string): string => {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(real(parent), basename(path))
  }
}
