// A terminal's escape sequences (ECMA-48). Node's own `stripVTControlCharacters` takes minutes for a megabyte crafted
// for it; this is linear.
const ESCAPES = /(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g

// Controls, line separators and invisible characters, which could hide, join or reorder others.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

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

/**
 * Cuts a text at `limit` characters and says how many were left out. Mask secrets first: a piece of one would not be
 * recognized.
 */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`
