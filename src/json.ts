/** What a text, or its bytes in UTF-8, means as JSON; undefined where it is none. */
export const parseJson = (text: string | Buffer): unknown => {
  try {
    return JSON.parse(text.toString())
  } catch {
    return undefined
  }
}
