import { readFile } from 'node:fs/promises'
import { parse, stringify } from 'yaml'

/** What is wrong with what the user gave, in one sentence. */
export class Refusal extends Error {}

type Entry = { step?: { name?: string } | null; stage?: Group | null; parallel?: Group | null } | null
type Group = { steps?: unknown } | unknown[]

/**
 * Reads a bitbucket-pipelines.yml: its default pipeline, or only the steps of these names or numbers, each with the
 * name that it has among all. Anchors and `<<` are resolved, stages are the steps in them.
 *
 * @throws {Refusal}
 */
export const readPipeline = async (path: string, wanted: readonly string[] = []): Promise<string> => {
  const content = contentOf(path, await textOf(path))
  const entries = content.pipelines?.default
  if (entries === undefined) {
    const others = Object.keys(content.pipelines ?? {}).join(', ')
    throw new Refusal(`${path} has no default pipeline${others && `; it has ${others}`}.`)
  }
  const names: string[] = []
  const select = (group: unknown): Entry[] => {
    if (!Array.isArray(group)) throw new Refusal(`${path} has something in place of a list of steps.`)
    return (group as Entry[]).flatMap((entry) => {
      if (entry?.step) {
        const name = entry.step.name ?? `Step ${names.length + 1}`
        names.push(name)
        const selected = wanted.length === 0 || wanted.includes(name) || wanted.includes(`${names.length}`)
        return selected ? [{ step: { ...entry.step, name } }] : []
      }
      const inner = entry?.stage ?? entry?.parallel
      if (!inner) throw new Refusal(`${path} has an entry that is neither a step nor a stage nor parallel.`)
      const steps = select(Array.isArray(inner) ? inner : inner.steps)
      return entry?.stage || steps.length === 0 ? steps : [{ parallel: steps }]
    })
  }
  const selected = select(entries)
  const unknown = wanted.find(
    (one) => !names.includes(one) && !(Number(one) >= 1 && Number(one) <= names.length),
  )
  if (unknown === undefined) return stringify({ ...content, pipelines: { default: selected } })
  throw new Refusal(
    `${path} has no step "${unknown}"; it has ${names.map((name) => `"${name}"`).join(', ')}.`,
  )
}

const textOf = (path: string): Promise<string> =>
  readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(error.code === 'ENOENT' ? `There is no file ${path}.` : `${error.message}.`)
  })

const contentOf = (path: string, text: string): { pipelines?: Record<string, unknown> | null } => {
  try {
    return parse(text, { merge: true }) ?? {}
  } catch (error) {
    // The parser's first line says what and where; the others draw it.
    const [what] = String(error instanceof Error ? error.message : error).split(/:?\n/)
    throw new Refusal(`${path} is not YAML: ${what}.`)
  }
}
