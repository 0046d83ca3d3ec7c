/** Parses a text, or its bytes in UTF-8, as JSON; undefined if it is not JSON. */
export const parseJson = (text: string | Buffer): unknown => {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
