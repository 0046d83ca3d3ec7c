/**
 * The first key by which one document is two, depending on who reads it; undefined if there is none. JSON says nothing of
 * a key that stands twice, and Go, in which engines and registries are written, takes `Layers` for `layers`: the digest
 * proves the bytes, but not that both see the same image in them.
 *
 * @param text valid JSON
 */
export const keyOfTwoReadings = (text: string): string | undefined => {
  const open: Array<{ keys: Set<string>; isMap: boolean }> = []
  let key = ''
  for (let at = 0; at < text.length; at++) {
    const { keys, isMap } = open.at(-1) ?? NOTHING
    if (text[at] === '{') open.push({ keys: new Set(), isMap: isMap || MAPS.includes(key) })
    else if (text[at] === '}') open.pop()
    else if (text[at] === '"') {
      const from = at
      at = endOf(text, from)
      // In valid JSON, a text is a key where a colon follows it.
      if (!isBeforeColon(text, at + 1)) continue
      key = JSON.parse(text.slice(from, at + 1))
      const known = isMap ? undefined : KNOWN.get(fold(key))
      if (keys.has(key) || (known !== undefined && known !== key)) return key
      keys.add(key)
    }
  }
  return undefined
}

const NOTHING = { keys: new Set<string>(), isMap: false }

const isBeforeColon = (text: string, from: number): boolean => {
  let at = from
  while (' \t\r\n'.includes(text[at] ?? ':')) at++
  return text[at] === ':'
}

// By hand: a text of some megabytes is too long for the stack of a regular expression.
const endOf = (text: string, from: number): number => {
  for (let at = text.indexOf('"', from + 1); ; at = text.indexOf('"', at + 1)) {
    let before = at
    while (text[before - 1] === '\\') before--
    if (at < 0) return text.length
    if ((at - before) % 2 === 0) return at
  }
}

// What people name themselves (image-spec, annotations.md and config.md): here, letters may differ in their case alone.
const MAPS = ['annotations', 'Labels', 'ExposedPorts', 'Volumes']

// As Go compares keys: two letters more than ASCII has fold into it.
const fold = (key: string): string => key.toLowerCase().replaceAll('\u017f', 's').replaceAll('\u212a', 'k')

// The fields that are read here, or by an engine that chooses by them, as they are written.
const KNOWN = new Map(
  `schemaVersion mediaType artifactType config layers manifests digest size platform os architecture variant urls data
   subject rootfs diff_ids history fsLayers signatures`
    .split(/\s+/)
    .map((key) => [fold(key), key]),
)
