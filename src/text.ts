// A terminal's escape sequences (ECMA-48). Node's own `stripVTControlCharacters` takes minutes for a megabyte crafted
// for it; this is linear.
const ESCAPES = /(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g

// Controls, line separators and invisible characters, which could hide, join or reorder others.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

/** Whatever cleaning drops or changes, and white space. */
export const UNSEEN = new RegExp(`${ESCAPES.source}|${INVISIBLE.source}|\\s`, 'gu')

/**
 * Makes text from outside safe to print: keeps its lines, and drops escape sequences and characters that could tamper
 * with the log. Mask secrets first: cleaning changes them.
 */
export const clean = (text: string): string =>
  text
    .replace(ESCAPES, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll('\t', ' ').replace(INVISIBLE, '').trimEnd())
    .join('\n')
    .trim()

/** Cuts a text at `limit` characters and says how many were left out. */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`

// Far more than is ever shown, and little enough to be masked and cleaned in some hundredths of a second.
const MOST = 100_000

/**
 * Text from outside as the log and the outputs show it: masked, then cleaned, then cut at `limit` characters.
 *
 * @param mask takes the secrets out, pieces of them too, so that nothing is given away where a text ends too early
 */
export const shown = (text: string, mask: (text: string) => string, limit = MOST): string => {
  const safe = clean(mask(text.slice(0, MOST)))
  const more = Math.max(0, text.length - MOST)
  return more === 0
    ? shorten(safe, limit)
    : `${safe.slice(0, limit)}… (${Math.max(0, safe.length - limit) + more} more characters)`
}
