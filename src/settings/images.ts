import { expandReference, type ImageReference, ReferenceSyntaxError } from '../image/reference.ts'
import { type Environment, lookUp } from './environment.ts'
import type { Report } from './problems.ts'

/** The images that the items of `IMAGE` stand for. */
export const imagesOf = (
  env: Environment,
  { items, registry }: { items: readonly string[]; registry: string },
  report: Report,
): ImageReference[] =>
  items.flatMap((item) => {
    try {
      const image = expandReference(item, { registry, workspace: lookUp(env, 'BITBUCKET_WORKSPACE') })
      return [withRegistry(image, registry)]
    } catch (error) {
      if (!(error instanceof ReferenceSyntaxError)) throw error
      report('IMAGE', error.message)
      return []
    }
  })

// The engine finds a login by the host as it is written: one in capitals would be pulled without it.
const withRegistry = (image: ImageReference, registry: string): ImageReference =>
  image.domain.toLowerCase() === registry
    ? { ...image, domain: registry, name: `${registry}/${image.path}` }
    : image
