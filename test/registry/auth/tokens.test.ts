import { describe, expect, it } from 'vitest'
import { PipeError } from '../../../src/errors.ts'
import { createGate } from '../../../src/registry/auth/gate.ts'
import { fetchToken } from '../../../src/registry/auth/token.ts'
import { createTokens } from '../../../src/registry/auth/tokens.ts'
import type { Transport } from '../../../src/registry/http/transport.ts'

const scope = 'repository:acme/base:pull'

const fixture = (lifetime: number) => {
  const clock = { now: 0 }
  const asked: string[] = []
  const tokens = createTokens(
    async (scope) => {
      asked.push(scope)
      return { value: `token${asked.length}`, lifetime }
    },
    () => clock.now,
  )
  return { clock, asked, tokens }
}

describe('createTokens', () => {
  it('keeps a token up to ten seconds before its end', async () => {
    const { clock, asked, tokens } = fixture(300_000)
    await tokens.get(scope)
    clock.now = 289_999
    await expect(tokens.get(scope)).resolves.toBe('token1')
    clock.now = 290_000
    await expect(tokens.get(scope)).resolves.toBe('token2')
    expect(asked).toHaveLength(2)
  })

  it('keeps a short-lived token for most of its life', async () => {
    const { clock, tokens } = fixture(5000)
    await tokens.get(scope)
    clock.now = 4499
    await expect(tokens.get(scope)).resolves.toBe('token1')
    clock.now = 4500
    await expect(tokens.get(scope)).resolves.toBe('token2')
  })

  it('uses a token that has ended on arrival once', async () => {
    const { tokens } = fixture(-5)
    await expect(tokens.get(scope)).resolves.toBe('token1')
    await expect(tokens.get(scope)).resolves.toBe('token2')
  })

  it('asks once for all who wait, and again after a failure', async () => {
    let calls = 0
    const tokens = createTokens(async () => {
      if (++calls === 1) throw new Error('reset')
      return { value: 'token', lifetime: 60_000 }
    })
    const first = await Promise.allSettled([tokens.get(scope), tokens.get(scope)])
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await expect(tokens.get(scope)).resolves.toBe('token')
    expect(calls).toBe(2)
  })

  it('forgets a refused token, but not the one that somebody has fetched since', async () => {
    const { asked, tokens } = fixture(60_000)
    const refused = await tokens.get(scope)
    tokens.invalidate(scope, refused)
    await expect(tokens.get(scope)).resolves.toBe('token2')
    tokens.invalidate(scope, refused)
    await expect(tokens.get(scope)).resolves.toBe('token2')
    tokens.invalidate(scope, 'token2')
    await tokens.get(scope)
    expect(asked).toEqual([scope, scope, scope])
  })
})

describe('fetchToken', () => {
  const ask = (body: object, headers: Record<string, string> = {}) => {
    const send: Transport = async ({ url }) => ({
      status: 200,
      headers: new Map(Object.entries(headers).map(([name, value]) => [name, [value]])),
      body: Buffer.from(JSON.stringify(body)),
      truncated: false,
      url,
      trusted: true,
    })
    return fetchToken(send, {
      realm: new URL('https://auth.example.com/token?a=b'),
      service: 'packages',
      scope,
      credential: undefined,
      userAgent: 'test',
      subject: { kind: 'token', name: 'acme/base', anonymous: true },
    })
  }

  it.each([
    ['token', { token: 'a' }, { value: 'a', lifetime: 60_000 }],
    ['access_token', { access_token: 'b', expires_in: 300 }, { value: 'b', lifetime: 300_000 }],
    ['token before access_token', { token: 'a', access_token: 'b' }, { value: 'a', lifetime: 60_000 }],
    ['expires_in as text', { token: 'a', expires_in: '90' }, { value: 'a', lifetime: 90_000 }],
    [
      'expires_in without a meaning',
      { token: 'a', expires_in: 0, issued_at: 5 },
      { value: 'a', lifetime: 60_000 },
    ],
  ])('reads %s', async (_, body, expected) => {
    await expect(ask(body)).resolves.toEqual(expected)
  })

  it.each([
    ['the year 1 of a field that was never set', '0001-01-01T00:00:00Z'],
    ['years ago', '2018-01-01T00:00:00Z'],
    ['longer ago than it lasts', '2026-10-21T07:13:00Z'],
  ])('uses a token for a minute at least, also if it was issued in %s', async (_, issued_at) => {
    const headers = { date: 'Wed, 21 Oct 2026 07:28:40 GMT' }
    await expect(ask({ token: 'a', expires_in: 100, issued_at }, headers)).resolves.toMatchObject({
      lifetime: 60_000,
    })
    await expect(ask({ token: 'a', expires_in: 5 }, headers)).resolves.toMatchObject({ lifetime: 60_000 })
  })

  it("counts the age of a cached token by the server's own clock", async () => {
    const headers = { date: 'Wed, 21 Oct 2026 07:28:40 GMT' }
    await expect(
      ask({ token: 'a', expires_in: 300, issued_at: '2026-10-21T07:28:00Z' }, headers),
    ).resolves.toMatchObject({ lifetime: 260_000 })
    await expect(
      ask({ token: 'a', expires_in: 300, issued_at: '2026-10-21T09:00:00Z' }, headers),
    ).resolves.toMatchObject({ lifetime: 300_000 })
  })
})

describe('createGate', () => {
  const refused = new PipeError('PKG-AUTH-REFUSED', 'refused')

  it('lets one login through at a time until one is accepted, then all at once', async () => {
    const gate = createGate()
    const running = new Set<number>()
    const peaks: number[] = []
    const login = (index: number) => async () => {
      running.add(index)
      peaks.push(running.size)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running.delete(index)
      if (index === 0) throw new PipeError('PKG-NETWORK', 'reset')
    }
    await Promise.allSettled([0, 1, 2, 3, 4].map((index) => gate.pass(login(index))))
    expect(peaks).toEqual([1, 1, 1, 2, 3])
    expect(gate.open()).toBe(true)
  })

  it('lets nobody through after a refusal, and tells everybody the same', async () => {
    const gate = createGate()
    let logins = 0
    const login = async () => {
      logins++
      throw refused
    }
    const outcomes = await Promise.allSettled([gate.pass(login), gate.pass(login), gate.pass(login)])
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: refused })
    await expect(gate.pass(login)).rejects.toBe(refused)
    expect(logins).toBe(1)
  })
})
