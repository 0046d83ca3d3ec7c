/** One challenge of a `WWW-Authenticate` field. */
export interface Challenge {
  /** In lower case, as schemes are compared without regard to case. */
  scheme: string
  /** Parameters by lower-case name; if a name comes twice, the first one counts. */
  params: Record<string, string>
  /** The one bare value that a scheme may carry instead of parameters (`Negotiate YII=`). */
  token68?: string
}

/**
 * The challenges of one answer, in order, from the values of its `WWW-Authenticate` fields (RFC 9110,
 * sections 11.2 to 11.6.1). A field may hold several challenges. Never throws: what precedes a fault is
 * kept, what follows it in the same field is not, because nobody knows where the next challenge begins.
 */
export const parseChallenges = (headers: readonly string[]): Challenge[] => headers.flatMap(parseField)

const parseField = (field: string): Challenge[] => {
  const scan = scanner(field)
  const challenges: Challenge[] = []
  for (;;) {
    scan.take(/[ \t,]*/y)
    const scheme = scan.take(/[!#$%&'*+.^_`|~\w-]+(?=[ \t,]|$)/y)
    if (scheme === undefined) return challenges
    scan.take(/[ \t]*/y)
    const token68 = scan.take(/[\w\-.~+/]+=*(?=[ \t]*(?:,|$))/y)
    const { params, intact } = token68 === undefined ? parseParams(scan) : { params: {}, intact: true }
    challenges.push({ scheme: scheme.toLowerCase(), params, ...(token68 !== undefined && { token68 }) })
    if (!intact) return challenges
  }
}

// Reads up to the end of the field, a fault, or a name without `=`, which is the next challenge's scheme.
const parseParams = (scan: Scanner): { params: Record<string, string>; intact: boolean } => {
  const params = new Map<string, string>()
  let intact = true
  for (;;) {
    // White space around `=` is bad form (BWS), but a recipient must parse it.
    const name = scan.take(/[ \t,]*[!#$%&'*+.^_`|~\w-]+[ \t]*=[ \t]*/y)
    if (name === undefined) break
    const value = scan.take(/"(?:[^"\\]|\\.)*"|[^\s,"]+/y)
    intact = value !== undefined && scan.take(/[ \t]*(?=,|$)/y) !== undefined
    // A value that is followed by rubbish was still read whole.
    const key = name.replace(/[ \t,=]/g, '').toLowerCase()
    if (value !== undefined && !params.has(key)) params.set(key, unquote(value))
    if (!intact) break
  }
  return { params: Object.fromEntries(params), intact }
}

// RFC 9110, section 5.6.4: a backslash stands for the character after it. Unquoted values are read more
// widely than the grammar's token, since servers send addresses without quotes.
const unquote = (value: string): string =>
  value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value

interface Scanner {
  /** The text that the (sticky) pattern matches here, moving past it; undefined where it does not match. */
  take: (pattern: RegExp) => string | undefined
}

const scanner = (text: string): Scanner => {
  let position = 0
  return {
    take: (pattern) => {
      pattern.lastIndex = position
      const found = pattern.exec(text)?.[0]
      position += found?.length ?? 0
      return found
    },
  }
}
