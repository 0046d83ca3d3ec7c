import { quote } from '../image/quote.ts'

/** The environment of a process: names to values. */
export type Environment = Readonly<Record<string, string | undefined>>

/** What a variable holds before it is checked: one string, the items of a YAML list, or nothing. */
type RawValue = string | string[] | undefined

/** Thrown when a list variable (`X_COUNT`, `X_0`…) contradicts itself; the message says how. */
export class ListError extends Error {
  override readonly name = 'ListError'
}

// If a variable does not exist, Bitbucket leaves a reference to it empty or, in places, as it was written.
const UNREPLACED = /^\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\})$/

// More items than any pipeline has: X_COUNT is input, and a loop over it must end.
const MAX_ITEMS = 1000

/** A variable exactly as it is; names such as `constructor` are no variables unless the environment has them. */
export const exactly = (env: Environment, name: string): string | undefined =>
  Object.hasOwn(env, name) ? env[name] : undefined

/** The value of a variable, or undefined if it is empty or a reference that was not replaced. */
export const lookUp = (env: Environment, name: string): string | undefined => {
  const value = exactly(env, name)?.trim()
  return value === undefined || value === '' || UNREPLACED.test(value) ? undefined : value
}

/** Whether a variable is there, with or without a value, as one string or as a list. */
export const isThere = (env: Environment, name: string): boolean =>
  exactly(env, name) !== undefined || exactly(env, `${name}_COUNT`) !== undefined

/** How a variable that is there is unset: empty, or a reference that was not replaced. */
export const emptiness = (env: Environment, name: string): 'empty' | 'unreplaced' | undefined => {
  const value = exactly(env, name)?.trim()
  if (value === undefined || lookUp(env, name) !== undefined) return undefined
  return value === '' ? 'empty' : 'unreplaced'
}

/**
 * A variable in either of the forms in which Bitbucket passes it: one string (`X`), or a YAML list (`X_COUNT`,
 * `X_0`, `X_1`…). Unset items of a list are left out.
 *
 * @throws {ListError} when both forms are there, when the count is no number or an item is missing.
 */
export const lookUpRaw = (env: Environment, name: string): RawValue => {
  const single = lookUp(env, name)
  const names = itemNames(env, name)
  if (names === undefined) return single
  if (single !== undefined) throw new ListError(`is given both as one value and as a list (${name}_COUNT)`)
  const missing = names.find((item) => exactly(env, item) === undefined)
  if (missing !== undefined)
    throw new ListError(`has ${names.length} items by ${name}_COUNT, but ${missing} is missing`)
  const items = names.map((item) => lookUp(env, item)).filter((item) => item !== undefined)
  return items.length > 0 ? items : undefined
}

/**
 * The variables that hold the items of a YAML list, or undefined if the variable is not a list.
 *
 * @throws {ListError} when the count is no number
 */
export const itemNames = (env: Environment, name: string): string[] | undefined => {
  const count = lookUp(env, `${name}_COUNT`)
  if (count === undefined) return undefined
  if (!/^\d{1,4}$/.test(count) || Number(count) > MAX_ITEMS) {
    throw new ListError(`${name}_COUNT is ${quote(count)}, not a number of items up to ${MAX_ITEMS}`)
  }
  return Array.from({ length: Number(count) }, (_, index) => `${name}_${index}`)
}

/** The items of a list variable: those of a YAML list, or one string split at newlines, commas and white space. */
export const itemsOf = (raw: RawValue): string[] =>
  (raw === undefined ? [] : [raw].flat())
    .flatMap((item) => item.split(/[\s,]+/))
    .filter((item) => item !== '')
