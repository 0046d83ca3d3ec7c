import { fail } from './arguments.ts'

interface Subject {
  value: object
  /** Go's type of the value; a value of the engine's has none. */
  type?: string
  /** Of the template. */
  name?: string
}

/** The part of Go's templates that a pipe could want: `{{.A.B}}`, `{{json .A}}` and `{{json .}}`. */
export const formatted = (format: string | undefined, { value, type, name = '' }: Subject): string => {
  if (format === undefined) return `${Object.values(value).join('   ')}\n`
  const prefix = name === '' ? 'template parsing error: ' : ''
  const text = format.replaceAll(/\{\{(.*?)\}\}/g, (_, action: string) => {
    const [, json, path] = /^\s*(json )?\s*\.([\w.]*)\s*$/.exec(action) ?? []
    if (path === undefined) return fail(`${prefix}template: ${name}:1: function not defined: ${action}`)
    let found: unknown = value
    for (const key of path.split('.').filter(Boolean)) {
      if (typeof found !== 'object' || found === null || !(key in found)) {
        const why =
          type === undefined
            ? `map has no entry for key "${key}"`
            : `can't evaluate field ${key} in type ${type}`
        process.stdout.write('\n')
        return fail(`${prefix}template: ${name}:1:7: executing "${name}" at <.${key}>: ${why}`)
      }
      found = (found as Record<string, unknown>)[key]
    }
    return json === undefined ? String(found) : JSON.stringify(found)
  })
  if (text.includes('{{')) fail(`${prefix}template: ${name}:1: unclosed action`)
  return `${text}\n`
}
