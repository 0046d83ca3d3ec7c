/** How much a JSON text may hold: lists, objects and their items together, and how deep they may lie in each other. */
interface Bounds {
  items: number
  depth: number
}

// An index of ten thousand images has half of it.
const BOUNDS: Bounds = { items: 200_000, depth: 500 }

/**
 * Parses a text, or its bytes in UTF-8, as JSON; undefined if it is not JSON, or holds more than `bounds`. Whoever reads
 * what others wrote pays for every item some hundred bytes, whatever the length of the text.
 */
export const parseJson = (text: string | Buffer, bounds: Partial<Bounds> = {}): unknown => {
  try {
    const bytes = typeof text === 'string' ? Buffer.from(text) : text
    return isWithin(bytes, { ...BOUNDS, ...bounds }) ? JSON.parse(text.toString()) : undefined
  } catch {
    return undefined
  }
}

// Signs in strings count too: what has a million of them there is nothing that this program reads.
const isWithin = (bytes: Buffer, { items, depth }: Bounds): boolean => {
  let [found, deep] = [0, 0]
  for (const byte of bytes) {
    if (byte === COMMA) found += 1
    else if (byte === LIST || byte === OBJECT) [found, deep] = [found + 1, deep + 1]
    else if (byte === LIST_END || byte === OBJECT_END) deep -= 1
    if (found > items || deep > depth) return false
  }
  return true
}

const [COMMA = 0, LIST = 0, LIST_END = 0, OBJECT = 0, OBJECT_END = 0] = Buffer.from(',[]{}')
