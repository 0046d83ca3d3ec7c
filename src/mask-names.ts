// One pass, every part of it linear: a line may be a page of a megabyte.
const quoted = /"(?:[^"\\]|\\.)*("|$)|(?<!\w)'[^']*'|`[^`]*`/g

const mediaType = /^(?:application|text)\/[\w.+-]+(?:;.*)?$/
// Words with a slash that Go's and docker's own sentences are made of.
const ownWords = /^(?:i\/o|archive\/tar|net\/http|fork\/exec)$|\/docker-import-/

/**
 * A line of docker or of a registry without the names in it: what stands in quotes, addresses, paths and references
 * become `_`. A package or tag may be called `denied` or `quota`, which says nothing about what failed. Kept are media
 * types, and whether a name had a digest (`@digest`) or an address was that of a blob (`@blob`).
 *
 * @param names what is known to be a name, wherever it stands
 */
export const maskNames = (line: string, names: readonly string[] = []): string =>
  maskKnown(line, names)
    .replace(quoted, (text, closing: string | undefined) => {
      if (text.startsWith('"') && closing !== '"') return text
      const inner = text.slice(1, -1)
      // The character of `invalid character '<'` tells a page of HTML.
      if ((inner.length === 1 && text.startsWith("'")) || mediaType.test(inner)) return text
      return text[0] + placeholder(inner) + text[0]
    })
    .replace(/[^\s"]+/g, maskWord)
    // Docker Hub's own names have neither a slash nor, here, a tag.
    .replace(/(\bno such (?:image|object|container|volume): )\S+/gi, '$1_')

// Whole names only: one may be a part of an ordinary word.
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
