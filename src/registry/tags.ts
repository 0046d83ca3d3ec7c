import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { said } from './http/said.ts'
import type { Answer } from './http/transport.ts'
import { parseLinks } from './link.ts'

/** How many pages are read at most, of a thousand tags each where the registry agrees. */
const MOST_PAGES = 20

/** How many tags are taken at most; some registries send all of theirs in one page. */
const MOST_TAGS = 20_000

/**
 * The tags of a repository (distribution-spec, "Listing Tags"), page by page as the Link fields say, which may not lead
 * away from the repository. Values that are no tags by the specification are passed over. `ask` fetches a path, and
 * throws if it is refused.
 */
export const listTags = async (
  repository: string,
  ask: (path: string) => Promise<Answer>,
): Promise<string[]> => {
  const first = `/v2/${repository}/tags/list?n=1000`
  const tags = new Set<string>()
  let next: string | undefined = first
  for (let page = 0; next !== undefined && page < MOST_PAGES && tags.size < MOST_TAGS; page++) {
    const answer: Answer = await ask(next)
    for (const tag of read(answer)) {
      if (tags.size === MOST_TAGS) break
      tags.add(tag)
    }
    next = nextPage(answer, next)
  }
  return [...tags]
}

const wireTags = z.object({ tags: z.nullish(z.array(z.unknown())) })

const read = (answer: Answer): string[] => {
  const parsed = wireTags.safeParse(parseJson(answer.body))
  if (parsed.success) return (parsed.data.tags ?? []).filter(isTag)
  throw new PipeError(
    'PKG-NOT-A-REGISTRY',
    `${answer.url.host} answers with something else than a list of tags`,
    { said: said(answer) },
  )
}

// distribution-spec, "Pulling manifests".
const isTag = (value: unknown): value is string =>
  typeof value === 'string' && /^\w[\w.-]{0,127}$/.test(value)

// The next page is asked of the same origin, whatever the link says: behind a proxy that ends TLS, registries write
// addresses that only they know.
const nextPage = (answer: Answer, current: string): string | undefined => {
  const link = parseLinks(answer.headers.get('link') ?? []).find(({ relations }) =>
    relations.includes('next'),
  )
  if (link === undefined || !URL.canParse(link.target, answer.url)) return undefined
  const { pathname, search } = new URL(link.target, answer.url)
  const path = `${pathname}${search}`
  return pathname === answer.url.pathname && path !== current ? path : undefined
}
