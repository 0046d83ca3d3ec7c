import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idOf, imageManifest, serveBasic, servePackage } from './fake-package.ts'
import { type FakeRegistry, type Reply, startFake } from './fake-registry.ts'
import { closedHost, type PipeOptions, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const manifest = imageManifest('base')
const HEAD = 'HEAD /v2/acme/base/manifests/1.4'
const GET = 'GET /v2/acme/base/manifests/1.4'

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': manifest })
  registry.on(HEAD, {})
})
afterEach(() => registry.close())

/** Runs the pipe where the image is in the engine, as another step left it. */
const run = (
  variables: Record<string, string> = {},
  host = registry.host,
  options: Partial<PipeOptions> = {},
) =>
  runPipe({
    registry: { host, requests: registry.requests },
    images: [{ id: idOf(manifest), names: [`${host}/acme/base:1.4`], platform: 'linux/arm64/v8' }],
    variables: { PULL_POLICY: 'missing', ...variables },
    ...options,
  })

const UNPROVED = 'without proof that this step may read it'

describe('An image in the engine, with PULL_POLICY: missing,', () => {
  it('is taken after one HEAD that this step may make', async () => {
    const { exitCode, log, requests, commands } = await run()
    expect([exitCode, log]).toEqual([0, expect.not.stringContaining('WARNING')])
    expect(requests.filter((request) => request !== 'GET /v2/')).toEqual([HEAD])
    expect(commands().some((command) => /^(?:pull|login)/.test(command))).toBe(false)
  })

  it.each<[string, number, Reply]>([
    ['401', 3, { status: 401, body: { errors: [{ code: 'UNAUTHORIZED' }] } }],
    ['403', 3, { status: 403, body: { errors: [{ code: 'DENIED' }] } }],
    ['404', 4, { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } }],
  ])('is refused where the registry answers %s', async (_name, code, reply) => {
    registry.on(HEAD, reply)
    registry.on(GET, reply)
    const { exitCode, result } = await run()
    expect(exitCode).toBe(code)
    expect(result().images).toEqual([null])
  })

  it('is taken with the API token that may read it', async () => {
    const own = `Basic ${Buffer.from('dev@example.com:ATATT3x-value').toString('base64')}`
    registry.on('GET /v2/', ({ headers }) =>
      headers.authorization
        ? { body: {} }
        : { status: 401, headers: { 'www-authenticate': 'Basic realm="r"' } },
    )
    registry.on(HEAD, ({ headers }) => (headers.authorization === own ? {} : { status: 403 }))
    const { exitCode, log } = await run({ API_TOKEN_USERNAME: 'dev@example.com', API_TOKEN: 'ATATT3x-value' })
    expect([exitCode, log]).toEqual([0, expect.not.stringContaining(UNPROVED)])
  })

  it('is taken where the registry has no HEAD but lets it be read', async () => {
    registry.on(HEAD, { status: 405 })
    const { exitCode, log } = await run()
    expect([exitCode, log]).toEqual([0, expect.not.stringContaining(UNPROVED)])
  })

  it('is taken with a warning where the registry cannot be reached, without waiting for it', async () => {
    const { exitCode, log, seconds } = await run({}, await closedHost())
    expect([exitCode, log]).toEqual([0, expect.stringContaining(UNPROVED)])
    expect(log).not.toContain('next try in')
    expect(seconds).toBeLessThan(5)
  })

  it('is taken with a warning where the registry is busy', async () => {
    registry.on(HEAD, { status: 429 })
    const { exitCode, log } = await run()
    expect([exitCode, log]).toEqual([0, expect.stringContaining(UNPROVED)])
  })

  it('is taken with a warning where there are no credentials', async () => {
    const { exitCode, log, requests } = await run({
      BITBUCKET_PACKAGES_USERNAME: '',
      BITBUCKET_PACKAGES_TOKEN: '',
    })
    expect([exitCode, log, requests]).toEqual([0, expect.stringContaining(UNPROVED), []])
  })

  it('is taken without a question by never', async () => {
    const { exitCode, requests, log } = await run({ PULL_POLICY: 'never' })
    expect([exitCode, requests, log]).toEqual([0, [], expect.not.stringContaining(UNPROVED)])
  })
})
