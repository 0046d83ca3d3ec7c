import { quote } from '../image/quote.ts'
import { type Environment, emptiness, exactly, isThere, itemNames, ListError, lookUp } from './environment.ts'
import type { Problems, Report } from './problems.ts'

/** The commands of `RUN`, and what they get. */
export interface RunSettings {
  /** One command an item, each shown before it runs; or one script. */
  commands: readonly string[] | string
  /** The words of `RUN_SHELL`; undefined: bash if the image has it, else `/bin/sh`. */
  shell: readonly string[] | undefined
  /** What `RUN_ENV` passes: names to values, exactly as they were given. */
  passed: Readonly<Record<string, string>>
  /** The clone folder: mounted at its own path. */
  cloneFolder: string
}

interface Around {
  problems: Problems
  /** Takes what is not an error, but most likely a mistake. */
  warn: (text: string) => void
}

/**
 * What `RUN`, `RUN_ENV` and `RUN_SHELL` ask for, or undefined if there is nothing to run. Commands that are there but
 * empty are an error: the step would be green without its tests.
 *
 * @param raw these variables, the first two as a list or as one string, whichever was given
 */
export const runSettingsOf = (
  env: Environment,
  raw: { RUN: string | string[] | undefined; RUN_SHELL: string | undefined },
  { problems, warn }: Around,
): RunSettings | undefined => {
  const { report } = problems
  const passed = passedOf(env, report)
  if (raw.RUN === undefined) {
    if (isThere(env, 'RUN') && !problems.has('RUN')) report('RUN', noCommands(env))
    for (const name of isThere(env, 'RUN') ? [] : ['RUN_ENV', 'RUN_SHELL'])
      if (isThere(env, name) && emptiness(env, name) === undefined) warn(`${name} has no effect without RUN`)
    return undefined
  }
  const cloneFolder = lookUp(env, 'BITBUCKET_CLONE_DIR')
  if (cloneFolder === undefined) {
    report('RUN', 'needs the clone folder, but BITBUCKET_CLONE_DIR, which Bitbucket sets, is missing')
  }
  if (Array.isArray(raw.RUN)) warnOfEmpty(env, warn)
  const shell = raw.RUN_SHELL?.split(/\s+/)
  if (shell !== undefined && runsNothing(shell))
    report('RUN_SHELL', `${quote(shell.join(' '))} reads the commands and runs none of them (-n)`)
  return {
    commands: raw.RUN,
    shell,
    passed,
    cloneFolder: cloneFolder ?? '',
  }
}

// The step would be green without its tests.
const runsNothing = ([, ...options]: readonly string[]) =>
  options.some(
    (word, at) =>
      /^-[a-zA-Z]*n/.test(word) || (word === 'noexec' && /^-[a-z]*o$/i.test(options[at - 1] ?? '')),
  )

/** The names of other variables that `RUN_ENV` passes on, whether they are there or not. */
export const namesPassed = (env: Environment): string[] =>
  entriesOf(env).flatMap(({ name, value }) => (value === undefined ? [name] : []))

const noCommands = (env: Environment) =>
  emptiness(env, 'RUN') === 'unreplaced'
    ? `is ${quote(env.RUN?.trim() ?? '')}, so nothing would run: is that variable set, and its name spelt right?`
    : 'is there, but empty, so nothing would run: is the variable behind it set?'

const warnOfEmpty = (env: Environment, warn: Around['warn']) => {
  for (const [index, name] of (itemNames(env, 'RUN') ?? []).entries())
    if (lookUp(env, name) === undefined)
      warn(`RUN: command ${index + 1} of the list is empty and left out; is the variable behind it set?`)
}

interface Entry {
  /** From 1; names an entry without showing it, because it may be a misplaced secret. */
  place: number
  name: string
  /** Undefined for the value of the pipe's own variable of that name. */
  value: string | undefined
}

const passedOf = (env: Environment, report: Report): Record<string, string> => {
  const passed = entriesOf(env).map(({ place, name, value }): [string, string] => {
    const shown = showable(name, env) ? `"${name}"` : `entry ${place} (not shown)`
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      report('RUN_ENV', `${shown} is neither NAME nor NAME=value`)
    } else if (KEPT.has(name)) {
      report('RUN_ENV', `${shown} is a name that the shell keeps for itself`)
    } else if (value === undefined && lookUp(env, name) === undefined) {
      report('RUN_ENV', `${shown} is to be passed, but ${notThere(env, name)}`)
    }
    return [name, value ?? exactly(env, name) ?? '']
  })
  // Not by assignment, which would lose a variable named __proto__.
  return Object.fromEntries(passed)
}

const notThere = (env: Environment, name: string): string => {
  switch (emptiness(env, name)) {
    case 'empty':
      return 'is empty; is the variable behind it set?'
    // It may be a secret that really begins with "$".
    case 'unreplaced':
      return `its value (not shown) is "$" and a name: it looks like a variable that was not replaced. If that is intended, put ${name}=$${name} into RUN_ENV instead`
    default:
      return `is missing: put ${showable(name, env) ? `${name}: $${name}` : 'the variable'} under "variables:" too`
  }
}

// Values are taken as they are: a list item is one entry, and only one string is split.
const entriesOf = (env: Environment): Entry[] => {
  const names = listOf(env) ?? []
  const items =
    names.length > 0
      ? names.map((name) => (lookUp(env, name) === undefined ? '' : (exactly(env, name) ?? '')))
      : (lookUp(env, 'RUN_ENV') ?? '').split(/[\s,]+/)
  return items.flatMap((item, index): Entry[] => {
    const entry = item.trimStart()
    if (entry === '') return []
    const end = entry.indexOf('=')
    return end < 0
      ? [{ place: index + 1, name: entry.trimEnd(), value: undefined }]
      : [{ place: index + 1, name: entry.slice(0, end), value: entry.slice(end + 1) }]
  })
}

const listOf = (env: Environment) => {
  try {
    return itemNames(env, 'RUN_ENV')
  } catch (error) {
    // Reported where the variable itself is read.
    if (error instanceof ListError) return undefined
    throw error
  }
}

// What looks like the name of a variable and not like a secret: `RUN_ENV: $TOKEN` arrives as the token.
const showable = (name: string, env: Environment) =>
  Object.hasOwn(env, name) || /^[A-Za-z_]{1,40}$/.test(name)

// Bash refuses an assignment to these.
const KEPT = new Set(['UID', 'EUID', 'PPID', 'BASHOPTS', 'SHELLOPTS', 'BASH_VERSINFO'])
