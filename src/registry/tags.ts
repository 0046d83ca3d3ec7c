import * as z from 'zod/mini'
import { PipeError } from '../errors.ts'
import { parseJson } from '../json.ts'
import { said } from './http/said.ts'
import { type Answer, header } from './http/transport.ts'

/** How many pages are read at most, of a thousand tags each where the registry agrees. */
const maxPages = 20

/**
 * The tags of a repository (distribution-spec, "Listing Tags"), page by page as the Link fields say
 * (RFC 8288), which may not lead away from the repository. `ask` gets a path and throws what is refused.
 */
export const listTags = async (
  repository: string,
  ask: (path: string) => Promise<Answer>,
): Promise<string[]> => {
  const first = `/v2/${repository}/tags/list?n=1000`
  const tags = new Set<string>()
  let next: string | undefined = first
  for (let page = 0; next !== undefined && page < maxPages; page++) {
    const answer: Answer = await ask(next)
    for (const tag of read(answer)) tags.add(tag)
    next = nextPage(answer, next)
  }
  return [...tags]
}

const wireTags = z.object({ tags: z.nullish(z.array(z.string())) })

const read = (answer: Answer): string[] => {
  const parsed = wireTags.safeParse(parseJson(answer.body))
  if (parsed.success) return parsed.data.tags ?? []
  throw new PipeError(
    'PKG-NOT-A-REGISTRY',
    `${answer.url.host} answers with something else than a list of tags`,
    {
      said: said(answer),
    },
  )
}

const nextPage = (answer: Answer, current: string): string | undefined => {
  const link = header(answer, 'link')
  const target = /^<([^>]*)>(?=.*;\s*rel="?next"?)/i.exec(link ?? '')?.[1]
  if (target === undefined || !URL.canParse(target, answer.url)) return undefined
  const url = new URL(target, answer.url)
  const path = `${url.pathname}${url.search}`
  const sameList = url.origin === answer.url.origin && url.pathname === answer.url.pathname
  return sameList && path !== current ? path : undefined
}
