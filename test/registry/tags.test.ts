import { describe, expect, it } from 'vitest'
import { listTags } from '../../src/registry/tags.ts'

const url = new URL('https://crg.apkg.io/v2/acme/base/tags/list?n=1000')

/** A registry with pages: the tags of each, and its Link fields. */
const list = async (...pages: Array<{ tags: unknown; links?: string[] }>) => {
  const asked: string[] = []
  const tags = await listTags('acme/base', async (path) => {
    const { tags: some, links = [] } = pages[asked.length] ?? { tags: ['too-many'] }
    asked.push(path)
    return {
      status: 200,
      headers: new Map([['link', links]]),
      body: Buffer.from(JSON.stringify({ name: 'acme/base', tags: some })),
      truncated: false,
      trusted: true,
      url: new URL(path, url),
    }
  })
  return { tags, asked }
}

const LIST = '/v2/acme/base/tags/list'

describe('the list of tags', () => {
  it.each<[string, unknown, string[]]>([
    ['null', ['a', null, 'b'], ['a', 'b']],
    ['a number', ['a', 1.4, 'b'], ['a', 'b']],
    ['what is too long for a tag', ['a', 'x'.repeat(129), 'x'.repeat(1_000_000)], ['a']],
    ['what has characters that no tag has', ['a', 'b c', '\u001b[2J', '-c', '.d', 'e/f', ''], ['a']],
    ['a tag that comes twice', ['a', 'a'], ['a']],
  ])('passes over %s', async (_name, tags, expected) => {
    expect((await list({ tags })).tags).toEqual(expected)
  })

  it('has the longest tags that are allowed', async () => {
    const tags = ['x'.repeat(128), '_1.2-RC']
    expect((await list({ tags })).tags).toEqual(tags)
  })

  it('has twenty thousand tags at most, in one page or in many', async () => {
    const many = Array.from({ length: 30_000 }, (_, index) => `t${index}`)
    expect((await list({ tags: many })).tags).toHaveLength(20_000)
    const { tags, asked } = await list({ tags: many, links: [`<${LIST}?last=z>; rel="next"`] })
    expect([tags.length, asked.length]).toEqual([20_000, 1])
  })

  it.each<[string, string[]]>([
    ['is one of several', [`<${LIST}?last=0>; rel="prev", <${LIST}?last=a>; rel="next"`]],
    ['is in a field of its own', [`<${LIST}?last=0>; rel="prev"`, `<${LIST}?last=a>; rel="next"`]],
    [
      'is written for a machine behind the one that ends TLS',
      [`<http://internal:5000${LIST}?last=a>; rel="next"`],
    ],
    ['is relative', ['<list?last=a>; rel=next']],
  ])('goes on where the link %s', async (_name, links) => {
    const { tags, asked } = await list({ tags: ['a'], links }, { tags: ['b'] })
    expect(tags).toEqual(['a', 'b'])
    expect(asked).toEqual([`${LIST}?n=1000`, `${LIST}?last=a`])
  })

  it.each([
    ['leads to another repository', '</v2/other/tags/list?last=a>; rel="next"'],
    ['leads to the same page', `<${LIST}?n=1000>; rel="next"`],
    ['is that of the page before', `<${LIST}?last=a>; rel="prev"`],
    ['is none', 'nonsense'],
  ])('ends where the link %s', async (_name, link) => {
    expect((await list({ tags: ['a'], links: [link] })).asked).toHaveLength(1)
  })
})
