import { type Code, catalogue } from '../errors.ts'
import { codes, type ErrorClass, patterns, vague } from './classes.ts'

export interface DockerError {
  class: ErrorClass
  code: Code
  /** Whether the same command may succeed when it is run again. */
  retryable: boolean
  /** What the engine or the registry said: all lines but those of progress, without control characters. */
  said: string
  /** How long the text asks to wait, in milliseconds. */
  retryAfter: number | undefined
}

/**
 * What the docker CLI's error text means, by a positive list (`classes.ts`): wordings of 20.10 to 29, of both
 * image stores. The last line that is known decides, unless it says little and one before it says more.
 * A text with no such line is `unknown`, which is never retried.
 */
export const classifyDockerError = (stderr: string): DockerError => {
  const lines = linesOf(stderr)
  const known = lines.slice(-MOST_LINES).flatMap((line) => classOf(line) ?? [])
  const last = known.at(-1) ?? 'unknown'
  const telling = known.findLast((each) => !vague.includes(each))
  const found = vague.includes(last) ? (telling ?? last) : last
  const code = codes[found]
  const retryable = catalogue[code].retryable ?? false
  const said = lines.join('\n')
  return { class: found, code, retryable, said, retryAfter: retryable ? waitIn(said) : undefined }
}

const MOST_LINES = 200
const LONGEST_LINE = 1000

// A terminal's escape sequences, then every other control character but the ends of lines.
const escapes = /(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g
const controls = /[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f]/g

// What the CLI prints while it works. A tag may be called `denied`, so such a line must not be judged.
const progress =
  /^\S+: (?:Pulling (?:from|fs layer)|Waiting|Downloading|Download complete|Verifying Checksum|Extracting|Pull complete|Already exists|Retrying in|Loading layer)\b|^(?:Digest: sha256:|Status: (?:Downloaded|Image is)|Using default tag:|WARNING!|Configure a credential helper|Unable to find image )|^See 'docker .*--help'\.?$|^Run 'docker .*--help' for more information$/

const linesOf = (text: string): string[] =>
  text
    .replace(escapes, '')
    .split(/[\r\n]+/)
    .map((line) => line.replace(controls, ' ').trim())
    .filter((line) => line !== '' && !progress.test(line))

const classOf = (line: string): ErrorClass | undefined => {
  const masked = mask(line)
  const ends = masked.length > LONGEST_LINE ? masked.slice(0, 500) + masked.slice(-500) : masked
  return patterns.find(([pattern]) => pattern.test(ends))?.[1]
}

// Names and addresses say nothing about what failed, but for one thing: whether a digest was asked for.
const mask = (line: string): string =>
  line
    .replace(/"([^"]*)"/g, (quoted, inner: string) =>
      inner.startsWith('application/') ? quoted : `"${placeholder(inner)}"`,
    )
    .replace(/[^\s"]+/g, (word) => {
      const slash = word.indexOf('/')
      if (slash < 1 || !/[.:]/.test(word.slice(0, slash))) return word
      const after = /[:,.)]*$/.exec(word)?.[0] ?? ''
      return placeholder(word) + after
    })

const placeholder = (text: string) => (/@sha\d+:/.test(text) ? '@digest' : '_')

const units = new Map([
  ...['h', 'hour', 'hours'].map((unit) => [unit, 3_600_000] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((unit) => [unit, 60_000] as const),
  ...['', 's', 'sec', 'secs', 'second', 'seconds'].map((unit) => [unit, 1000] as const),
  ['ms', 1],
  // The sign for micro has two code points, and Go writes the first.
  ...['µs', 'μs', 'us'].map((unit) => [unit, 1e-3] as const),
  ['ns', 1e-6],
])

// `retry-after: 1m30s` is a duration of Go, `Retry-After: 30` one of HTTP, the rest is prose.
const waitIn = (text: string): number | undefined => {
  const stated = /\b(?:retry[- ]after:?|try again (?:in|after)) ((?:\d+(?:\.\d+)?\s?[a-zµμ]*)+)/i.exec(
    text,
  )?.[1]
  if (stated === undefined) return undefined
  const parts = [...stated.matchAll(/(\d+(?:\.\d+)?)\s?([a-zµμ]*)/gi)].map(
    ([, amount, unit = '']) => Number(amount) * (units.get(unit.toLowerCase()) ?? Number.NaN),
  )
  const total = parts.reduce((sum, each) => sum + each, 0)
  return Number.isFinite(total) ? total : undefined
}
