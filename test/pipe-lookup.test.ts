import { mkdtempSync, realpathSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeImage, serveImage, tarLayer } from './fake-image.ts'
import { idOf, imageIndex, imageManifest, serveBasic, servePackage } from './fake-package.ts'
import {
  errorReply,
  type FakeRegistry,
  manifestReply,
  type Script,
  type Seen,
  sha256,
  startFake,
} from './fake-registry.ts'
import { closedHost, type PipeOptions, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

// The engine of these tests is linux/arm64/v8.
const [arm, amd] = [imageManifest('arm'), imageManifest('amd', [2_000_000], 'linux/amd64')]
const READER = { API_TOKEN_USERNAME: 'reader@example.com', API_TOKEN: 'ATATT-reader' }

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake({ fallback: errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown') })
  serveBasic(registry, { [USERNAME]: TOKEN, [READER.API_TOKEN_USERNAME]: READER.API_TOKEN })
  servePackage(registry, 'acme/base', { '1.4': arm })
  servePackage(registry, 'acme/amd', { '1': amd })
})
afterEach(() => registry.close())

const run = (variables: Record<string, string> = {}, more: Partial<PipeOptions> = {}) =>
  runPipe({ registry, variables, ...more })

const inClone = (variables: Record<string, string>, more: Partial<PipeOptions> = {}) => {
  const clone = realpathSync(mkdtempSync(join(tmpdir(), 'clone-')))
  return run({ BITBUCKET_CLONE_DIR: clone, ...variables }, { cwd: clone, ...more })
}

const isFrom = ({ headers }: Seen, user: string, password: string) =>
  headers.authorization === `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

/** Answers the API token as it would be answered, and the step's own credentials with something else. */
const toReaderOnly = (instead: Script, answer: Script): Script => {
  return (request) => {
    const script = isFrom(request, READER.API_TOKEN_USERNAME, READER.API_TOKEN) ? answer : instead
    return typeof script === 'function' ? script(request) : script
  }
}

const denied = errorReply(403, 'DENIED', 'requested access to the resource is denied')

describe('the platform of an image without an index', () => {
  it('is asked of the configuration alone, in one request, beside what is asked anyway', async () => {
    const { exitCode, requests, log } = await run()
    expect(exitCode).toBe(0)
    expect(log).not.toContain('WARNING')
    expect(requests).toEqual([
      'GET /v2/',
      'GET /v2/',
      'GET /v2/acme/base/manifests/1.4',
      `GET /v2/acme/base/blobs/${idOf(arm)}`,
    ])
  })

  it('is not asked for where an index tells it, or where the engine has the image', async () => {
    servePackage(registry, 'acme/multi', { '1': imageIndex({ 'linux/arm64/v8': arm, 'linux/amd64': amd }) }, [
      arm,
      amd,
    ])
    const multi = await run({ IMAGE: 'multi:1' })
    const there = await run({}, { images: [{ id: idOf(arm) }] })
    expect([multi.exitCode, there.exitCode]).toEqual([0, 0])
    expect([...multi.requests, ...there.requests].filter((request) => request.includes('/blobs/'))).toEqual(
      [],
    )
  })

  it('is warned of where the engine does not run it', async () => {
    const { exitCode, log } = await run({ IMAGE: 'amd:1' })
    expect(exitCode).toBe(0)
    expect(log).toContain(
      `WARNING: ${registry.host}/acme/amd is for linux/amd64, this engine is linux/arm64.`,
    )
  })

  it('is not warned of where only the variant is another one, which an engine does not tell of itself', async () => {
    servePackage(registry, 'acme/base', { '1.4': imageManifest('v9', [1000], 'linux/arm64/v9') })
    const { exitCode, log } = await run()
    expect([exitCode, log]).toEqual([0, expect.not.stringContaining('WARNING')])
  })

  it.each([
    ['STORE', { STORE: '.images' }],
    ['an engine that has it', { PULL_POLICY: 'never' }],
  ])('is warned of by way of %s too', async (_name, variables) => {
    const image = fakeImage([tarLayer(1000)], 'amd64')
    serveImage(registry, 'acme/amd', '1', image)
    const images = [
      { id: image.configDigest, names: [`${registry.host}/acme/amd:1`], platform: 'linux/amd64' },
    ]
    const { exitCode, log } = await inClone(
      { IMAGE: 'amd:1', ...variables },
      'STORE' in variables ? {} : { images },
    )
    expect([exitCode, log]).toEqual([
      0,
      expect.stringContaining('is for linux/amd64, this engine is linux/arm64.'),
    ])
    expect(log.match(/is for linux\/amd64/g)).toHaveLength(1)
  })

  it.each([
    ['the pull', {}],
    ['STORE', { STORE: '.images' }],
    ['CHECK_ONLY', { CHECK_ONLY: 'true' }],
  ])('is an error of %s where PLATFORM asked for another one', async (_name, variables) => {
    const { exitCode, log, commands } = await inClone({
      IMAGE: 'amd:1',
      PLATFORM: 'linux/s390x',
      ...variables,
    })
    expect(exitCode).toBe(5)
    expect(log).toContain('has no image for linux/s390x')
    expect(log).toContain('It was built for linux/amd64.')
    expect(commands()).toEqual([])
  })

  it.each([
    ['the pull', false],
    ['an engine that has it', true],
  ])('is an error of %s where commands are to run in it', async (_name, isThere) => {
    const there = { id: idOf(amd), names: [`${registry.host}/acme/amd:1`], platform: 'linux/amd64' }
    const more = { images: isThere ? [there] : [] }
    const { exitCode, log, commands, result } = await inClone({ IMAGE: 'amd:1', RUN: 'true' }, more)
    expect(exitCode).toBe(5)
    expect(log).toContain('PKG-PLATFORM')
    expect(commands().filter((command) => /^(?:container|run|create|start|pull) /.test(command))).toEqual([])
    expect(result().images).toEqual([null])
  })

  it('does not keep commands from an image of the platform that was asked for', async () => {
    const { log } = await inClone({ IMAGE: 'amd:1', PLATFORM: 'linux/amd64', RUN: 'true' })
    expect(log).not.toMatch(/PKG-PLATFORM|is for linux/)
  })

  it.each<[string, Script]>([
    ['is not there', errorReply(404, 'BLOB_UNKNOWN', 'blob unknown')],
    ['has other bytes', { body: '{"os":"linux","architecture":"amd64"}' }],
    ['is too large', { body: Buffer.alloc(5 * 1024 * 1024, ' ') }],
    ['breaks off', { body: 'x'.repeat(1000), fault: 'reset', after: 10 }],
  ])('is left to the engine where the configuration %s', async (_name, reply) => {
    registry.on(`GET /v2/acme/base/blobs/${idOf(arm)}`, reply)
    const { log, commands, requests } = await run()
    expect(requests.filter((request) => request.includes('/blobs/'))).toHaveLength(1)
    expect(commands()).toContain(`pull REGISTRY/acme/base@${sha256(arm)}`)
    expect(log).not.toMatch(/is for linux|could not be looked up/)
  })

  it('is looked at after the pull where it could not be before, also when the registry could not be asked', async () => {
    const { host } = registry
    const closed = await closedHost()
    const variables = { REGISTRY: closed, MAX_ATTEMPTS: '1', IMAGE: 'amd:1' }
    const engine = { routes: { [closed]: host } }
    const asked = await run({ ...variables, PLATFORM: 'linux/s390x' }, { engine })
    expect([asked.exitCode, asked.log]).toEqual([5, expect.stringContaining('It was built for linux/amd64.')])
    const other = await run(variables, { engine })
    expect([other.exitCode, other.log]).toEqual([
      0,
      expect.stringContaining('is for linux/amd64, this engine is'),
    ])
  })
})

describe('an index entry without a platform', () => {
  const entry = (manifest: string, more = {}) => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: sha256(manifest),
    size: manifest.length,
    ...more,
  })
  const serve = (repository: string, ...manifests: object[]) => {
    const index = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests,
    })
    servePackage(registry, repository, { '1': index }, [arm, amd])
    return index
  }

  it.each([
    ['a plain pull', {}],
    ['STORE', { STORE: '.images' }],
    ['CHECK_ONLY', { CHECK_ONLY: 'true' }],
    ['a pull with PLATFORM', { PLATFORM: 'linux/arm64' }],
  ])('is what its configuration says, for %s', async (_name, variables) => {
    const image = fakeImage([tarLayer(1000)])
    serveImage(registry, 'acme/bare', 'image', image)
    const index = serve('acme/bare', entry(image.manifest.toString()))
    const { exitCode, log, result } = await inClone({ IMAGE: 'bare:1', ...variables })
    expect([exitCode, log]).toEqual([0, expect.not.stringContaining('WARNING')])
    if (!('CHECK_ONLY' in variables))
      expect(result().images[0]).toMatchObject({ digest: sha256(index), manifestDigest: image.digest })
  })

  it('is an error where PLATFORM asked for another one', async () => {
    serve('acme/bare', entry(arm))
    expect((await run({ IMAGE: 'bare:1', PLATFORM: 'linux/s390x' })).exitCode).toBe(5)
  })

  it('does not spoil the entries beside it', async () => {
    serve(
      'acme/bare',
      entry(amd),
      entry(arm, { platform: { os: 'linux', architecture: 'arm64', variant: null } }),
    )
    const { exitCode, result } = await run({ IMAGE: 'bare:1' })
    expect(exitCode).toBe(0)
    expect(result().images[0].manifestDigest).toBe(sha256(arm))
  })

  it('is pulled by its own digest through an index within an index', async () => {
    const inner = serve('acme/inner', entry(arm, { platform: { os: 'linux', architecture: 'arm64' } }))
    const outer = serve('acme/outer', {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: sha256(inner),
      size: 1,
    })
    registry.on(
      `GET /v2/acme/outer/manifests/${sha256(inner)}`,
      manifestReply(Buffer.from(inner), 'application/vnd.oci.image.index.v1+json'),
    )
    const { exitCode, result, commands } = await run({ IMAGE: 'outer:1' })
    expect(exitCode).toBe(0)
    expect(commands()).toContain(`pull REGISTRY/acme/outer@${sha256(arm)}`)
    expect(result().images[0].digest).toBe(sha256(outer))
  })
})

describe('an image of another platform that the engine has under the digest of an index', () => {
  const index = imageIndex({ 'linux/arm64/v8': arm, 'linux/amd64': amd })
  const there = (platform: string, ...more: string[]) => ({
    images: [
      {
        id: idOf(platform === 'linux/amd64' ? amd : arm),
        names: [
          `${registry.host}/acme/multi@${sha256(index)}`,
          ...more.map((name) => `${registry.host}/acme/${name}`),
        ],
        platform,
      },
    ],
  })
  beforeEach(() => servePackage(registry, 'acme/multi', { '1': index }, [arm, amd]))

  it.each([
    ['always', {}],
    ['missing', { PULL_POLICY: 'missing' }],
    ['always, with PLATFORM', { PLATFORM: 'linux/arm64' }],
    ['missing, with PLATFORM', { PULL_POLICY: 'missing', PLATFORM: 'linux/arm64' }],
  ])('is not the one that is wanted (%s)', async (_name, variables) => {
    const { exitCode, result, log } = await run(
      { IMAGE: 'multi:1', ...variables },
      there('linux/amd64', 'multi:1'),
    )
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Pulled')])
    expect(result().images[0]).toMatchObject({ id: idOf(arm), platform: 'linux/arm64/v8' })
  })

  it.each([
    ['always', {}],
    ['missing', { PULL_POLICY: 'missing' }],
    ['always, with PLATFORM', { PLATFORM: 'linux/arm64' }],
    ['missing, with PLATFORM', { PULL_POLICY: 'missing', PLATFORM: 'linux/arm64' }],
  ])('is no hindrance for the right one (%s)', async (_name, variables) => {
    const { result, commands } = await run(
      { IMAGE: 'multi:1', ...variables },
      there('linux/arm64/v8', 'multi:1'),
    )
    expect(commands().filter((command) => command.startsWith('pull'))).toEqual([])
    expect(result().images[0]).toMatchObject({ id: idOf(arm), source: 'engine' })
  })

  it('is known by its platform in an engine that names it by the index', async () => {
    const images = [
      { id: sha256(index), names: [`${registry.host}/acme/multi:1`], platform: 'linux/arm64/v8' },
    ]
    const engine = { containerd: true }
    const right = await run({ IMAGE: 'multi:1' }, { images, engine })
    expect(right.result().images[0]).toMatchObject({ id: sha256(index), source: 'engine' })
    const other = await run(
      { IMAGE: 'multi:1' },
      { images: images.map((each) => ({ ...each, platform: 'linux/amd64' })), engine },
    )
    expect(other.log).toContain('Pulled')
  })

  it('is taken, with a warning, where nothing else may be asked for', async () => {
    const { exitCode, log } = await run(
      { IMAGE: 'multi:1', PULL_POLICY: 'never' },
      there('linux/amd64', 'multi:1'),
    )
    expect([exitCode, log]).toEqual([
      0,
      expect.stringContaining('is for linux/amd64, this engine is linux/arm64.'),
    ])
  })
})

describe('every credential', () => {
  const other = imageManifest('other')
  beforeEach(() => servePackage(registry, 'acme/other', { '1': other }))
  const restrict = (instead: Script) =>
    registry.on(
      'GET /v2/acme/other/manifests/1',
      toReaderOnly(instead, {
        headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
        body: other,
      }),
    )

  it('is tried by the engine where the registry could not be asked', async () => {
    restrict(denied)
    const closed = await closedHost()
    const { exitCode, result, log } = await run(
      { REGISTRY: closed, MAX_ATTEMPTS: '1', IMAGE: 'other:1', ...READER },
      { engine: { routes: { [closed]: registry.host } } },
    )
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Pulled')])
    expect(result().images[0].credential).toBe('api-token')
  })

  it('is told where the engine could use none of them', async () => {
    registry.on('GET /v2/acme/other/manifests/1', denied)
    const closed = await closedHost()
    const { exitCode, log } = await run(
      { REGISTRY: closed, MAX_ATTEMPTS: '1', IMAGE: 'other:1', ...READER },
      { engine: { routes: { [closed]: registry.host } } },
    )
    expect(exitCode).toBe(3)
    expect(log).toContain("It was asked for with the step's own credentials and the API token.")
    expect(log).not.toContain('give API_TOKEN_USERNAME')
  })

  it.each<[string, Script]>([
    ['there is no such package', errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry')],
    ['it may not list the tags', denied],
    ['there is no list of tags', { status: 404, body: 'Not found' }],
  ])('is tried where the first one finds no manifest, and is told that %s', async (_name, tags) => {
    restrict(errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown'))
    registry.on('GET /v2/acme/other/tags/list', toReaderOnly(tags, { body: { tags: ['1'] } }))
    const { exitCode, result } = await run({ IMAGE: 'other:1', ...READER })
    expect(exitCode).toBe(0)
    expect(result().images[0].credential).toBe('api-token')
  })

  it('is not tried where the first one sees the tags', async () => {
    restrict(errorReply(404, 'MANIFEST_UNKNOWN', 'manifest unknown'))
    registry.on('GET /v2/acme/other/tags/list', { body: { tags: ['0.9'] } })
    const { exitCode, log } = await run({ IMAGE: 'other:1', ...READER })
    expect([exitCode, log]).toEqual([4, expect.stringContaining('nearest first: 0.9.')])
  })

  it('is not asked for where it was given', async () => {
    registry.on(
      'GET /v2/acme/other/tags/list',
      errorReply(404, 'NAME_UNKNOWN', 'repository name not known to registry'),
    )
    const { exitCode, log } = await run({ IMAGE: 'other:7', ...READER })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-PACKAGE-UNKNOWN')
    expect(log).toContain('or give an API token whose account may read it')
    expect(log).not.toContain('give API_TOKEN_USERNAME')
  })
})

describe('a registry that lets everybody in', () => {
  beforeEach(() =>
    registry.on('GET /v2/', { headers: { 'docker-distribution-api-version': 'registry/2.0' }, body: {} }),
  )

  it('is not said to have accepted a credential, nor to have been asked with one', async () => {
    const { exitCode, log } = await run({ CHECK_ONLY: 'true', BITBUCKET_PACKAGES_TOKEN: 'wrong' })
    expect(exitCode).toBe(0)
    expect(log).toContain(`the step's own credentials  not asked for: ${registry.host} is open`)
    expect(log).toMatch(/linux\/arm64\/v8 +no credentials +ok/)
    expect(registry.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
  })

  it('has no credential in result.json, and no login', async () => {
    const { exitCode, result, commands } = await run()
    expect(exitCode).toBe(0)
    expect(result().images[0].credential).toBeNull()
    expect(commands().filter((command) => command.startsWith('login'))).toEqual([])
  })

  it('has one where it asks for it later', async () => {
    registry.on('GET /v2/acme/base/manifests/1.4', (request) =>
      isFrom(request, USERNAME, TOKEN)
        ? manifestReply(Buffer.from(arm))
        : errorReply(401, 'UNAUTHORIZED', 'authentication required', {
            'www-authenticate': 'Basic realm="packages"',
          }),
    )
    expect((await run()).result().images[0].credential).toBe('built-in')
  })
})

describe('CHECK_ONLY', () => {
  it('says that the commands of RUN are skipped', async () => {
    const { exitCode, log } = await inClone({ CHECK_ONLY: 'true', RUN: 'echo ran' })
    expect([exitCode, log]).toEqual([0, expect.stringContaining('the commands of RUN are not run')])
  })

  it('has null for each image in result.json', async () => {
    const { result } = await run({ CHECK_ONLY: 'true', IMAGE: 'base:1.4 nothing:1' })
    expect(result().images).toEqual([null, null])
  })
})

describe('a layer that several images share', () => {
  it.each([
    ['the log', {}, /Found 2 of 2 in the registry: 99\.1 kB in 3 layers/],
    ['CHECK_ONLY', { CHECK_ONLY: 'true' }, / free, 99\.1 kB to transfer/],
  ])('counts once in %s', async (_name, variables, expected) => {
    const shared = tarLayer(50_000)
    serveImage(registry, 'acme/one', '1', fakeImage([shared, tarLayer(20_000), shared]))
    serveImage(registry, 'acme/two', '1', fakeImage([shared, tarLayer(28_000)]))
    expect((await run({ IMAGE: 'one:1 two:1', ...variables })).log).toMatch(expected)
  })
})

describe('what is not an image', () => {
  it.each([
    ['application/vnd.cncf.helm.config.v1+json', 'a Helm chart'],
    ['application/vnd.wasm.config.v0+json', 'a WebAssembly module'],
  ])('of %s is named before any login', async (type, what) => {
    const document = JSON.parse(arm)
    document.config.mediaType = type
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(JSON.stringify(document))))
    for (const variables of [{}, { CHECK_ONLY: 'true' }]) {
      const { exitCode, log, commands } = await run(variables)
      expect([exitCode, log]).toEqual([
        6,
        expect.stringContaining(`acme/base is not a container image, but ${what}`),
      ])
      expect(commands()).toEqual([])
    }
  })

  it('is named beside images in an index, when none fits', async () => {
    const attestation = JSON.parse(arm)
    attestation.layers[0].mediaType = 'application/vnd.in-toto+json'
    const text = JSON.stringify(attestation)
    const index = JSON.parse(imageIndex({ 'linux/amd64': amd, 'unknown/unknown': text }))
    for (const [platform, code] of [
      [index.manifests[1].platform, 'It was built for linux/amd64.'],
      [undefined, 'It was built for linux/amd64.'],
    ]) {
      index.manifests[1].platform = platform
      servePackage(registry, 'acme/multi', { '1': JSON.stringify(index) }, [amd, text])
      const { exitCode, log } = await run({ IMAGE: 'multi:1' })
      expect([exitCode, log]).toEqual([5, expect.stringContaining(code)])
    }
  })

  it('is a build cache, which is an index', async () => {
    const index = JSON.parse(imageIndex({ 'linux/arm64': arm }))
    index.manifests = [
      { ...index.manifests[0], platform: undefined, mediaType: 'application/vnd.buildkit.cacheconfig.v0' },
    ]
    servePackage(registry, 'acme/cache', { '1': JSON.stringify(index) })
    const { exitCode, log } = await run({ IMAGE: 'cache:1' })
    expect([exitCode, log]).toEqual([6, expect.stringContaining('a build cache of BuildKit')])
  })
})

describe('what the pipe does not understand', () => {
  const schema1 = {
    schemaVersion: 1,
    name: 'acme/base',
    tag: '1.4',
    fsLayers: [],
    history: [],
    signatures: [{}],
  }
  const signed = {
    headers: {
      'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws',
      // Of what it was before it was signed.
      'docker-content-digest': sha256('payload'),
    },
    body: schema1,
  }

  it.each<[string, Script]>([
    ['a manifest of schema 1', signed],
    ['a document of another type', manifestReply(Buffer.from('{}'), 'application/vnd.example+json')],
    ['a page of rubbish', { body: 'rubbish' }],
  ])('is left to the engine: %s', async (_name, reply) => {
    registry.on('GET /v2/acme/base/manifests/1.4', reply)
    const { exitCode, log } = await run(
      {},
      {
        answers: { pull: { stdout: '' } },
        images: [{ id: sha256('there'), names: [`${registry.host}/acme/base:1.4`] }],
      },
    )
    expect([exitCode, log]).toEqual([
      0,
      expect.stringContaining('acme/base could not be looked up, the engine will try'),
    ])
  })

  it('is told in the words of the pipe where the engine has none of the catalogue', async () => {
    registry.on(
      'GET /v2/acme/base/manifests/1.4',
      manifestReply(Buffer.from('{}'), 'application/vnd.example+json'),
    )
    const stderr = 'Error response from daemon: what is this supposed to be'
    const { exitCode, log } = await run({}, { answers: { pull: { stderr, exitCode: 1 } } })
    expect(exitCode).toBe(6)
    expect(log).toMatch(/PKG-MANIFEST: The manifest of .* cannot be used/)
    expect(log).toContain('what is this supposed to be')
    expect(log).toContain('It is of the type application/vnd.example+json.')
  })

  it('is told by CHECK_ONLY as the engine that is there reads it', async () => {
    registry.on('GET /v2/acme/base/manifests/1.4', signed)
    const version = (Version: string) => ({
      version: {
        stdout: JSON.stringify({
          Client: { Version: '28.5.2' },
          Server: { Version, Os: 'linux', Arch: 'arm64' },
        }),
      },
    })
    const old = await run({ CHECK_ONLY: 'true' }, { answers: version('20.10.24') })
    expect([old.exitCode, old.log]).toEqual([0, expect.stringContaining('ok: for the engine alone to read')])
    const current = await run({ CHECK_ONLY: 'true' }, { answers: version('28.5.2') })
    expect([current.exitCode, current.log]).toEqual([6, expect.stringContaining('PKG-SCHEMA1')])
  })

  it.each<[string, Script]>([
    ['bytes of another digest', { ...manifestReply(Buffer.from(arm)), body: amd }],
    [
      'a document that is two things',
      manifestReply(Buffer.from(JSON.stringify({ ...JSON.parse(arm), manifests: [] }))),
    ],
  ])('is not %s, which no engine gets to see', async (_name, reply) => {
    registry.on('GET /v2/acme/base/manifests/1.4', reply)
    const { exitCode, commands } = await run()
    expect([exitCode, commands()]).toEqual([6, []])
  })
})

describe('a manifest that is sent under a type that says nothing', () => {
  const send = (byDigest: string) => {
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(arm), 'binary/octet-stream'))
    registry.on(`GET /v2/acme/base/manifests/${sha256(arm)}`, manifestReply(Buffer.from(arm), byDigest))
  }
  const stderr = 'Error response from daemon: missing signature key'

  it('is no hindrance where it has its own type by digest, by which engines read it', async () => {
    send('application/vnd.oci.image.manifest.v1+json')
    for (const variables of [{}, { CHECK_ONLY: 'true' }]) expect((await run(variables)).exitCode).toBe(0)
  })

  it.each([
    ['the pull', {}],
    ['CHECK_ONLY', { CHECK_ONLY: 'true' }],
  ])('is an error of %s, and not called schema 1', async (_name, variables) => {
    send('binary/octet-stream')
    const { exitCode, log } = await run(variables, { answers: { pull: { stderr, exitCode: 1 } } })
    expect([exitCode, log]).toEqual([6, expect.stringContaining('with the Content-Type binary/octet-stream')])
    expect(log).not.toContain('PKG-SCHEMA1')
  })

  it('is delivered by way of STORE', async () => {
    const image = fakeImage([tarLayer(1000)])
    serveImage(registry, 'acme/base', '1.4', image)
    for (const reference of ['1.4', image.digest])
      registry.on(
        `GET /v2/acme/base/manifests/${reference}`,
        manifestReply(image.manifest, 'binary/octet-stream'),
      )
    for (const variables of [{}, { CHECK_ONLY: 'true' }])
      expect((await inClone({ STORE: '.images', ...variables })).exitCode).toBe(0)
  })

  it('may come with any status of success', async () => {
    registry.on('GET /v2/acme/base/manifests/1.4', { ...manifestReply(Buffer.from(arm)), status: 201 })
    expect((await run({ CHECK_ONLY: 'true' })).exitCode).toBe(0)
  })
})

describe('CHECK_ONLY reads a configuration as engines do', () => {
  const serveConfig = (config: string | object, reply?: Script) => {
    const text = typeof config === 'string' ? config : JSON.stringify(config)
    const document = JSON.parse(arm)
    document.config.digest = sha256(text)
    servePackage(registry, 'acme/base', { '1.4': JSON.stringify(document) })
    registry.on(`GET /v2/acme/base/blobs/${sha256(text)}`, reply ?? { body: text })
    return run({ CHECK_ONLY: 'true' })
  }
  const linux = { os: 'linux', architecture: 'arm64' }
  const rootfs = (...diff_ids: string[]) => ({ rootfs: { type: 'layers', diff_ids } })

  it.each<[string, string | object, string]>([
    ['is no JSON', 'none', 'is not one of an image'],
    ['has no bytes', '', 'is not one of an image'],
    ['is a list', [], 'is not one of an image'],
    ['begins with a byte order mark', '\uFEFF{}', 'is not one of an image'],
    ['is empty', {}, 'is not one of an image'],
    ['has no layers', { ...linux, rootfs: null }, 'is not one of an image'],
    ['has fewer layers', { ...linux, ...rootfs() }, 'has 0 layers, its manifest 1'],
    ['has more layers', { ...linux, ...rootfs('a', 'b') }, 'has 2 layers, its manifest 1'],
  ])('that %s', async (_name, config, why) => {
    const { exitCode, log } = await serveConfig(config)
    expect([exitCode, log]).toEqual([6, expect.stringContaining(why)])
  })

  it('that is lost, or has other bytes', async () => {
    const fine = { ...linux, ...rootfs('a') }
    expect((await serveConfig(fine, errorReply(404, 'BLOB_UNKNOWN', 'blob unknown'))).exitCode).toBe(6)
    expect((await serveConfig(fine, { body: 'other' })).log).toContain('PKG-INTEGRITY')
    expect((await serveConfig(fine, { body: 'other', fault: 'reset', after: 2 })).exitCode).toBe(0)
    expect((await serveConfig(fine)).exitCode).toBe(0)
  })

  it('that is of another operating system, which the engine’s own store does not take', async () => {
    const { exitCode, log } = await serveConfig({ os: 'windows', architecture: 'arm64', ...rootfs('a') })
    expect([exitCode, log]).toEqual([
      5,
      expect.stringContaining('is for windows/arm64, this engine is linux/arm64.'),
    ])
  })
})

describe('a registry that answers a login oddly', () => {
  it('is asked by the engine without one in the end', async () => {
    registry.on('GET /v2/', { status: 204 })
    const { exitCode, result, log } = await run()
    expect([exitCode, log]).toEqual([0, expect.stringContaining('with no credentials')])
    expect(result().images[0].credential).toBeNull()
  })

  it.each([
    ['204', { status: 204 }, 'nothing to go by (204)'],
    ['a page', { body: '<html>It works!</html>', headers: { 'content-type': 'text/html' } }, 'a page (200)'],
    ['404', { status: 404 }, 'nothing to go by (404)'],
    ['401 without a challenge', { status: 401 }, 'nothing to go by (401)'],
  ])('is judged by CHECK_ONLY by what it has, where it answers %s', async (_name, answer, words) => {
    registry.on('GET /v2/', answer)
    const { exitCode, log } = await run({ CHECK_ONLY: 'true' })
    expect([exitCode, log]).toEqual([0, expect.stringContaining(`answers GET /v2/ with ${words}`)])
    expect(log).toContain('1 of 1 image can be delivered')
  })
})

describe('layers that are compressed with zstd', () => {
  const engine = (Version: string) => ({
    answers: {
      version: {
        stdout: JSON.stringify({
          Client: { Version: '28.5.2' },
          Server: { Version, Os: 'linux', Arch: 'arm64' },
        }),
      },
    },
  })
  beforeEach(() => {
    const document = JSON.parse(arm)
    document.layers[0].mediaType = 'application/vnd.oci.image.layer.v1.tar+zstd'
    servePackage(registry, 'acme/base', { '1.4': JSON.stringify(document) })
  })

  it.each([
    ['the pull', {}],
    ['CHECK_ONLY', { CHECK_ONLY: 'true' }],
  ])('are an error of %s in an engine before 23, before anything is pulled', async (_name, variables) => {
    const { exitCode, log, commands } = await run(variables, engine('20.10.24'))
    expect(exitCode).toBe(6)
    expect(log).toMatch(/This engine is 20\.10\.24; .* needs 23/)
    expect(commands().filter((command) => command.startsWith('pull'))).toEqual([])
  })

  it.each(['23.0.0', '25.0.5', '28.5.2'])('are pulled by an engine %s', async (version) => {
    expect((await run({}, engine(version))).exitCode).toBe(0)
    expect((await run({ CHECK_ONLY: 'true' }, engine(version))).exitCode).toBe(0)
  })

  it('are no error of CHECK_ONLY with STORE, where the pipe unpacks them', async () => {
    expect((await inClone({ CHECK_ONLY: 'true', STORE: '.images' }, engine('20.10.24'))).exitCode).toBe(0)
  })
})

describe('an image of Docker Hub', () => {
  it.each([
    'docker.io/alpine:3.20',
    'docker.io/library/alpine:3.20',
    'index.docker.io/library/alpine:3.20',
    'index.docker.io/alpine:3.20',
  ])('is found in the engine, where its name is short: %s', async (image) => {
    const images = [{ id: sha256('alpine'), names: ['alpine:3.20', `alpine@${sha256('manifest')}`] }]
    const { exitCode, result, commands } = await run({ IMAGE: image, PULL_POLICY: 'never' }, { images })
    expect(exitCode).toBe(0)
    expect(commands()).toHaveLength(1)
    expect(result().images[0]).toMatchObject({
      id: sha256('alpine'),
      digest: sha256('manifest'),
      source: 'engine',
    })
  })
})
