import { stripVTControlCharacters } from 'node:util'

// Characters that draw nothing by themselves, but hide, join or reorder others (U+200B…U+FEFF), and controls.
const INVISIBLE = /[\p{Cc}\u200b-\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]/gu

/**
 * Text from outside as it may be printed: its lines, without escape sequences and without characters that could
 * draw on the log.
 */
export const clean = (text: string): string =>
  stripVTControlCharacters(text)
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll('\t', ' ').replace(INVISIBLE, '').trimEnd())
    .join('\n')
    .trim()

/** The same on one line, white space collapsed, cut at `limit` characters. */
export const cleanLine = (text: string, limit = 400): string => {
  // Enough for the limit, and no work on a megabyte.
  const line = clean(text.slice(0, limit * 10)).replace(/\s+/g, ' ')
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line
}
