import { codesOf, formsOf, views } from './secret-forms.ts'
import { clean } from './text.ts'

/** The values that must never be shown, and the one way to keep them out of a text. */
export interface Secrets {
  /**
   * Remembers a secret.
   *
   * @param username the user name that HTTP Basic authentication (RFC 7617) sends with it
   */
  add(secret: string, username?: string): void
  /**
   * The text with every secret masked: in each of its forms, whatever white space or invisible characters stand in it,
   * and also every piece of twelve characters or more, since who quotes a secret may have cut it. Mask first, then
   * clean, then cut.
   */
  mask(text: string): string
}

/** Stands in place of a secret. */
const MASK = '****'

// Of a longer secret, such a piece gives little away; a shorter one may be a word of our own.
const PIECE = 12
// Only as a whole, and only as it is written: anything else would shred the log.
const SHORT = 8
const SHORTEST = 4

// Every piece of a form holds one of the blocks that begin at each seventh character of it.
const BLOCK = 6
const STRIDE = PIECE - BLOCK + 1

/** Forms by the blocks in them, each with its place. */
type Index = Map<string, Array<readonly [form: string, at: number]>>

/** Where something stands in a text: its first character, and the one after its last. */
type Range = readonly [from: number, to: number]

/** Collects the secrets of a run: those of its environment, and the tokens that it receives. */
export const createSecrets = (): Secrets => {
  const short = new Set<string>()
  const indexes = views.map((view) => ({ view, index: new Map() as Index }))
  return {
    add(given, username = '') {
      // A lone surrogate has no encoding; it is printed as another character anyway.
      const secret = given.trim().toWellFormed()
      if (secret.length < SHORTEST) return
      const forms = formsOf(secret)
      for (const form of [...forms, ...codesOf(secret, username)])
        for (const { view, index } of indexes) {
          const seen = view(form).text
          if (seen.length >= SHORT) enter(index, seen)
        }
      for (const form of forms.filter((each) => views[0](each).text.length < SHORT))
        for (const written of [form, clean(form)]) if (written.length >= SHORTEST) short.add(written)
    },
    mask(text) {
      const ranges = indexes.flatMap(({ view, index }) => rangesIn(view(text), index))
      const masked = without(text, ranges)
      return [...short].reduce((rest, form) => rest.replaceAll(form, MASK), masked)
    },
  }
}

const enter = (index: Index, form: string) => {
  const last = form.length < PIECE ? 0 : form.length - BLOCK
  for (let at = 0; at <= last; at += STRIDE) {
    const block = form.slice(at, at + BLOCK)
    const entries = index.get(block)
    if (entries === undefined) index.set(block, [[form, at]])
    else if (!entries.some(([other, place]) => other === form && place === at)) entries.push([form, at])
  }
}

const rangesIn = ({ text, starts, ends }: ReturnType<(typeof views)[number]>, index: Index): Range[] => {
  const ranges: Range[] = []
  for (let at = 0; index.size > 0 && at + BLOCK <= text.length; at++) {
    const [from, to] = longest(text, at, index.get(text.slice(at, at + BLOCK)))
    if (to === 0) continue
    ranges.push([starts[from] ?? 0, ends[to - 1] ?? 0])
    // What begins before the end of this one goes on less than a block behind it, or has another block there.
    at = Math.max(at, to - BLOCK)
  }
  return ranges
}

// The longest piece of a form around a block; none is empty.
const longest = (text: string, at: number, entries: Array<readonly [string, number]> = []): Range =>
  entries.reduce<Range>(
    (best, [form, place]) => {
      let before = 0
      while (before < place && before < at && form[place - before - 1] === text[at - before - 1]) before++
      let after = BLOCK
      while (place + after < form.length && form[place + after] === text[at + after]) after++
      const length = before + after
      return length >= Math.min(PIECE, form.length) && length > best[1] - best[0]
        ? [at - before, at + after]
        : best
    },
    [0, 0],
  )

const without = (text: string, ranges: Range[]): string => {
  const parts: string[] = []
  let end = 0
  for (const [from, to] of ranges.sort(([a], [b]) => a - b)) {
    if (from > end || parts.length === 0) parts.push(text.slice(end, from), MASK)
    end = Math.max(end, to)
  }
  return parts.join('') + text.slice(end)
}
