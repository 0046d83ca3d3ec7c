const LONGEST = 80

/**
 * Quotes a value for an error message: control characters are escaped, a long value is cut, and the `user:password@` of
 * a URL is left out, which people do paste where a name is wanted.
 */
export const quote = (text: string): string => {
  const safe = text.replace(/\/\/[^/\s]*@/g, '//…@')
  return JSON.stringify(safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe)
}

/** The character at `index`, and its place as people count: `"$" at character 3`. */
export const characterAt = (text: string, index: number): string =>
  `${JSON.stringify(String.fromCodePoint(text.codePointAt(index) ?? 0))} at character ${index + 1}`
