import { componentGrammar, cut, digestGrammar, domainGrammar, tagGrammar } from './grammar.ts'
import { characterAt, quote } from './quote.ts'

/** Why a text that the grammar refuses is not a reference, in words for the person who wrote it. */
export const explain = (text: string): string =>
  wholeFault(text) ?? digestFault(text) ?? tagFault(text) ?? nameFault(text) ?? FORM

const FORM = 'it has the form [host/]path[:tag][@digest]'

const wholeFault = (text: string): string | undefined => {
  if (text === '') return 'it is empty'
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0]
  if (scheme !== undefined) return `it begins with ${quote(scheme)}; write it without`
  const blank = text.search(/[\s\p{Cc}]/u)
  if (blank >= 0) return `white space or a control character stands at character ${blank + 1}`
  const foreign = text.search(/[^\w./:@+[\]-]/)
  if (foreign < 0) return undefined
  return `${characterAt(text, foreign)} is not allowed in a reference${guess(text[foreign])}`
}

// Why a character that no reference has may be there.
const guess = (character = '') => {
  if (character === '$') return '; was a variable not replaced?'
  return `"'\`“”‘’`.includes(character) ? '; are there quotation marks inside of others?' : ''
}

const digestFault = (text: string): string | undefined => {
  const { digest } = cut(text)
  if (digest === undefined || digestGrammar.test(digest)) return undefined
  if (digest === '') return 'it ends with "@"; a digest such as sha256:… belongs there'
  if (digest.includes('@')) return 'it has two "@"'
  if (!digest.includes(':')) return 'after "@" comes a digest such as sha256:…; a tag goes after ":"'
  return 'after "@" comes a digest: the algorithm, ":" and at least 32 hexadecimal characters (sha256 has 64)'
}

const tagFault = (text: string): string | undefined => {
  const { tag } = cut(text)
  if (tag === undefined || tagGrammar.test(tag)) return undefined
  if (tag === '') return 'the tag after ":" is empty; is the variable behind it set?'
  if (/^\[[^/]*$/.test(text)) return 'an address in brackets is a host; "/" and a path belong after it'
  if (tag.includes(':')) return 'it has two tags, or a port with no "/" after it'
  if (tag.length > 128) return `the tag has ${tag.length} characters, at most 128 are allowed`
  const offending = tag.search(/^[.-]|[^\w.-]/)
  return `the tag ${quote(tag)} has ${characterAt(tag, offending)}; it consists of letters, digits, "_", "." and "-" and does not begin with "." or "-"`
}

const nameFault = (text: string): string | undefined => {
  const { domain, path } = cut(text)
  if (path === '' && domain === undefined) return 'there is no name before the tag or the digest'
  if (path.startsWith('/')) return domain === undefined ? 'it begins with "/"' : 'it has two "/" in a row'
  if (path === '' || path.endsWith('/')) return 'the name ends with "/"'
  if (path.includes('//')) return 'it has two "/" in a row'
  const [first = '', ...rest] = path.split('/')
  if (domain === undefined && /[:[\]]/.test(first) && rest.length > 0) return hostFault(first, text)
  const component = [first, ...rest].find((each) => !componentGrammar.test(each))
  return component === undefined ? undefined : componentFault(component, text)
}

const hostFault = (host: string, text: string): string => {
  const end = host.lastIndexOf(':')
  const [name, number] = [host.slice(0, Math.max(0, end)), host.slice(end + 1)]
  if (!domainGrammar.test(name)) return `${quote(host)} is not a host with or without a port`
  return number === '' ? `the port after ${quote(name)} is empty` : tagOfBranch(text)
}

/** Why a tag with a "/" is refused, such as the name of a branch: `base:feature/login`. */
export const tagOfBranch = (text: string): string => {
  const [whole = ''] = text.split('@')
  const name = whole.slice(0, whole.lastIndexOf(':', whole.lastIndexOf('/')))
  const tag = whole.slice(name.length + 1)
  return `${quote(tag)} has a "/", which no tag may have; if it is the name of a branch, make a slug of it before the pipe (\${BITBUCKET_BRANCH//\\//-}) and write ${quote(`${name}:${tag.replaceAll('/', '-')}`)}`
}

const componentFault = (component: string, text: string): string => {
  if (component.includes(':')) return tagOfBranch(text)
  const upper = component.search(/[A-Z]/)
  if (upper >= 0)
    return `the name has an upper-case letter, ${characterAt(component, upper)} of ${quote(component)}; did you mean ${quote(lowerName(text))}?`
  const offending = component.search(/[^a-z0-9._-]/)
  if (offending >= 0)
    return `${characterAt(component, offending)} of ${quote(component)} is not allowed in a name`
  return `${quote(component)} is not a valid part of a name: it begins and ends with a letter or digit, and between them stands one ".", one or two "_", or "-"`
}

/** A text with its name in lower case; a tag keeps its letters. */
const lowerName = (text: string): string => {
  const { domain, path } = cut(text)
  const { length } = domain === undefined ? path : `${domain}/${path}`
  return text.slice(0, length).toLowerCase() + text.slice(length)
}
