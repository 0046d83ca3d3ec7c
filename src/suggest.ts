import { distance } from 'fastest-levenshtein'

interface Scored {
  candidate: string
  /** Lower is nearer. */
  score: number
}

/**
 * The names among `candidates` that someone who wrote `word` may have meant, nearest first: misspelt, or in another
 * case. Empty if none is near.
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
 * The tags of `existing` to show to someone who asked for `tag`, nearest first, however far they are. A common
 * beginning counts most, then how near the numbers are, then the spelling, which is compared only if it decides.
 */
export const nearestTags = (tag: string, existing: readonly string[], limit = 5): string[] => {
  const wanted = tag.toLowerCase().slice(0, LONGEST)
  const chunks = chunksOf(wanted).slice(0, MOST_CHUNKS)
  const related = existing.map((candidate) => kinship(chunks, candidate.slice(0, LONGEST).toLowerCase()))
  const least = smallest(related, limit)
  const near = existing.flatMap((candidate, at) => {
    const kin = related[at] ?? 0
    return kin <= least ? [{ candidate, kin }] : []
  })
  const groups = [...Map.groupBy(near, ({ kin }) => kin)].sort(([a], [b]) => a - b)
  return groups
    .flatMap(([, group]) =>
      bySpelling(
        wanted,
        group.map(({ candidate }) => candidate),
      ).slice(0, limit),
    )
    .slice(0, limit)
}

/** The largest of the `count` smallest numbers. */
const smallest = (numbers: readonly number[], count: number): number => {
  const least: number[] = []
  for (const each of numbers) {
    if (least.length === count && each >= (least.at(-1) ?? 0)) continue
    least.push(each)
    least.sort((a, b) => a - b)
    least.splice(count)
  }
  return least.at(-1) ?? 0
}

// Nobody tells tags apart by what follows so many equal parts.
const MOST_CHUNKS = 32

// Registries allow 128 characters; whatever is longer was not misspelt by hand.
const LONGEST = 128

const nameScore = (wanted: string, candidate: string): number | undefined => {
  if (wanted === '' || wanted.length > LONGEST || candidate.length > LONGEST) return undefined
  // One slip in three characters: beyond that, words that have nothing in common would be "near".
  const most = Math.max(1, Math.floor(Math.min(wanted.length, candidate.length) / 3))
  const slips = slipsBetween(wanted, candidate, most)
  return slips <= most ? slips : undefined
}

/** How many slips turn one word into the other. An exchange of two neighbours is one slip. */
const slipsBetween = (from: string, to: string, most: number): number => {
  const edits = distance(from, to)
  // The distance counts an exchange as two edits, so each exchange saves one.
  if (edits <= 1 || edits > 2 * most) return edits
  const exchanged = Array.from(
    from,
    (_, at) => from.slice(0, at) + from[at + 1] + from[at] + from.slice(at + 2),
  )
  const nearer = exchanged.slice(0, -1).filter((word) => distance(word, to) < edits)
  return Math.min(edits, ...nearer.map((word) => 1 + slipsBetween(word, to, most - 1)))
}

/** The parts of a tag in the order in which people compare them: digits together, the rest together. */
const chunksOf = (tag: string): string[] => tag.match(/\d+|[a-z]+|[^\da-z]+/g) ?? []

/** How near a tag is by its beginning and then by its numbers; lower is nearer. */
const kinship = (chunks: readonly string[], candidate: string): number => {
  // Part by part, because most tags differ early.
  const parts = /\d+|[a-z]+|[^\da-z]+/g
  let common = 0
  let other = parts.exec(candidate)?.[0]
  while (common < chunks.length && sameChunk(chunks[common], other)) {
    common++
    other = parts.exec(candidate)?.[0]
  }
  const mine = chunks[common]
  const gap = isNumber(mine) && isNumber(other) ? Math.min(Math.abs(Number(mine) - Number(other)), 1e6) : 1e6
  return -common * 1e7 + gap
}

const isNumber = (chunk: string | undefined): chunk is string => chunk !== undefined && /^\d+$/.test(chunk)

const sameChunk = (a: string | undefined, b: string | undefined): boolean =>
  a === b || (isNumber(a) && isNumber(b) && Number(a) === Number(b))

// Comparing so many tags takes some hundredths of a second; of more, only those of a similar length are compared.
const MOST_COMPARED = 5000

const bySpelling = (wanted: string, group: readonly string[]): string[] => {
  const unlike = ({ length }: string) => Math.abs(length - wanted.length)
  const compared = group.length <= MOST_COMPARED ? group : [...group].sort((a, b) => unlike(a) - unlike(b))
  const scored = compared.slice(0, MOST_COMPARED).map((candidate) => ({
    candidate,
    score: distance(wanted, candidate.slice(0, LONGEST).toLowerCase()),
  }))
  return best(scored)
}

const best = (scored: Scored[], limit?: number): string[] =>
  scored
    .sort((a, b) => a.score - b.score)
    .slice(0, limit)
    .map(({ candidate }) => candidate)
