import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createZstdCompress, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeImage, fakeImage, serveImage, tarLayer } from './fake-image.ts'
import { serveBasic } from './fake-package.ts'
import { type FakeRegistry, manifestReply, sha256, startFake } from './fake-registry.ts'
import { type PipeOptions, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const base = fakeImage([tarLayer(20_000), tarLayer(1_000)])
const tools = fakeImage([tarLayer(30_000)])

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

const run = async (variables: Record<string, string> = {}, more: Partial<PipeOptions> = {}) => {
  const given = { BITBUCKET_CLONE_DIR: clone, STORE: '.images', MAX_ATTEMPTS: '2', ...variables }
  const ran = await runPipe({ registry, cwd: clone, ...more, variables: given })
  return {
    ...ran,
    loads: ran
      .calls()
      .filter(({ args }) => args[0] === 'load')
      .map(({ stdin }) => stdin),
  }
}

/** The names of an image's layers in an archive, as `manifest.json` has them. */
const layersIn = (archive = '', tag = 'base:1.4'): string[] => {
  const start = archive.lastIndexOf('[{"Config"')
  const images = JSON.parse(archive.slice(start, archive.indexOf('\n', start))) as Array<{
    RepoTags: string[]
    Layers: string[]
  }>
  return images.find(({ RepoTags }) => RepoTags.some((name) => name.endsWith(tag)))?.Layers ?? []
}
const encoded = ({ digest = '' }: { digest?: string } = {}) => digest.replace('sha256:', '')
const asTheyAre = ({ layers }: FakeImage) => layers.map((layer) => `blobs/sha256/${encoded(layer)}`)
const inflated = ({ layers }: FakeImage) => layers.map((layer) => `${encoded(layer)}.tar`)

/** As tools write it that do not know yet how much will come. */
const streamed = async (bytes: Buffer) => {
  const chunks: Buffer[] = []
  for await (const chunk of Readable.from([bytes]).pipe(createZstdCompress())) chunks.push(chunk)
  return Buffer.concat(chunks)
}

describe('an archive for the engine', () => {
  // The engine of these tests reads gzip and no zstd, as those before 23.
  it('has layers in zstd inflated, whatever their media type says', async () => {
    const plain = Array.from({ length: 3 }, () => gunzipSync(tarLayer(40_000)))
    const [one = Buffer.alloc(0), two = Buffer.alloc(0), three = Buffer.alloc(0)] = plain
    const frames = [zstdCompressSync(three.subarray(0, 9_000)), zstdCompressSync(three.subarray(9_000))]
    const image = fakeImage([zstdCompressSync(one), await streamed(two), Buffer.concat(frames)])
    serveImage(registry, 'acme/base', '1.4', image)
    const { exitCode, loads, result } = await run()
    expect(exitCode).toBe(0)
    expect(loads).toHaveLength(1)
    expect(layersIn(loads[0])).toEqual(inflated(image))
    expect(result().images[0].id).toBe(image.configDigest)
  })

  it('has a layer of several compressed parts inflated, whichever size its end tells', async () => {
    const plain = gunzipSync(tarLayer(60_000))
    const cut = (at: number) => Buffer.concat([gzipSync(plain.subarray(0, at)), gzipSync(plain.subarray(at))])
    // Of the first the size that is told cannot be, of the second it could.
    const image = fakeImage([cut(plain.length - 512), cut(512)])
    serveImage(registry, 'acme/base', '1.4', image)
    const { exitCode, loads } = await run()
    expect(exitCode).toBe(0)
    expect(layersIn(loads.at(-1))).toEqual(inflated(image))
  })

  it('has a layer as it is that cannot be inflated, so that the engine says what is wrong', async () => {
    const image = fakeImage([tarLayer(100), tarLayer(50_000).subarray(0, 30_000)])
    serveImage(registry, 'acme/base', '1.4', image)
    const { exitCode, log, loads } = await run({ IMAGE: 'base:1.4' })
    expect(exitCode).not.toBe(0)
    expect(log).toContain('acme/base:1.4 could not be loaded into the engine.')
    expect(layersIn(loads.at(-1))).toEqual([...inflated(image).slice(0, 1), ...asTheyAre(image).slice(1)])
  })

  const full = (once: boolean) => {
    const stderr = 'Error processing tar file(exit status 1): write /x: no space left on device'
    return { answers: { load: { stderr, exitCode: 1, once } } }
  }

  it('has all layers as they are where the engine has no space for the inflated ones', async () => {
    const { exitCode, loads, result } = await run({}, full(true))
    expect(exitCode).toBe(0)
    expect(loads.map((archive) => layersIn(archive))).toEqual([inflated(base), asTheyAre(base)])
    expect(result().images[0].id).toBe(base.configDigest)
  })

  it('tells of the full disk where there is no space for them either', async () => {
    const { exitCode, log, loads } = await run({}, full(false))
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-DISK-FULL')
    expect(loads).toHaveLength(2)
  })
})

describe('one image that cannot be delivered by STORE', () => {
  const bad = (change: (manifest: { layers: Array<{ digest: string; size: number }> }) => void) => {
    const manifest = JSON.parse(tools.manifest.toString())
    change(manifest)
    registry.on('GET /v2/acme/tools/manifests/2', manifestReply(Buffer.from(JSON.stringify(manifest))))
  }

  const kinds: Record<string, { code: string; prepare: () => void }> = {
    'has a layer that is no tar': {
      code: 'PKG-MANIFEST',
      prepare: () => serveImage(registry, 'acme/tools', '2', fakeImage([gzipSync('no tar')])),
    },
    'has a layer whose bytes break off': {
      code: 'PKG-',
      prepare: () =>
        serveImage(registry, 'acme/tools', '2', fakeImage([tarLayer(50_000).subarray(0, 20_000)])),
    },
    'has a layer by a digest that cannot be computed': {
      code: 'PKG-MANIFEST',
      prepare: () =>
        bad(({ layers: [layer] }) => Object.assign(layer ?? {}, { digest: `blake3:${'0'.repeat(64)}` })),
    },
    'is larger than any disk': {
      code: 'PKG-DISK-FULL',
      prepare: () => bad(({ layers: [layer] }) => Object.assign(layer ?? {}, { size: 5e14 })),
    },
    'has a layer that the registry lost': {
      code: 'PKG-',
      prepare: () =>
        registry.on(`GET /v2/acme/tools/blobs/${tools.layers[0]?.digest}`, {
          status: 404,
          body: { errors: [{ code: 'BLOB_UNKNOWN', message: 'blob unknown to registry' }] },
        }),
    },
    'has a configuration that is no JSON': {
      code: 'PKG-',
      prepare: () => serveImage(registry, 'acme/tools', '2', withConfig('{')),
    },
  }

  /** An image with other bytes for a configuration. */
  const withConfig = (text: string): FakeImage => {
    const other = fakeImage([Buffer.from(text)])
    const manifest = JSON.parse(other.manifest.toString())
    const [config] = manifest.layers
    manifest.config = { ...manifest.config, digest: config.digest, size: config.size }
    return { ...other, manifest: Buffer.from(JSON.stringify(manifest)) }
  }

  it.each(Object.entries(kinds))('because it %s, leaves the others alone', async (_, { code, prepare }) => {
    prepare()
    const { log, exitCode, read, result } = await run({ IMAGE: 'tools:2 base:1.4' })
    expect(exitCode).not.toBe(0)
    expect(log).toContain('1 of 2 images delivered')
    expect(log).toMatch(new RegExp(`ERROR: ${code}.*(?:acme/tools|sha256:|needs)`))
    expect(log).not.toContain('PKG-INTERNAL')
    expect(result().images).toMatchObject([null, { id: base.configDigest }])
    expect(read('images.env')).toBe(
      `PACKAGES_IMAGE_1=${registry.host}/acme/base:1.4\nPACKAGES_IMAGE_1_DIGEST=${base.digest}\nPACKAGES_IMAGE_1_ID=${base.configDigest}\n`,
    )
    // The later step finds the good one.
    const later = await run({ IMAGE: 'base:1.4', PULL_POLICY: 'never' })
    expect(later.exitCode).toBe(0)
  })

  const silent = (once: boolean) => ({
    answers: { load: { stdout: `Loaded image: ${registry.host}/acme/base:1.4\n`, once } },
  })

  it('is loaded by itself where the engine did not take it, and reported no error', async () => {
    const { exitCode, result, loads } = await run({ IMAGE: 'base:1.4 tools:2' }, silent(true))
    expect(exitCode).toBe(0)
    expect(loads).toHaveLength(3)
    expect(result().images).toMatchObject([{ id: base.configDigest }, { id: tools.configDigest }])
  })

  it('is named where the engine never takes it, and reports no error', async () => {
    const { exitCode, log } = await run({ IMAGE: 'base:1.4 tools:2' }, silent(false))
    expect(exitCode).toBe(9)
    for (const image of ['base:1.4', 'tools:2'])
      expect(log).toContain(`The engine does not have ${registry.host}/acme/${image} after it was loaded`)
  })

  it('has no second try where no engine is there for any', async () => {
    const said = 'Cannot connect to the Docker daemon at tcp://localhost:2375. Is the docker daemon running?'
    const { exitCode, log, loads } = await run(
      { IMAGE: 'base:1.4 tools:2' },
      { answers: { load: { stderr: said, exitCode: 1 } } },
    )
    expect(exitCode).toBe(9)
    expect(log).toContain('PKG-ENGINE-UNREACHABLE')
    expect(loads.length).toBeLessThan(3)
  })
})

describe('by STORE comes what the engine would pull too', () => {
  type Document = Record<string, unknown> & { config: Descriptor; layers: Descriptor[] }
  interface Descriptor {
    mediaType?: string
    digest: string
    size?: number
  }
  const changed = (image: FakeImage, change: (manifest: Document) => void): FakeImage => {
    const document = JSON.parse(image.manifest.toString())
    change(document)
    const manifest = Buffer.from(JSON.stringify(document))
    return { ...image, manifest, digest: sha256(manifest) }
  }
  const sized = (size: number | undefined) => (image: FakeImage) =>
    changed(image, ({ config, layers }) => {
      for (const each of [config, ...layers])
        if (size === undefined) delete each.size
        else each.size = size
    })
  const bySha512 = (image: FakeImage) => {
    const blobs = new Map(image.blobs)
    const renamed = changed(image, ({ config, layers }) => {
      for (const each of [config, ...layers]) {
        const bytes = blobs.get(each.digest) ?? Buffer.alloc(0)
        each.digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`
        blobs.set(each.digest, bytes)
      }
    })
    return { ...renamed, blobs }
  }
  const layer = tarLayer(3_000)
  const kinds: Record<string, FakeImage> = {
    'an image without layers': fakeImage([]),
    'an image that has a layer twice': fakeImage([layer, tarLayer(500), layer]),
    'an image with a layer that is not compressed': fakeImage([gunzipSync(layer)]),
    'an image that says a size of 0 for everything': sized(0)(base),
    'an image that says no size': sized(undefined)(base),
    'an image that says too small a size': sized(7)(base),
    'an image that says too large a size': sized(1_000_000)(base),
    'an image whose blobs are named by SHA-512': bySha512(base),
    "an image in Docker's format": changed(base, (manifest) => {
      const docker = 'application/vnd.docker'
      manifest.mediaType = `${docker}.distribution.manifest.v2+json`
      manifest.config.mediaType = `${docker}.container.image.v1+json`
      for (const each of manifest.layers) each.mediaType = `${docker}.image.rootfs.diff.tar.gzip`
    }),
  }
  it.each(Object.entries(kinds))('%s', async (_, image) => {
    const { mediaType } = JSON.parse(image.manifest.toString())
    serveImage(registry, 'acme/base', '1.4', image)
    for (const reference of ['1.4', image.digest])
      registry.on(`GET /v2/acme/base/manifests/${reference}`, manifestReply(image.manifest, mediaType))
    const first = await run()
    expect([first.exitCode, first.log]).toEqual([0, expect.stringContaining('1 image in')])
    expect(first.result().images[0].id).toBe(image.configDigest)
    const later = await run({ PULL_POLICY: 'never' })
    expect(later.exitCode).toBe(0)
    expect(later.result().images[0]).toMatchObject({ id: image.configDigest, source: 'store' })
  })

  it('and is not fetched again because of what its manifest says of a size', async () => {
    serveImage(registry, 'acme/base', '1.4', sized(7)(base))
    await run()
    const { result } = await run()
    expect(result().images[0]).toMatchObject({ bytesTransferred: 0, source: 'store' })
  })

  const platforms: Record<string, object | null | undefined> = {
    'names no platform': undefined,
    'has null for a platform': null,
    'has an os.version of several words': {
      os: 'linux',
      architecture: 'arm64',
      'os.version': 'Ubuntu 22.04',
    },
    'has an os.version with a slash and a new line': {
      ...{ os: 'linux', architecture: 'arm64', variant: 'v8' },
      'os.version': '10.0/17763\n1',
    },
  }
  it.each(Object.entries(platforms))('an image whose entry in an index %s', async (_, platform) => {
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const entry = { mediaType, digest: base.digest, size: base.manifest.length, platform }
    const type = 'application/vnd.oci.image.index.v1+json'
    const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [entry] }))
    registry.on('GET /v2/acme/base/manifests/1.4', manifestReply(index, type))
    for (const variables of [{}, { PULL_POLICY: 'never' }]) {
      const { exitCode, log, result } = await run(variables)
      expect([exitCode, log]).toEqual([0, expect.stringContaining('1 image in')])
      expect(result().images[0]).toMatchObject({ id: base.configDigest, digest: sha256(index) })
    }
  })
})

describe('a store in which something cannot be read', () => {
  it('is used for what can be', async () => {
    expect((await run({ IMAGE: 'base:1.4 tools:2' })).exitCode).toBe(0)
    const blob = (digest: string) => join(clone, '.images/blobs', digest.replace(':', '/'))
    rmSync(blob(tools.configDigest))
    writeFileSync(blob(tools.layers[0]?.digest ?? ''), 'damaged')
    const { exitCode, log, result } = await run({ IMAGE: 'base:1.4 tools:2', PULL_POLICY: 'never' })
    expect(exitCode).not.toBe(0)
    expect(log).toContain('1 of 2 images delivered')
    expect(result().images).toMatchObject([{ id: base.configDigest }, null])
    expect(existsSync(blob(base.configDigest))).toBe(true)
    expect(readFileSync(blob(base.digest)).equals(base.manifest)).toBe(true)
  })
})
