import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pipe } from '../src/pipe.ts'
import { type Answer, fakeDocker } from './fake-docker.ts'
import { blobReply, type FakeImage, fakeImage, randomLayer, serveImage } from './fake-image.ts'
import { imageIndex, serveBasic, sha256 } from './fake-package.ts'
import { type FakeRegistry, manifestReply, startFake } from './fake-registry.ts'

const TOKEN = 'tok-3f9a1c77'
const shared = randomLayer(50_000)
const base = fakeImage([shared, randomLayer(20_000)])
const tools = fakeImage([shared, randomLayer(30_000)])

let registry: FakeRegistry
let clone: string
beforeEach(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { 'x-packages': TOKEN })
  serveImage(registry, 'acme/base', '1.4', base)
  serveImage(registry, 'acme/tools', '2', tools)
  clone = mkdtempSync(join(tmpdir(), 'clone-'))
})
afterEach(() => registry.close())

/** What an engine has: lines of `docker image ls`. */
type Engine = ReadonlyArray<{ id: string; name?: string; tag?: string; digest?: string }>

/** An engine with some images, which gets those of an archive when it loads one. */
const engineWith = (images: Engine, ids: Record<string, string>): Record<string, Answer> => {
  const lines = images.map(
    ({ id, name = '<none>', tag = '<none>', digest = '<none>' }) =>
      `${id} ${name.includes('/') ? `${registry.host}/${name}` : name} ${tag} ${digest}\n`,
  )
  const inspected = (id: string) => ({
    stdout: JSON.stringify({ Id: id, RepoDigests: [], Os: 'linux', Architecture: 'arm64', Variant: 'v8' }),
  })
  return {
    version: {
      stdout: JSON.stringify({
        Client: { Version: '28.5.2' },
        Server: { Version: '25.0.5', Os: 'linux', Arch: 'arm64' },
      }),
    },
    'image ls': { stdout: lines.join('') },
    ...Object.fromEntries(
      Object.entries(ids).map(([name, id]) => [
        `image inspect --format {{json .}} ${name.startsWith('sha256:') ? name : `${registry.host}/${name}`}`,
        inspected(id),
      ]),
    ),
    login: {},
    pull: {},
    load: {},
    tag: {},
  }
}

const fresh = () => engineWith([], { 'acme/base:1.4': base.configDigest, 'acme/tools:2': tools.configDigest })

const run = async (answers: Record<string, Answer>, variables: Record<string, string> = {}) => {
  const docker = fakeDocker(answers)
  const output = mkdtempSync(join(tmpdir(), 'pipe-output-'))
  let log = ''
  const env = {
    PATH: docker.path,
    NO_COLOR: '1',
    BITBUCKET_WORKSPACE: 'acme',
    BITBUCKET_CLONE_DIR: clone,
    BITBUCKET_PACKAGES_USERNAME: 'x-packages',
    BITBUCKET_PACKAGES_TOKEN: TOKEN,
    REGISTRY: registry.host,
    IMAGE: 'base:1.4',
    STORE: join(clone, '.images'),
    MAX_ATTEMPTS: '2',
    OUTPUT_DIR: output,
    ...variables,
  }
  const before = registry.requests.length
  const exitCode = await pipe(env, { write: (text) => (log += text), signal: new AbortController().signal })
  const commands = docker
    .calls()
    .map(({ args }) => args.join(' ').replaceAll(registry.host, 'REGISTRY'))
    .filter((command) => !/^(?:image|info) /.test(command))
  const requests = registry.requests.slice(before).map(({ method, path }) => `${method} ${path}`)
  const result = () => JSON.parse(readFileSync(join(output, 'result.json'), 'utf8'))
  const variablesFile = () =>
    readFileSync(join(output, 'images.env'), 'utf8').replaceAll(registry.host, 'REGISTRY')
  return { exitCode, log, commands, requests, result, variablesFile, calls: docker.calls }
}

const blobFile = (digest: string) => join(clone, '.images/blobs', digest.replace(':', '/'))
const without = { BITBUCKET_PACKAGES_USERNAME: '', BITBUCKET_PACKAGES_TOKEN: '' }
const damage = (digest: string, at = 10_000) => {
  const bytes = readFileSync(blobFile(digest))
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(blobFile(digest), bytes)
}
const firstLayer = (image: FakeImage) => image.layers[0]?.digest ?? ''
const lastLayer = (image: FakeImage) => image.layers.at(-1)?.digest ?? ''
const blobsAsked = (requests: string[]) => requests.filter((request) => request.includes('/blobs/'))

describe('with STORE the pipe', () => {
  it('fetches each blob once, loads all images in one stream, and needs no docker login', async () => {
    const { exitCode, commands, requests, result } = await run(fresh(), { IMAGE: 'base:1.4 tools:2' })
    expect(exitCode).toBe(0)
    expect(commands).toEqual(['load --quiet'])
    // Two configurations, and three layers of which the images share one.
    expect(blobsAsked(requests)).toHaveLength(5)
    expect(result().images).toMatchObject([
      { source: 'registry', credential: 'built-in', compressedSize: base.size, attempts: 1 },
      { source: 'registry', credential: 'built-in', compressedSize: tools.size, attempts: 1 },
    ])
    const bytes = result().images.map(
      ({ bytesTransferred }: { bytesTransferred: number }) => bytesTransferred,
    )
    expect(bytes[0] + bytes[1]).toBe(base.size + tools.size - shared.length)
    expect(bytes[0]).toBe(base.size)
  })

  it('feeds the engine a tar whose last file is manifest.json', async () => {
    const { calls } = await run(fresh())
    const load = calls().find(({ args }) => args[0] === 'load')
    expect(load?.stdin).toContain('ustar')
    expect(load?.stdin.slice(load.stdin.lastIndexOf('manifest.json'))).toContain(
      JSON.stringify([`${registry.host}/acme/base:1.4`]),
    )
  })

  it('takes the image from the store in a later step: no network, no credentials', async () => {
    await run(fresh())
    const { exitCode, commands, requests, result, variablesFile } = await run(fresh(), {
      ...without,
      PULL_POLICY: 'missing',
    })
    expect(exitCode).toBe(0)
    expect(requests).toEqual([])
    expect(commands).toEqual(['load --quiet'])
    expect(result().images).toMatchObject([
      {
        reference: `${registry.host}/acme/base:1.4`,
        digest: base.digest,
        manifestDigest: base.digest,
        id: base.configDigest,
        source: 'store',
        bytesTransferred: 0,
        compressedSize: base.size,
        credential: null,
      },
    ])
    expect(variablesFile()).toBe(
      `PACKAGES_IMAGE_0=REGISTRY/acme/base:1.4\nPACKAGES_IMAGE_0_DIGEST=${base.digest}\nPACKAGES_IMAGE_0_ID=${base.configDigest}\n`,
    )
  })

  it('asks the registry by default what the tag means, and transfers nothing where that is in the store', async () => {
    await run(fresh())
    const { requests, result } = await run(fresh())
    expect(requests).toContain('GET /v2/acme/base/manifests/1.4')
    expect(blobsAsked(requests)).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'store', bytesTransferred: 0, credential: 'built-in' })
  })

  it('transfers only the layer that changed, and removes the old one', async () => {
    await run(fresh())
    const next = fakeImage([shared, randomLayer(5_000)])
    serveImage(registry, 'acme/base', '1.4', next)
    const engine = engineWith([], { 'acme/base:1.4': next.configDigest })
    const { requests, result } = await run(engine)
    expect(blobsAsked(requests)).toHaveLength(2)
    expect(result().images[0].bytesTransferred).toBe(next.size - shared.length)
    expect(existsSync(blobFile(lastLayer(base)))).toBe(false)
    expect(existsSync(blobFile(shared.length > 0 ? firstLayer(next) : ''))).toBe(true)
  })

  it('loads nothing that the engine has, but keeps it', async () => {
    const engine = engineWith([{ id: base.configDigest, name: 'acme/base', tag: 'old' }], {
      [base.configDigest]: base.configDigest,
    })
    const { exitCode, commands, result } = await run(engine)
    expect(exitCode).toBe(0)
    expect(commands).toEqual([`tag ${base.configDigest} REGISTRY/acme/base:1.4`])
    expect(result().images[0]).toMatchObject({ bytesTransferred: base.size, id: base.configDigest })
    expect(existsSync(blobFile(firstLayer(base)))).toBe(true)
  })

  it('takes a relative folder from the folder of the step', async () => {
    const { exitCode } = await run(fresh(), { STORE: relative(process.cwd(), join(clone, 'deep/images')) })
    expect(exitCode).toBe(0)
    expect(readdirSync(join(clone, 'deep/images')).sort()).toEqual([
      'blobs',
      'index.json',
      'manifest.json',
      'oci-layout',
    ])
  })

  it.each(['/tmp/elsewhere', '..', '.'])(
    'refuses the folder %s, which is not below the clone folder',
    async (folder) => {
      const { exitCode, log, commands } = await run(fresh(), { STORE: folder === '.' ? clone : folder })
      expect(exitCode).toBe(2)
      expect(log).toContain('is not below the clone folder')
      expect(commands).toEqual([])
    },
  )

  it('writes no credential, no token and no address of storage into the folder', async () => {
    const storage = await startFake()
    const digest = lastLayer(base)
    storage.on('GET /bucket', blobReply(base.blobs.get(digest) ?? Buffer.alloc(0)))
    registry.on(`GET /v2/acme/base/blobs/${digest}`, {
      status: 307,
      headers: { location: `${storage.origin}/bucket?X-Signature=s1gned` },
    })
    expect((await run(fresh(), { DEBUG: 'true' })).exitCode).toBe(0)
    await storage.close()
    const names = readdirSync(join(clone, '.images'), { recursive: true, withFileTypes: true })
    const files = names.filter((name) => name.isFile()).map((name) => join(name.parentPath, name.name))
    const basic = Buffer.from(`x-packages:${TOKEN}`).toString('base64')
    for (const file of files)
      for (const secret of [TOKEN, basic, 's1gned', storage.host])
        expect(readFileSync(file).includes(secret)).toBe(false)
    expect(files.length).toBeGreaterThan(5)
  })

  it('finds a damaged blob before it reaches the engine, names it and fetches it again', async () => {
    await run(fresh())
    damage(firstLayer(base))
    const { exitCode, log, requests } = await run(fresh(), { PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(log).toContain(`WARNING: The blob ${firstLayer(base)} in `)
    expect(blobsAsked(requests)).toEqual([`GET /v2/acme/base/blobs/${firstLayer(base)}`])
    expect(sha256(readFileSync(blobFile(firstLayer(base))) as unknown as string)).toBe(firstLayer(base))
  })

  it.each([
    ['never', {}],
    ['missing', without],
  ])('ends at a damaged blob that it may not fetch again (%s)', async (policy, more) => {
    await run(fresh())
    damage(firstLayer(base))
    const { exitCode, log, commands, requests } = await run(fresh(), { PULL_POLICY: policy, ...more })
    expect(exitCode).toBe(6)
    expect(log).toContain('PKG-INTEGRITY')
    expect(log).toContain(firstLayer(base))
    expect(commands).toEqual([])
    expect(requests).toEqual([])
  })

  it('fetches a manifest again that is not the one of its digest', async () => {
    await run(fresh())
    writeFileSync(blobFile(base.digest), tools.manifest)
    const never = await run(fresh(), { PULL_POLICY: 'never' })
    expect(never.exitCode).toBe(6)
    const { exitCode, result } = await run(fresh(), { PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(result().images[0]).toMatchObject({ digest: base.digest, bytesTransferred: 0 })
  })

  it('feeds the layers as they are to an engine that keeps its images in containerd', async () => {
    const info = { stdout: '[["driver-type","io.containerd.snapshotter.v1"]]' }
    const gzipped = fakeImage([gzipSync(Buffer.alloc(10_240))])
    serveImage(registry, 'acme/base', '1.4', gzipped)
    const engine = engineWith([], { 'acme/base:1.4': gzipped.digest })
    const names = async (answers: Record<string, Answer>) => {
      const { exitCode, calls } = await run(answers)
      expect(exitCode).toBe(0)
      return [
        ...(calls().find(({ args }) => args[0] === 'load')?.stdin ?? '').matchAll(
          /blobs\/sha256\/[0-9a-f]{64}\0|index\.json\0/g,
        ),
      ].length
    }
    // Manifest, configuration, layer and index; without, the layer goes by another name.
    expect(await names({ ...engine, info })).toBe(4)
    expect(await names(engine)).toBe(2)
  })

  it('feeds the layers as they are where one turns out to be of another size than it says', async () => {
    const lying = gzipSync(Buffer.alloc(10_240))
    lying.writeUInt32LE(20_480, lying.length - 4)
    const image = fakeImage([lying])
    serveImage(registry, 'acme/base', '1.4', image)
    const { exitCode, commands, calls } = await run(engineWith([], { 'acme/base:1.4': image.configDigest }))
    expect(exitCode).toBe(0)
    expect(commands).toEqual(['load --quiet', 'load --quiet'])
    expect(calls().at(-2)?.stdin).toContain('index.json')
  })

  it('does not believe an engine that has another image after the load', async () => {
    const { exitCode, log } = await run(engineWith([], { 'acme/base:1.4': tools.configDigest }))
    expect(exitCode).toBe(6)
    expect(log).toContain(`image id ${tools.configDigest}`)
  })

  it('knows the image by its manifest too, as engines with the containerd store do', async () => {
    expect((await run(engineWith([], { 'acme/base:1.4': base.digest }))).exitCode).toBe(0)
  })

  it('gives an image that is named by digest alone a tag that holds the digest', async () => {
    const tag = `acme/base:${base.digest.replace(':', '-')}`
    const engine = engineWith([], { [tag]: base.configDigest })
    const first = await run(engine, { IMAGE: `base@${base.digest}` })
    expect(first.result().images[0].reference).toBe(`${registry.host}/${tag}`)
    const { requests, result } = await run(engine, { IMAGE: `base@${base.digest}`, PULL_POLICY: 'never' })
    expect(requests).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'store', digest: base.digest })
  })

  it('does not take another image for the one that a digest names', async () => {
    await run(fresh())
    const { exitCode, log } = await run(fresh(), { IMAGE: `base:1.4@${tools.digest}`, PULL_POLICY: 'never' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-NOT-HERE')
  })

  it('takes from a multi-platform image what the engine runs, and keeps the digest of the tag', async () => {
    const amd = fakeImage([randomLayer(100)], 'amd64')
    const index = imageIndex({
      'linux/amd64': amd.manifest.toString(),
      'linux/arm64/v8': base.manifest.toString(),
    })
    serveImage(registry, 'acme/multi', 'unused', base)
    registry.on(
      'GET /v2/acme/multi/manifests/1',
      manifestReply(Buffer.from(index), 'application/vnd.oci.image.index.v1+json'),
    )
    const engine = engineWith([], { 'acme/multi:1': base.configDigest })
    await run(engine, { IMAGE: 'multi:1' })
    const { requests, result } = await run(engine, { IMAGE: 'multi:1', PULL_POLICY: 'never' })
    expect(requests).toEqual([])
    expect(result().images[0]).toMatchObject({ digest: sha256(index), manifestDigest: base.digest })
    const other = await run(engine, { IMAGE: 'multi:1', PULL_POLICY: 'never', PLATFORM: 'linux/amd64' })
    expect(other.exitCode).toBe(4)
    // By the index's digest it is found as long as the store has the index itself, whatever else it claims.
    const pinned = { IMAGE: `multi:1@${sha256(index)}`, PULL_POLICY: 'never' }
    expect((await run(engine, pinned)).exitCode).toBe(0)
    writeFileSync(blobFile(sha256(index)), imageIndex({ 'linux/arm64': tools.manifest.toString() }))
    expect((await run(engine, pinned)).exitCode).toBe(4)
  })

  it('delivers the other images when one cannot be fetched', async () => {
    registry.on(`GET /v2/acme/tools/blobs/${lastLayer(tools)}`, { status: 503 })
    const { exitCode, log, result } = await run(fresh(), { IMAGE: 'tools:2 base:1.4' })
    expect(exitCode).toBe(8)
    expect(log).toContain('✖ PKG-REGISTRY-UNAVAILABLE: 1 of 2 images delivered')
    expect(result().images).toMatchObject([null, { reference: `${registry.host}/acme/base:1.4` }])
  })

  it('warns before it transfers what is close to the limit of artifacts and caches', async () => {
    const large = JSON.parse(base.manifest.toString())
    large.layers[0].size = 850_000_000
    const bytes = Buffer.from(JSON.stringify(large))
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(bytes))
    const { log } = await run(fresh())
    expect(log).toContain('WARNING: 850 MB is close to the 1 GB that one artifact or one cache may hold')
  })

  it('does not begin what the disk has no space for', async () => {
    const large = JSON.parse(base.manifest.toString())
    large.layers[0].size = 2 ** 50
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(JSON.stringify(large))))
    const { exitCode, log, requests } = await run(fresh())
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-DISK-FULL')
    expect(blobsAsked(requests)).toEqual([])
  })

  it('lets the engine try where the pipe cannot reach the registry, and says that nothing is kept', async () => {
    const { host } = registry
    await registry.close()
    const engine = {
      ...fresh(),
      'image inspect': {
        stdout:
          '{"Id":"sha256:1","Os":"linux","Architecture":"arm64","RepoDigests":["HOST/acme/base@sha256:2"]}'.replace(
            'HOST',
            host,
          ),
      },
    }
    const { exitCode, log, commands } = await run(
      Object.fromEntries(
        Object.entries(engine).filter(([name]) => !name.startsWith('image inspect --format')),
      ),
      { MAX_ATTEMPTS: '1' },
    )
    expect(log).toContain('it will not be in ')
    expect(commands.at(-1)).toBe('pull REGISTRY/acme/base:1.4'.replace('REGISTRY', 'REGISTRY'))
    expect(exitCode).toBe(0)
  })
})

describe('PULL_POLICY', () => {
  const there = () =>
    engineWith([{ id: base.configDigest, name: 'acme/base', tag: '1.4', digest: base.digest }], {
      [base.configDigest]: base.configDigest,
    })
  const alone = { STORE: '' }

  it.each(['missing', 'never'])('%s asks nobody for an image that the engine has', async (policy) => {
    const { exitCode, requests, commands, result } = await run(there(), {
      ...alone,
      ...without,
      PULL_POLICY: policy,
    })
    expect(exitCode).toBe(0)
    expect(requests).toEqual([])
    expect(commands).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'engine', bytesTransferred: 0, credential: null })
  })

  it('missing says which image of the engine a later step will not find in the store', async () => {
    const { exitCode, log, requests } = await run(there(), { ...without, PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(requests).toEqual([])
    expect(log).toContain('is in the engine and not in')
  })

  it('missing asks the registry for what is nowhere else', async () => {
    const { exitCode, result } = await run(fresh(), { PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(result().images[0]).toMatchObject({ source: 'registry', bytesTransferred: base.size })
  })

  it('missing asks for credentials only when the registry has to be asked', async () => {
    const { exitCode, log } = await run(fresh(), { ...without, PULL_POLICY: 'missing' })
    expect(exitCode).toBe(2)
    expect(log).toContain('PKG-CREDENTIALS-MISSING')
  })

  it('never says what is not here, and asks nobody', async () => {
    const { exitCode, log, requests } = await run(fresh(), { PULL_POLICY: 'never' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-NOT-HERE')
    expect(requests).toEqual([])
  })

  it('always pulls nothing that the engine has under the digest that the tag means now', async () => {
    const { exitCode, commands, calls, requests, result } = await run(there(), alone)
    expect(exitCode).toBe(0)
    expect(requests).toContain('GET /v2/acme/base/manifests/1.4')
    // A login may have been prepared meanwhile; it gets no secret.
    expect(commands.filter((command) => !command.startsWith('login '))).toEqual([])
    expect(calls().some(({ stdin }) => stdin.includes(TOKEN))).toBe(false)
    expect(result().images[0]).toMatchObject({
      source: 'engine',
      bytesTransferred: 0,
      credential: 'built-in',
    })
  })

  it('always pulls what the tag means now, also where the engine has another image under it', async () => {
    const engine = engineWith([{ id: tools.configDigest, name: 'acme/base', tag: '1.4' }], {
      [`acme/base@${base.digest}`]: base.configDigest,
    })
    const { commands } = await run(engine, alone)
    expect(commands).toContain(`pull REGISTRY/acme/base@${base.digest}`)
  })

  it('is one of three words', async () => {
    const { exitCode, log } = await run(fresh(), { PULL_POLICY: 'sometimes' })
    expect(exitCode).toBe(2)
    expect(log).toContain('PULL_POLICY: "sometimes" is no policy. Allowed: always, missing or never')
  })
})
