import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { age } from './age.ts'
import type { FakeDockerOptions } from './fake-docker.ts'
import { blobReply, type FakeImage, fakeImage, randomLayer, serveImage, tarLayer } from './fake-image.ts'
import { imageIndex, serveBasic } from './fake-package.ts'
import { type FakeRegistry, manifestReply, sha256, startFake } from './fake-registry.ts'
import { closedHost, type PipeOptions, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const shared = tarLayer(50_000)
const base = fakeImage([shared, tarLayer(20_000)])
const tools = fakeImage([shared, tarLayer(30_000)])

let registry: FakeRegistry
let clone: string
beforeEach(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  serveImage(registry, 'acme/base', '1.4', base)
  serveImage(registry, 'acme/tools', '2', tools)
  clone = realpathSync(mkdtempSync(join(tmpdir(), 'clone-')))
})
afterEach(() => registry.close())

/** An engine that has an image under some names of the registry. */
const having = ({ configDigest }: FakeImage, ...names: string[]): FakeDockerOptions => ({
  images: [{ id: configDigest, names: names.map((name) => `${registry.host}/acme/${name}`) }],
})

const run = async (variables: Record<string, string> = {}, more: Partial<PipeOptions> = {}) => {
  const ran = await runPipe({
    registry,
    cwd: clone,
    ...more,
    variables: { BITBUCKET_CLONE_DIR: clone, STORE: join(clone, '.images'), MAX_ATTEMPTS: '2', ...variables },
  })
  const commands = ran.commands().filter((command) => !/^(?:image|info) /.test(command))
  return {
    ...ran,
    commands,
    variablesFile: () => ran.read('images.env').replaceAll(registry.host, 'REGISTRY'),
  }
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
    const { exitCode, commands, requests, result } = await run({ IMAGE: 'base:1.4 tools:2' })
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
    const { calls } = await run()
    const load = calls().find(({ args }) => args[0] === 'load')
    expect(load?.stdin).toContain('ustar')
    expect(load?.stdin.slice(load.stdin.lastIndexOf('manifest.json'))).toContain(
      JSON.stringify([`${registry.host}/acme/base:1.4`]),
    )
  })

  it('takes the image from the store in a later step: no network, no credentials', async () => {
    await run()
    const { exitCode, commands, requests, result, variablesFile } = await run({
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
    await run()
    const { requests, result } = await run()
    expect(requests).toContain('GET /v2/acme/base/manifests/1.4')
    expect(blobsAsked(requests)).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'store', bytesTransferred: 0, credential: 'built-in' })
  })

  it('transfers only the layer that changed, and removes the old one', async () => {
    await run()
    age(join(clone, '.images'))
    const next = fakeImage([shared, tarLayer(5_000)])
    serveImage(registry, 'acme/base', '1.4', next)
    const { requests, result } = await run()
    expect(blobsAsked(requests)).toHaveLength(2)
    expect(result().images[0].bytesTransferred).toBe(next.size - shared.length)
    expect(existsSync(blobFile(lastLayer(base)))).toBe(false)
    expect(existsSync(blobFile(shared.length > 0 ? firstLayer(next) : ''))).toBe(true)
  })

  it('loads nothing that the engine has, but keeps it', async () => {
    const { exitCode, commands, result } = await run({}, having(base, 'base:old'))
    expect(exitCode).toBe(0)
    expect(commands).toEqual([`tag ${base.configDigest} REGISTRY/acme/base:1.4`])
    expect(result().images[0]).toMatchObject({ bytesTransferred: base.size, id: base.configDigest })
    expect(existsSync(blobFile(firstLayer(base)))).toBe(true)
  })

  it('takes a relative folder from the folder of the step', async () => {
    mkdirSync(join(clone, 'step'))
    const { exitCode } = await run({ STORE: '../deep/images' }, { cwd: join(clone, 'step') })
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
      const { exitCode, log, commands } = await run({ STORE: folder === '.' ? clone : folder })
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
    expect((await run({ DEBUG: 'true' })).exitCode).toBe(0)
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
    await run()
    damage(firstLayer(base))
    const { exitCode, log, requests } = await run({ PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(log).toContain(`WARNING: The blob ${firstLayer(base)} in `)
    expect(blobsAsked(requests)).toEqual([`GET /v2/acme/base/blobs/${firstLayer(base)}`])
    expect(sha256(readFileSync(blobFile(firstLayer(base))))).toBe(firstLayer(base))
  })

  it.each([
    ['never', {}],
    ['missing', without],
  ])('ends at a damaged blob that it may not fetch again (%s)', async (policy, more) => {
    await run()
    damage(firstLayer(base))
    const { exitCode, log, commands, requests } = await run({ PULL_POLICY: policy, ...more })
    expect(exitCode).toBe(6)
    expect(log).toContain('PKG-INTEGRITY')
    expect(log).toContain(firstLayer(base))
    expect(commands).toEqual([])
    expect(requests).toEqual([])
  })

  it('fetches a manifest again that is not the one of its digest', async () => {
    await run()
    writeFileSync(blobFile(base.digest), tools.manifest)
    const never = await run({ PULL_POLICY: 'never' })
    expect(never.exitCode).toBe(6)
    const { exitCode, result } = await run({ PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(result().images[0]).toMatchObject({ digest: base.digest, bytesTransferred: 0 })
  })

  it('feeds the layers as they are to an engine that keeps its images in containerd', async () => {
    serveImage(registry, 'acme/base', '1.4', fakeImage([gzipSync(Buffer.alloc(10_240))]))
    const names = async (containerd: boolean) => {
      const { exitCode, calls } = await run({}, { engine: { containerd } })
      expect(exitCode).toBe(0)
      const archive = calls().find(({ args }) => args[0] === 'load')?.stdin ?? ''
      return [...archive.matchAll(/blobs\/sha256\/[0-9a-f]{64}\0|index\.json\0/g)].length
    }
    // Manifest, configuration, layer and index; without, the layer goes by another name.
    expect(await names(true)).toBe(4)
    expect(await names(false)).toBe(2)
  })

  it('does not believe an engine that has another image after the load', async () => {
    const { exitCode, log } = await run(
      {},
      {
        ...having(tools, 'base:1.4'),
        answers: { load: { stdout: `Loaded image: ${registry.host}/acme/base:1.4\n` } },
      },
    )
    expect(exitCode).toBe(6)
    expect(log).toContain(`image id ${tools.configDigest}`)
  })

  it('knows the image by its manifest too, as engines with the containerd store do', async () => {
    const { exitCode, result } = await run({}, { engine: { containerd: true } })
    expect(exitCode).toBe(0)
    expect(result().images[0].id).toBe(base.digest)
  })

  it('gives an image that is named by digest alone a tag that holds the digest', async () => {
    const tag = `acme/base:${base.digest.replace(':', '-')}`
    const first = await run({ IMAGE: `base@${base.digest}` })
    expect(first.result().images[0].reference).toBe(`${registry.host}/${tag}`)
    const { requests, result } = await run({ IMAGE: `base@${base.digest}`, PULL_POLICY: 'never' })
    expect(requests).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'store', digest: base.digest })
  })

  it('finds by its digest what was put there by its tag', async () => {
    await run()
    const { exitCode, log, result } = await run({
      IMAGE: `base@${base.digest}`,
      PULL_POLICY: 'never',
      ...without,
    })
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Loaded ')])
    expect(result().images[0]).toMatchObject({ digest: base.digest, source: 'store' })
    const other = await run({ IMAGE: `base@${tools.digest}`, PULL_POLICY: 'never', ...without })
    expect([other.exitCode, other.log]).toEqual([4, expect.stringContaining('PKG-NOT-HERE')])
  })

  it('does not take another image for the one that a digest names', async () => {
    await run()
    const { exitCode, log } = await run({ IMAGE: `base:1.4@${tools.digest}`, PULL_POLICY: 'never' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-NOT-HERE')
  })

  it('takes from a multi-platform image what the engine runs, and keeps the digest of the tag', async () => {
    const amd = fakeImage([tarLayer(100)], 'amd64')
    const index = imageIndex({
      'linux/amd64': amd.manifest.toString(),
      'linux/arm64/v8': base.manifest.toString(),
    })
    serveImage(registry, 'acme/multi', 'unused', base)
    registry.on(
      'GET /v2/acme/multi/manifests/1',
      manifestReply(Buffer.from(index), 'application/vnd.oci.image.index.v1+json'),
    )
    await run({ IMAGE: 'multi:1' })
    const { requests, result } = await run({ IMAGE: 'multi:1', PULL_POLICY: 'never' })
    expect(requests).toEqual([])
    expect(result().images[0]).toMatchObject({ digest: sha256(index), manifestDigest: base.digest })
    const other = await run({ IMAGE: 'multi:1', PULL_POLICY: 'never', PLATFORM: 'linux/amd64' })
    expect(other.exitCode).toBe(4)
    // By the index's digest it is found as long as the store has the index itself, whatever else it claims.
    const pinned = { IMAGE: `multi:1@${sha256(index)}`, PULL_POLICY: 'never' }
    expect((await run(pinned)).exitCode).toBe(0)
    writeFileSync(blobFile(sha256(index)), imageIndex({ 'linux/arm64': tools.manifest.toString() }))
    expect((await run(pinned)).exitCode).toBe(4)
  })

  it('delivers the other images when one cannot be fetched', async () => {
    registry.on(`GET /v2/acme/tools/blobs/${lastLayer(tools)}`, { status: 503 })
    const { exitCode, log, result } = await run({ IMAGE: 'tools:2 base:1.4' })
    expect(exitCode).toBe(8)
    expect(log).toContain('✖ PKG-REGISTRY-UNAVAILABLE: 1 of 2 images delivered')
    expect(result().images).toMatchObject([null, { reference: `${registry.host}/acme/base:1.4` }])
  })

  it('warns before it transfers what is close to the limit of artifacts and caches', async () => {
    const large = JSON.parse(base.manifest.toString())
    large.layers[0].size = 850_000_000
    const bytes = Buffer.from(JSON.stringify(large))
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(bytes))
    const { log } = await run()
    expect(log).toContain('WARNING: 850 MB is close to the 1 GB that one artifact or one cache may hold')
  })

  it('does not begin what the disk has no space for', async () => {
    const large = JSON.parse(base.manifest.toString())
    large.layers[0].size = 2 ** 50
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(JSON.stringify(large))))
    const { exitCode, log, requests } = await run()
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-DISK-FULL')
    expect(blobsAsked(requests)).toEqual([])
  })

  /** Puts a layer of 40 GB into the store, of which the disk holds nothing, under a digest that it does not have. */
  const withEndlessLayer = async () => {
    await run()
    const digest = `sha256:${'1'.repeat(64)}`
    const manifest = JSON.parse(base.manifest.toString())
    manifest.layers[0] = { ...manifest.layers[0], digest, size: 40e9 }
    const bytes = JSON.stringify(manifest)
    writeFileSync(blobFile(sha256(bytes)), bytes)
    writeFileSync(blobFile(digest), '')
    truncateSync(blobFile(digest), 40e9)
    const index = readFileSync(join(clone, '.images/index.json'), 'utf8')
    writeFileSync(join(clone, '.images/index.json'), index.replaceAll(base.digest, sha256(bytes)))
  }

  it('ends with TIMEOUT, also where it checks the bytes of a store', async () => {
    await withEndlessLayer()
    const { exitCode, seconds } = await run({ PULL_POLICY: 'never', TIMEOUT: '1s' })
    expect(exitCode).toBe(124)
    expect(seconds).toBeLessThan(3)
  })

  it('ends with the step, also where it checks the bytes of a store', async () => {
    await withEndlessLayer()
    const { exitCode, seconds } = await run(
      { PULL_POLICY: 'never' },
      { stop: { signal: 'SIGTERM', at: 'image ls' } },
    )
    expect(exitCode).toBe(143)
    expect(seconds).toBeLessThan(3)
  })

  // Only root may mount a small disk.
  it.runIf(process.getuid?.() === 0)(
    'says that the disk is full where it does not take a whole blob',
    async () => {
      const large = fakeImage([randomLayer(900_000)])
      const manifest = JSON.parse(large.manifest.toString())
      // Else it would not even begin.
      manifest.layers[0].size = 1
      registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(JSON.stringify(manifest))))
      for (const [digest, bytes] of large.blobs)
        registry.on(`GET /v2/acme/base/blobs/${digest}`, blobReply(bytes))
      const folder = join(clone, '.images')
      mkdirSync(folder)
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k,mode=777', 'tmpfs', folder])
      try {
        const { exitCode, log } = await run({ MAX_ATTEMPTS: '1' })
        expect([exitCode, log]).toEqual([10, expect.stringContaining('ERROR: PKG-DISK-FULL')])
        expect(existsSync(blobFile(firstLayer(large)))).toBe(false)
      } finally {
        execFileSync('umount', [folder])
      }
    },
  )

  it('refuses a configuration that is not of these layers, which containerd would load', async () => {
    const config = Buffer.from(
      JSON.stringify({ os: 'linux', architecture: 'arm64', rootfs: { diff_ids: [] } }),
    )
    const manifest = JSON.parse(base.manifest.toString())
    Object.assign(manifest.config, { digest: sha256(config), size: config.length })
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(Buffer.from(JSON.stringify(manifest))))
    registry.on(`GET /v2/acme/base/blobs/${sha256(config)}`, { body: config })
    const { exitCode, log, commands } = await run()
    expect([exitCode, log]).toEqual([
      6,
      expect.stringContaining('Its configuration has 0 layers, its manifest 2.'),
    ])
    expect(commands.filter((command) => command.startsWith('load'))).toEqual([])
  })

  it('lets the engine try where the pipe cannot reach the registry, and says that nothing is kept', async () => {
    const host = await closedHost()
    const { exitCode, log, commands } = await run(
      { MAX_ATTEMPTS: '1' },
      { registry: { ...registry, host }, engine: { routes: { [host]: registry.host } } },
    )
    expect(log).toContain('it will not be in ')
    expect(commands.at(-1)).toBe('pull REGISTRY/acme/base:1.4')
    expect(exitCode).toBe(0)
  })
})

describe('PULL_POLICY', () => {
  const there = () => having(base, 'base:1.4', `base@${base.digest}`)
  const alone = { STORE: '' }

  it.each(['missing', 'never'])('%s asks nobody for an image that the engine has', async (policy) => {
    const { exitCode, requests, commands, result } = await run(
      { ...alone, ...without, PULL_POLICY: policy },
      there(),
    )
    expect(exitCode).toBe(0)
    expect(requests).toEqual([])
    expect(commands).toEqual([])
    expect(result().images[0]).toMatchObject({ source: 'engine', bytesTransferred: 0, credential: null })
  })

  it('missing says which image of the engine a later step will not find in the store', async () => {
    const { exitCode, log, requests } = await run({ ...without, PULL_POLICY: 'missing' }, there())
    expect(exitCode).toBe(0)
    expect(requests).toEqual([])
    expect(log).toContain('is in the engine and not in')
  })

  it('missing asks the registry for what is nowhere else', async () => {
    const { exitCode, result } = await run({ PULL_POLICY: 'missing' })
    expect(exitCode).toBe(0)
    expect(result().images[0]).toMatchObject({ source: 'registry', bytesTransferred: base.size })
  })

  it('missing asks for credentials only when the registry has to be asked', async () => {
    const { exitCode, log } = await run({ ...without, PULL_POLICY: 'missing' })
    expect(exitCode).toBe(2)
    expect(log).toContain('PKG-CREDENTIALS-MISSING')
  })

  it('never says what is not here, and asks nobody', async () => {
    const { exitCode, log, requests } = await run({ PULL_POLICY: 'never' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-NOT-HERE')
    expect(requests).toEqual([])
  })

  it('always pulls nothing that the engine has under the digest that the tag means now', async () => {
    const { exitCode, commands, calls, requests, result } = await run(alone, there())
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
    const { commands } = await run(alone, having(tools, 'base:1.4'))
    expect(commands).toContain(`pull REGISTRY/acme/base@${base.digest}`)
  })

  it('always and then missing takes what is here where the registry cannot tell, and says so', async () => {
    await run()
    registry.on('GET /v2/', { status: 503 })
    const { exitCode, log, result } = await run({ PULL_POLICY: 'always, missing', MAX_ATTEMPTS: '1' })
    expect([exitCode, log]).toEqual([
      0,
      expect.stringMatching(
        /WARNING: \S+base:1.4 is taken as PULL_POLICY: missing finds it, and may be an older one: .*503/,
      ),
    ])
    expect(result().images[0]).toMatchObject({ source: 'store', bytesTransferred: 0 })
  })

  it('always alone names this way out', async () => {
    await run()
    registry.on('GET /v2/', { status: 503 })
    const { exitCode, log } = await run(
      { MAX_ATTEMPTS: '1' },
      {
        answers: {
          pull: { exitCode: 1, stderr: 'received unexpected HTTP status: 503 Service Unavailable' },
        },
      },
    )
    expect([exitCode, log]).toEqual([8, expect.stringContaining('PULL_POLICY: [always, missing] takes it')])
  })

  it('always and then missing obeys a refusal', async () => {
    await run()
    registry.on('GET /v2/acme/base/manifests/1.4', { status: 403, body: { errors: [{ code: 'DENIED' }] } })
    const { exitCode, log } = await run({ PULL_POLICY: 'always, missing' })
    expect([exitCode, log]).toEqual([3, expect.stringContaining('PKG-ACCESS-DENIED')])
  })

  it('never and then always asks only for what is not here', async () => {
    const first = await run({ PULL_POLICY: 'never, always' })
    const second = await run({ PULL_POLICY: 'never, always' })
    expect([first.exitCode, second.exitCode, second.requests]).toEqual([0, 0, []])
  })

  it('is one of three words', async () => {
    const { exitCode, log } = await run({ PULL_POLICY: 'sometimes' })
    expect(exitCode).toBe(2)
    expect(log).toContain('PULL_POLICY: "sometimes" is not a policy. Allowed: always, missing or never,')
  })
})
