import { type Code, catalogue } from '../errors.ts'
import { maskNames } from '../mask-names.ts'
import { clean } from '../text.ts'
import { findWait } from '../wait.ts'
import { codes, type ErrorClass, vague } from './classes.ts'
import { patterns } from './patterns.ts'

interface DockerError {
  class: ErrorClass
  code: Code
  /** Whether the same command may succeed when it is run again. */
  retryable: boolean
  /** What the engine or the registry said, as it came: all lines but those of progress. */
  said: string
  /** How long the text asks to wait, in milliseconds. */
  retryAfter: number | undefined
}

/**
 * What the docker CLI's error text means, by a positive list (`patterns.ts`): wordings of 20.10 to 29, of both image
 * stores. The last line that is recognized decides, unless it says little and an earlier one says more. A text with no
 * such line is `unknown`, which is never retried.
 *
 * @param command the docker command: a load asks nothing of a registry
 */
export const classifyDockerError = (stderr: string, command?: string): DockerError => {
  const lines = linesOf(stderr)
  const known = judged(lines.map(({ text }) => text)).flatMap((line) => classOf(line) ?? [])
  const last = known.at(-1) ?? 'unknown'
  const telling = known.findLast((each) => !vague.includes(each))
  const telltale = vague.includes(last) ? (telling ?? last) : last
  const found = command === 'load' ? withoutRegistry(telltale) : telltale
  const code = codes[found]
  const retryable = catalogue[code].retryable ?? false
  const said = lines.map(({ raw }) => raw).join('\n')
  return { class: found, code, retryable, said, retryAfter: retryable ? findWait(said) : undefined }
}

const MOST_LINES = 200
const LONGEST_LINE = 1000

// What the CLI prints while it works. A tag may be called `denied`, so such a line must not be judged.
const progress =
  /^\S+: (?:Pulling (?:from|fs layer)|Waiting|Downloading|Download complete|Verifying Checksum|Extracting|Pull complete|Already exists|Retrying in|Loading layer)\b|^(?:Digest: sha256:|Status: (?:Downloaded|Image is)|Using default tag:|WARNING!|Configure a credential helper|Unable to find image )|^See 'docker .*--help'(?:\.| for more information\.?)?$|^Run 'docker .*--help' for more information$/

interface Line {
  /** As it came: whoever prints it masks and cleans it. */
  raw: string
  text: string
}

const linesOf = (stderr: string): Line[] =>
  stderr
    .split(/[\r\n]+/)
    .map((raw) => ({ raw: raw.trim(), text: clean(raw) }))
    .filter(({ text }) => text !== '' && !progress.test(text))

// Lines after the beginning of a page are the page's. In a list of errors the first one counts, as it does for the
// engine.
const judged = (lines: string[]): string[] => {
  const page = lines.findIndex((line) => /<(?:!doctype|html)\b/i.test(line))
  const list = lines.findIndex((line) => /\berrors:$/.test(line))
  const end = Math.min(page < 0 ? lines.length : page + 1, list < 0 ? lines.length : list + 2)
  return lines.slice(0, end).slice(-MOST_LINES)
}

const classOf = (line: string): ErrorClass | undefined => {
  const masked = maskNames(line)
  const ends = masked.length > LONGEST_LINE ? masked.slice(0, 500) + masked.slice(-500) : masked
  return patterns.find(([pattern]) => pattern.test(ends))?.[1]
}

// `docker load` reads an archive and asks no registry: what ends too early or is not JSON is the archive.
const withoutRegistry = (found: ErrorClass): ErrorClass =>
  catalogue[codes[found]].side === 'registry' ? 'archive-format' : found
