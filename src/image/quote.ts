const LONGEST = 80

/**
 * A value as it may stand in an error message: in quotes, control characters escaped, cut where it is long,
 * and without the `user:password@` of a URL, which people do paste where a name is wanted.
 */
export const quote = (text: string): string => {
  const safe = text.replace(/\/\/[^/\s]*@/g, '//…@')
  return JSON.stringify(safe.length > LONGEST ? `${safe.slice(0, LONGEST)}…` : safe)
}

/** The character at `index`, and where it stands as people count: `"$" at character 3`. */
export const characterAt = (text: string, index: number): string =>
  `${JSON.stringify(String.fromCodePoint(text.codePointAt(index) ?? 0))} at character ${index + 1}`
