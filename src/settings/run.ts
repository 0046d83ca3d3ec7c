import { type Environment, lookUp } from './environment.ts'
import type { Report } from './problems.ts'

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

/**
 * What `RUN`, `RUN_ENV` and `RUN_SHELL` ask for, or undefined where there is nothing to run.
 *
 * @param raw these variables, the first two as a list or as one string, whichever was given
 */
export const runSettingsOf = (
  env: Environment,
  raw: { RUN: string | string[] | undefined; RUN_SHELL: string | undefined },
  report: Report,
): RunSettings | undefined => {
  const passed = passedOf(env, report)
  if (raw.RUN === undefined) return undefined
  const cloneFolder = lookUp(env, 'BITBUCKET_CLONE_DIR')
  if (cloneFolder === undefined) {
    report('RUN', 'needs the clone folder, but BITBUCKET_CLONE_DIR, which Bitbucket sets, is missing')
  }
  return {
    commands: raw.RUN,
    shell: raw.RUN_SHELL?.split(/\s+/),
    passed,
    cloneFolder: cloneFolder ?? '',
  }
}

/** The names of other variables that `RUN_ENV` passes on, whether they are there or not. */
export const namesPassed = (env: Environment): string[] =>
  entriesOf(env).flatMap(({ name, value }) => (value === undefined ? [name] : []))

interface Entry {
  /** From 1, to speak of an entry without showing it: it may be a secret that is in the wrong place. */
  place: number
  name: string
  /** Undefined: the value of the pipe's own variable of that name. */
  value: string | undefined
}

const passedOf = (env: Environment, report: Report): Record<string, string> => {
  const passed: Record<string, string> = {}
  for (const { place, name, value } of entriesOf(env)) {
    const shown = showable(name, env) ? `"${name}"` : `entry ${place} (not shown)`
    const own = lookUp(env, name) === undefined ? undefined : env[name]
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      report('RUN_ENV', `${shown} is neither NAME nor NAME=value`)
    } else if (KEPT.has(name)) {
      report('RUN_ENV', `${shown} is a name that the shell keeps for itself`)
    } else if (value === undefined && own === undefined) {
      report('RUN_ENV', `${shown} is to be passed, but is missing or empty: put ${example(name, env)} too`)
    } else {
      passed[name] = value ?? own ?? ''
    }
  }
  return passed
}

// Values are taken as they are: a list item is one entry, and only one string is split.
const entriesOf = (env: Environment): Entry[] => {
  const count = Number(lookUp(env, 'RUN_ENV_COUNT') ?? 0)
  const names = Array.from({ length: Math.min(count, 1000) || 0 }, (_, index) => `RUN_ENV_${index}`)
  const items =
    names.length > 0
      ? names.map((name) => (lookUp(env, name) === undefined ? '' : (env[name] ?? '')))
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

// What looks like a name of a variable and not like a secret: `RUN_ENV: $TOKEN` arrives as the token.
const showable = (name: string, env: Environment) =>
  Object.hasOwn(env, name) || /^[A-Za-z_]{1,40}$/.test(name)

const example = (name: string, env: Environment) =>
  showable(name, env) ? `${name}: $${name} under "variables:"` : 'the variable under "variables:"'

// Bash refuses an assignment to these.
const KEPT = new Set(['UID', 'EUID', 'PPID', 'BASHOPTS', 'SHELLOPTS', 'BASH_VERSINFO'])
