interface Scored {
  candidate: string
  /** Lower is nearer. */
  score: number
}

/**
 * The names among `candidates` that someone who wrote `word` may have meant, nearest first: misspelt, or in
 * another case. Empty where nothing is near.
 */
export const nearest = (word: string, candidates: readonly string[], limit = 3): string[] => {
  const wanted = word.toLowerCase()
  const scored = candidates.flatMap((candidate): Scored[] => {
    const score = nameScore(wanted, candidate.toLowerCase())
    return score === undefined ? [] : [{ candidate, score }]
  })
  return best(scored, limit)
}

/**
 * The tags of `existing` to show to someone who asked for `tag`, nearest first, however far they are: what
 * they have in common from the beginning counts most, then how near the numbers are, then the spelling.
 */
export const nearestTags = (tag: string, existing: readonly string[], limit = 5): string[] => {
  const wanted = tag.toLowerCase()
  const chunks = chunksOf(wanted)
  return best(
    existing.map((candidate) => ({ candidate, score: tagScore(wanted, chunks, candidate.toLowerCase()) })),
    limit,
  )
}

/**
 * How many single edits turn one text into the other, an exchange of two neighbours counting as one
 * (optimal string alignment). Takes time in proportion to the product of the lengths.
 */
export const editDistance = (from: string, to: string): number => {
  let before: number[] = []
  let above = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      const swapped =
        row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      current[column] = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + (same ? 0 : 1),
        swapped ? at(before, column - 2) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    before = above
    above = current
  }
  return at(above, to.length)
}

const at = (row: number[], column: number) => row[column] ?? Number.POSITIVE_INFINITY

// Registries allow 128 characters; whatever is longer was not misspelt by hand.
const LONGEST = 128

const nameScore = (wanted: string, candidate: string): number | undefined => {
  if (wanted === '' || wanted.length > LONGEST || candidate.length > LONGEST) return undefined
  const distance = editDistance(wanted, candidate)
  // One slip in three characters: beyond that, words that have nothing in common would be "near".
  return distance <= Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3))
    ? distance
    : undefined
}

/** The parts of a tag in the order in which people compare them: digits together, the rest together. */
const chunksOf = (tag: string): string[] => tag.match(/\d+|[a-z]+|[^\da-z]+/g) ?? []

const tagScore = (wanted: string, chunks: readonly string[], candidate: string): number => {
  const others = chunksOf(candidate)
  const differing = chunks.findIndex((chunk, index) => !sameChunk(chunk, others[index]))
  const common = differing < 0 ? chunks.length : differing
  const [mine, other] = [chunks[common], others[common]]
  const gap = isNumber(mine) && isNumber(other) ? Math.min(Math.abs(Number(mine) - Number(other)), 1e6) : 1e6
  const spelling = editDistance(wanted.slice(0, LONGEST), candidate.slice(0, LONGEST))
  // Each criterion outweighs all that follow it.
  return -common * 1e12 + gap * 1e4 + spelling
}

const isNumber = (chunk: string | undefined): chunk is string => chunk !== undefined && /^\d+$/.test(chunk)

const sameChunk = (a: string, b: string | undefined): boolean =>
  a === b || (isNumber(a) && isNumber(b) && Number(a) === Number(b))

const best = (scored: Scored[], limit: number): string[] =>
  scored
    .sort((a, b) => a.score - b.score)
    .slice(0, limit)
    .map(({ candidate }) => candidate)
