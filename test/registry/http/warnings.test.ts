import { afterEach, describe, expect, it } from 'vitest'
import { type FakeRegistry, imageOf, likeBitbucket, manifestReply, startFake } from '../../fake-registry.ts'
import { openClient } from '../open-client.ts'

const credential = { username: 'x-token-auth', secret: 'a-secret' }

const open: Array<{ close: () => Promise<unknown> }> = []
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())))

const start = async (
  warning: string | string[],
): Promise<{ fake: FakeRegistry; told: string[]; ask: () => Promise<unknown> }> => {
  const fake = await startFake()
  likeBitbucket(fake, { ...credential, readable: [] })
  const reply = manifestReply(imageOf('a').body)
  fake.on('GET /v2/acme/base/manifests/1.0', { ...reply, headers: { ...reply.headers, warning } })
  const told: string[] = []
  const client = openClient(fake.host, { credential, onWarning: (text) => told.push(text) })
  open.push(fake, client)
  return { fake, told, ask: () => client.resolve('acme/base', '1.0') }
}

describe('warnings of a registry', () => {
  it('are told once', async () => {
    const { told, ask } = await start('299 - "This tag goes away in 2027."')
    await ask()
    await ask()
    expect(told).toEqual(['This tag goes away in 2027.'])
  })

  it.each([
    ['several in one field', '299 - "one", 299 crg.apkg.io "t\\"wo"', ['one', 't"wo']],
    ['several fields', ['299 - "one"', '299 - "two"'], ['one', 'two']],
    ['other codes, which are those of caches', '110 - "Response is Stale"', []],
    ['what is no warning', ['299', '299 -', '299 - ""', 'rubbish'], []],
  ])('are read: %s', async (_, warning, expected) => {
    const { told, ask } = await start(warning)
    await ask()
    expect(told).toEqual(expected)
  })

  it('are not taken from where a redirect leads, and end in number', async () => {
    const { fake, told, ask } = await start('')
    const more = await startFake()
    open.push(more)
    const reply = manifestReply(imageOf('a').body)
    fake.on('GET /v2/acme/base/manifests/1.0', { status: 307, headers: { location: `${more.origin}/blob` } })
    more.on('GET /blob', { ...reply, headers: { ...reply.headers, warning: '299 - "from elsewhere"' } })
    await ask()
    expect(told).toEqual([])
    let count = 0
    fake.on('GET /v2/acme/base/manifests/1.0', () => ({
      ...reply,
      headers: { ...reply.headers, warning: `299 - "number ${++count}"` },
    }))
    for (let index = 0; index < 30; index++) await ask()
    expect(told).toHaveLength(20)
  })
})
