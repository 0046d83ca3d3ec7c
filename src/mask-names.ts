// Linear in one pass, because a line may be an HTML page of a megabyte.
const quoted = /"(?:[^"\\]|\\[\s\S])*(?:"|\\?$)|(?<!\w)'[^']*(?:'|$)|`[^`]*(?:`|$)/g

const mediaType = /^(?:application|text)\/[\w.+-]+(?:;.*)?$/
// Words with a slash that belong to Go's and docker's own sentences.
const ownWords = /^(?:i\/o|archive\/tar|net\/http|fork\/exec)$|\/docker-import-/

/**
 * Masks the names in a line of docker or of a registry: quoted text, addresses, paths and references become `_`,
 * because a package or tag called `denied` or `quota` says nothing about what failed. Media types stay; a name with a
 * digest becomes `@digest`, the address of a blob `@blob`.
 *
 * @param names known names, masked wherever they stand
 */
export const maskNames = (line: string, names: readonly string[] = []): string =>
  maskQuoted(maskKnown(line, names))
    .replace(/[^\s"]+/g, maskWord)
    // Docker Hub's own names have no slash, and here no tag, by which they could be recognized.
    .replace(/(\bno such (?:image|object|container|volume): )\S+/gi, '$1_')

const maskQuoted = (line: string): string =>
  line.replace(quoted, (text) => {
    const inner = text.slice(1, -1)
    // What is never closed is a lone mark, of which there is one of a kind at most.
    if (text.length < 2 || !text.endsWith(text.charAt(0)))
      return text.startsWith('"') ? text : text.charAt(0) + maskQuoted(text.slice(1))
    // The quoted character in `invalid character '<'` gives away an HTML page.
    if ((inner.length === 1 && text.startsWith("'")) || mediaType.test(inner)) return text
    return text[0] + placeholder(inner) + text[0]
  })

// Whole names only: a name may be part of an ordinary word.
const maskKnown = (line: string, names: readonly string[]): string => {
  if (names.length === 0) return line
  const longestFirst = [...names]
    .sort((a, b) => b.length - a.length)
    .map((name) => name.replace(/[^\w]/g, '\\$&'))
  return line.replace(new RegExp(`(?<![\\w.-])(?:${longestFirst.join('|')})(?![\\w-])`, 'gi'), '_')
}

const maskWord = (word: string): string => {
  let start = 0
  while (start < word.length && "([{'`".includes(word.charAt(start))) start++
  let end = word.length
  while (end > start && ":,.;)]}'`".includes(word.charAt(end - 1))) end--
  const core = word.slice(start, end)
  return isName(core) ? word.slice(0, start) + placeholder(core) + word.slice(end) : word
}

const isName = (core: string): boolean =>
  /[/:]/.test(core) && !core.startsWith('<') && !mediaType.test(core) && !ownWords.test(core)

const placeholder = (text: string): string => {
  if (/^https?:\/\/\S+\/blobs\//.test(text)) return '@blob'
  return /(?:^|[@/])sha\d+:/.test(text) ? '@digest' : '_'
}
