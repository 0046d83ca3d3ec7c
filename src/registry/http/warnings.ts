import type { Transport } from './transport.ts'

/** Bound on the different warnings of one registry: more than any has to tell. */
const most = 20

/**
 * Tells `onWarning` what the registry itself warns of, each text once (distribution-spec, "Warnings":
 * `Warning: 299 - "text"`).
 */
export const withWarnings = (next: Transport, onWarning: (text: string) => void): Transport => {
  const told = new Set<string>()
  return async (request) => {
    const answer = await next(request)
    const fields = answer.trusted ? (answer.headers.get('warning') ?? []) : []
    for (const text of fields.flatMap(textsOf)) {
      if (told.has(text) || told.size >= most) continue
      told.add(text)
      onWarning(text)
    }
    return answer
  }
}

const textsOf = (field: string): string[] =>
  [...field.matchAll(/(?:^|,)\s*299 [^\s"]+ "((?:[^"\\]|\\.)*)"/g)]
    .map(([, text = '']) => text.replace(/\\(.)/gs, '$1').trim())
    .filter((text) => text !== '')
