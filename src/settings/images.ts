import { tagOfBranch } from '../image/explain.ts'
import { quote } from '../image/quote.ts'
import { expandReference, type ImageReference, ReferenceSyntaxError } from '../image/reference.ts'
import { nearest } from '../suggest.ts'
import { type Environment, emptiness, isThere, lookUp } from './environment.ts'
import { looksLikeCredential, looksLikeCredentialIn } from './hidden.ts'
import type { Report } from './problems.ts'
import { DEFAULT_REGISTRY } from './variables.ts'

interface Item {
  text: string
  image: ImageReference
}

/** The images that the items of `IMAGE` stand for, each once. */
export const imagesOf = (
  env: Environment,
  { items, registry }: { items: readonly string[]; registry: string },
  report: Report,
): ImageReference[] => {
  const workspace = lookUp(env, 'BITBUCKET_WORKSPACE')
  const read = [...new Set(items)].flatMap((text): Item[] => {
    try {
      const image = withRegistry(expandReference(text, { registry, workspace }), registry)
      const doubt = doubtOf(text, image, registry)
      if (doubt !== undefined) report('IMAGE', doubt)
      return [{ text, image }]
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error
      report('IMAGE', looksLikeCredential(text) ? looksLikeCredentialIn('IMAGE') : error.message)
      return []
    }
  })
  return withoutRepeats(read, report)
}

/** Why there is no image. */
export const noImage = (env: Environment): string => {
  switch (emptiness(env, 'IMAGE')) {
    case 'unreplaced':
      return `is ${quote(env.IMAGE?.trim() ?? '')}: is that variable set, and its name spelt right?`
    case 'empty':
      return EMPTY
    default:
      return isThere(env, 'IMAGE') ? EMPTY : 'is missing'
  }
}

const EMPTY = 'is empty: is the variable behind it set, and its name spelt right?'

// The engine finds a login by the host as it is written, so an image with the host in capitals would be pulled without
// it.
const withRegistry = (image: ImageReference, registry: string): ImageReference =>
  image.domain.toLowerCase() === registry
    ? { ...image, domain: registry, name: `${registry}/${image.path}` }
    : image

/** Points out what is most likely a mistake in a reference that the grammar accepts. */
const doubtOf = (text: string, { domain }: ImageReference, registry: string): string | undefined => {
  if (domain === registry || domain === 'localhost') return undefined
  if (/^[^.:]+$/.test(domain))
    return `${quote(text)} has upper-case letters, so ${quote(domain)} would be a host; did you mean ${quote(text.replace(domain, domain.toLowerCase()))}?`
  // In a private network a registry may have such a name; there, a tag makes it clear.
  if (/^(?!localhost:)[^.:]+:\d+$/.test(domain) && !/[:@]/.test(text.slice(domain.length)))
    return `${quote(text)} would be an image of the registry ${quote(domain)}: ${tagOfBranch(text)}; if you mean that registry, write the tag: ${quote(`${text}:latest`)}`
  const [near] = registry === DEFAULT_REGISTRY ? nearest(domain, [registry], 1) : []
  return near === undefined
    ? undefined
    : `${quote(text)} is not of ${registry}; did you mean ${quote(text.replace(domain, registry))}?`
}

// Chance would decide which of two images under one tag it is in the end.
const withoutRepeats = (items: readonly Item[], report: Report): ImageReference[] => {
  const kept: Item[] = []
  for (const item of items) {
    const { name, tag, digest } = item.image
    const same = kept.find(
      ({ image }) =>
        image.name === name && image.tag === tag && (tag !== undefined || image.digest === digest),
    )
    if (same === undefined) kept.push(item)
    else if (same.image.digest !== digest)
      report(
        'IMAGE',
        `${quote(same.text)} and ${quote(item.text)} would be two images under one tag; chance would decide which one it is`,
      )
  }
  return kept.map(({ image }) => image)
}
