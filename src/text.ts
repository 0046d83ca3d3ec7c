// A terminal's escape sequences (ECMA-48). Node's own `stripVTControlCharacters` takes minutes for a megabyte that is
// made for it; here each character is looked at once.
const ESCAPES = /(?:\x1b\[|\x9b)[0-9;?]*[ -/]*[@-~]|\x1b(?:\][^\x07\x1b\r\n]*(?:\x07|\x1b\\)?|[@-Z\\-_])/g

// Characters that draw nothing by themselves but hide, join or reorder others, and controls.
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/gu

/**
 * Text from outside as it may be printed: its lines, without escape sequences and without characters that could
 * draw on the log. Secrets are masked before: cleaning changes them.
 */
export const clean = (text: string): string =>
  text
    .replace(ESCAPES, '')
    .split(/\r\n|\r|\n/)
    .map((line) => line.replaceAll('\t', ' ').replace(INVISIBLE, '').trimEnd())
    .join('\n')
    .trim()

/** A text cut at `limit` characters, with how many were left out. Secrets are masked before: a piece is no match. */
export const shorten = (text: string, limit: number): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}… (${text.length - limit} more characters)`
