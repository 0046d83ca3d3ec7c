import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { imageManifest, serveBasic, servePackage, sha256 } from './fake-package.ts'
import { type FakeRegistry, type Reply, type Seen, startFake } from './fake-registry.ts'
import { runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const GIVEN = 'given-token-5d2e8b'
const basic = `Basic ${Buffer.from(`${USERNAME}:${TOKEN}`).toString('base64')}`

let registry: FakeRegistry
let realm: FakeRegistry
beforeEach(async () => {
  realm = await startFake({ fallback: { body: { token: GIVEN } } })
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
})
afterEach(() => Promise.all([registry.close(), realm.close()]))

const challenge = (): Reply => ({
  status: 401,
  headers: { 'www-authenticate': `Bearer realm="${realm.origin}/token",service="s"` },
  body: { errors: [{ code: 'UNAUTHORIZED' }] },
})
const hasToken = ({ headers }: Seen) => headers.authorization === `Bearer ${GIVEN}`

const run = (variables: Record<string, string> = {}) => runPipe({ registry, variables })

describe('With AUTH_REALM_HOSTS', () => {
  it('the engine gets a token in place of the login', async () => {
    registry.on('GET /v2/', (request) => (hasToken(request) ? { body: {} } : challenge()))
    const { exitCode, log, calls } = await run({ AUTH_REALM_HOSTS: realm.host })
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Pulled ')])
    expect(calls().filter(({ args }) => args[0] === 'login')).toEqual([])
    const pull = calls().find(({ args }) => args[0] === 'pull')
    expect(JSON.parse(pull?.config.text ?? '')).toEqual({
      auths: { [registry.host]: { registrytoken: GIVEN } },
    })
    expect(pull?.config.mode).toBe('600')
    const toRegistry = registry.requests.map(({ headers }) => headers.authorization)
    expect(toRegistry).not.toContain(basic)
    expect(log).not.toContain(GIVEN)
  })

  it('a token that the registry takes from the pipe alone is replaced once, and then that is the error', async () => {
    registry.on('GET /v2/', challenge())
    const digest = `GET /v2/acme/base/manifests/${sha256(imageManifest('base'))}`
    registry.on(digest, challenge())
    const { exitCode, log, calls, result } = await run({ AUTH_REALM_HOSTS: realm.host })
    expect([exitCode, log]).toEqual([8, expect.stringContaining('Name a folder in STORE')])
    expect(result().error.code).toBe('PKG-TOKEN-ENDED')
    expect(calls().filter(({ args }) => args[0] === 'pull').length).toBe(2)
    expect(calls().filter(({ args }) => args[0] === 'login')).toEqual([])
  })

  it('a registry without tokens gets the login as ever', async () => {
    serveBasic(registry, { [USERNAME]: TOKEN })
    const { exitCode, log } = await run({ AUTH_REALM_HOSTS: realm.host })
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Signed in')])
  })

  it.each<[string, Reply]>([
    ['is down', { status: 503 }],
    ['breaks the connection', { fault: 'reset' }],
    ['answers with a page', { body: '<html>hello', headers: { 'content-type': 'text/html' } }],
    [
      'wants a way to sign in that nobody knows',
      { status: 401, headers: { 'www-authenticate': 'Negotiate' } },
    ],
  ])('no login follows where the registry %s', async (_name, reply) => {
    registry.on('GET /v2/', reply)
    registry.on('GET /v2/acme/base/manifests/1.4', reply)
    const { exitCode, log, commands } = await run({ AUTH_REALM_HOSTS: realm.host, MAX_ATTEMPTS: '1' })
    expect([exitCode, log]).toEqual([8, expect.stringContaining('nobody knows who would see the login')])
    expect(commands().filter((command) => /^(?:login|pull)/.test(command))).toEqual([])
  })

  it('an image of another registry is tried by the engine all the same: it gets no credential', async () => {
    registry.on('GET /v2/', { status: 503 })
    const { commands } = await run({
      AUTH_REALM_HOSTS: realm.host,
      MAX_ATTEMPTS: '1',
      REGISTRY: 'crg.apkg.io',
      IMAGE: `${registry.host}/acme/base:1.4`,
    })
    expect(commands().some((command) => command.startsWith('pull'))).toBe(true)
  })
})

it('Without AUTH_REALM_HOSTS the engine tries what could not be looked up', async () => {
  registry.on('GET /v2/', { status: 401, headers: { 'www-authenticate': 'Negotiate' } })
  const { commands } = await run({ MAX_ATTEMPTS: '1' })
  expect(commands().some((command) => command.startsWith('pull'))).toBe(true)
})
