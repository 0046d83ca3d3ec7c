import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { archive, type Inflated, type WholeImage } from '../../src/store/archive.ts'
import { SizeError } from '../../src/store/inflate.ts'
import { openStore, type Store } from '../../src/store/store.ts'
import { blobState, sizeState } from '../../src/store/verify.ts'
import { age } from '../age.ts'
import { type FakeImage, fakeImage, randomLayer } from '../fake-image.ts'
import { imageIndex, sha256 } from '../fake-package.ts'

const opening = { readOnly: false, onAside: () => {} }
const newFolder = () => join(mkdtempSync(join(tmpdir(), 'store-')), '.images')
const pathOf = (folder: string, digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
const amd64 = async () => ({ os: 'linux', architecture: 'amd64' })
const arm64 = async () => ({ os: 'linux', architecture: 'arm64' })
const shared = randomLayer(1000)
const base = fakeImage([shared, randomLayer(2000)])
const tools = fakeImage([shared, randomLayer(3000)])

/** An image as a pipe that resolved it knows it; with `index`, as one of a multi-platform image. */
const whole = (
  image: FakeImage,
  reference: string,
  index?: { digest: string; architecture: string },
): WholeImage => ({
  reference,
  digest: index?.digest ?? image.digest,
  manifest: {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: image.digest,
    size: image.manifest.length,
  },
  platform: { os: 'linux', architecture: index?.architecture ?? 'arm64' },
  config: { digest: image.configDigest, size: image.blobs.get(image.configDigest)?.length ?? 0 },
  layers: image.layers,
  tags: [reference],
})

const fill = (folder: string, image: FakeImage) => {
  for (const [digest, bytes] of [...image.blobs, [image.digest, image.manifest] as const])
    writeFileSync(pathOf(folder, digest), bytes)
}

const blobs = (folder: string) => readdirSync(join(folder, 'blobs/sha256')).map((name) => `sha256:${name}`)
const digestsOf = (...images: FakeImage[]) =>
  [...new Set(images.flatMap((image) => [...image.blobs.keys(), image.digest]))].sort()
const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'))

/** A store that holds these images under these names. */
const storeOf = async (images: Record<string, FakeImage>): Promise<Store> => {
  const store = await openStore(newFolder(), opening)
  for (const image of Object.values(images)) fill(store.folder, image)
  await store.keep(Object.entries(images).map(([name, image]) => whole(image, name)))
  return store
}

describe('a store', () => {
  it('is an OCI image layout whose manifest.json docker loads', async () => {
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base, 'r.test/a/tools:2': tools })
    await close()
    expect(json(folder, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
    const { schemaVersion, manifests } = json(folder, 'index.json')
    expect(schemaVersion).toBe(2)
    expect(manifests[0]).toEqual({
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: base.digest,
      size: base.manifest.length,
      platform: { os: 'linux', architecture: 'arm64' },
      annotations: {
        'io.containerd.image.name': 'r.test/a/base:1',
        'org.opencontainers.image.ref.name': 'r.test/a/base:1',
        'packages-pull.digest': base.digest,
      },
    })
    const file = (digest: string) => `blobs/${digest.replace(':', '/')}`
    expect(json(folder, 'manifest.json')[0]).toEqual({
      Config: file(base.configDigest),
      RepoTags: ['r.test/a/base:1'],
      Layers: base.layers.map(({ digest }) => file(digest)),
    })
    expect(readdirSync(folder).sort()).toEqual(['blobs', 'index.json', 'manifest.json', 'oci-layout'])
  })

  it('can be read and changed by every user, as the pipe of another step is one', async () => {
    const before = process.umask(0o077)
    try {
      const { folder, close } = await storeOf({ 'r.test/a/base:1': base })
      await close()
      const modes = ['', 'blobs', 'blobs/sha256', 'index.json', 'manifest.json', 'oci-layout'].map(
        (name) => statSync(join(folder, name)).mode & 0o777,
      )
      expect(modes).toEqual([0o777, 0o777, 0o777, 0o666, 0o666, 0o666])
    } finally {
      process.umask(before)
    }
  })

  it('keeps the images of others, shares layers, and removes what no image needs any more', async () => {
    const store = await storeOf({ 'r.test/a/base:1': base, 'r.test/a/tools:2': tools })
    expect(blobs(store.folder).sort()).toEqual(digestsOf(base, tools))
    const newer = fakeImage([randomLayer(10)])
    age(store.folder)
    fill(store.folder, newer)
    await store.keep([whole(newer, 'r.test/a/base:1')])
    expect(blobs(store.folder).sort()).toEqual(digestsOf(newer, tools))
    expect((await store.find('r.test/a/tools:2', arm64))?.digest).toBe(tools.digest)
    expect((await store.find('r.test/a/base:1', arm64))?.digest).toBe(newer.digest)
    await store.close()
  })

  it('has an image of each platform under one tag, and finds the one of the engine', async () => {
    const store = await openStore(newFolder(), opening)
    const [arm, amd] = [fakeImage([randomLayer(20)]), fakeImage([randomLayer(30)], 'amd64')]
    const text = imageIndex({ 'linux/arm64': `${arm.manifest}`, 'linux/amd64': `${amd.manifest}` })
    const index = sha256(text)
    writeFileSync(pathOf(store.folder, index), text)
    fill(store.folder, arm)
    await store.keep([whole(arm, 'r.test/a/multi:1', { digest: index, architecture: 'arm64' })])
    fill(store.folder, amd)
    await store.keep([whole(amd, 'r.test/a/multi:1', { digest: index, architecture: 'amd64' })])
    expect((await store.find('r.test/a/multi:1', amd64))?.manifest.digest).toBe(amd.digest)
    expect((await store.find('r.test/a/multi:1', arm64))?.manifest.digest).toBe(arm.digest)
    expect((await store.find('r.test/a/multi:1', arm64))?.digest).toBe(index)
    // An index that leads elsewhere, or is not there, proves nothing.
    writeFileSync(pathOf(store.folder, index), imageIndex({ 'linux/arm64': `${base.manifest}` }))
    expect((await store.find('r.test/a/multi:1', arm64))?.digest).toBe(arm.digest)
    expect(
      await store.find('r.test/a/multi:1', async () => ({ os: 'linux', architecture: 's390x' })),
    ).toBeUndefined()
    await store.close()
  })

  it('keeps what another pipe may be writing now, and removes it an hour later', async () => {
    const store = await storeOf({ 'r.test/a/base:1': base })
    const theirs = fakeImage([randomLayer(5)])
    fill(store.folder, theirs)
    const temporary = [
      `blobs/sha256/${base.digest.slice(7)}.0123456789ab.part`,
      `blobs/sha256/${theirs.digest.slice(7)}.0123456789ab.tmp`,
      ...['index.json', 'manifest.json', 'oci-layout'].map((name) => `${name}.0123456789ab.tmp`),
    ]
    for (const name of temporary) writeFileSync(join(store.folder, name), 'half of it')
    await store.keep([whole(base, 'r.test/a/base:1')])
    expect(blobs(store.folder)).toEqual(expect.arrayContaining(digestsOf(base, theirs)))
    for (const name of temporary) expect(readFileSync(join(store.folder, name), 'utf8')).toBe('half of it')
    age(store.folder)
    await store.keep([whole(base, 'r.test/a/base:1')])
    await store.close()
    expect(blobs(store.folder).sort()).toEqual(digestsOf(base))
    expect(readdirSync(store.folder).sort()).toEqual(['blobs', 'index.json', 'manifest.json', 'oci-layout'])
  })

  it('loses nothing where twenty pipes list images at the same time', async () => {
    const folder = newFolder()
    const images = Array.from({ length: 20 }, (_, index) => fakeImage([shared, randomLayer(100 + index)]))
    await Promise.all(
      images.map(async (image, index) => {
        const store = await openStore(folder, opening)
        fill(folder, image)
        await store.keep([whole(image, `r.test/a/image-${index}:1`)])
        await store.close()
      }),
    )
    expect(json(folder, 'index.json').manifests).toHaveLength(20)
    expect(json(folder, 'manifest.json')).toHaveLength(20)
    expect(blobs(folder).sort()).toEqual(digestsOf(...images))
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([])
  })

  it('does not touch files that say what they are to say, so that a cache is not packed anew', async () => {
    const store = await storeOf({ 'r.test/a/base:1': base })
    const times = () => ['index.json', 'manifest.json'].map((name) => statSync(join(store.folder, name)).ino)
    const before = times()
    await store.keep([whole(base, 'r.test/a/base:1')])
    expect(times()).toEqual(before)
    await store.close()
  })

  it('leaves what other tools wrote into index.json, and what that needs', async () => {
    const folder = newFolder()
    mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
    fill(folder, tools)
    const theirs = {
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      digest: tools.digest,
      size: tools.manifest.length,
      annotations: { 'org.example.note': 'mine' },
      artifactType: 'application/x',
    }
    writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [theirs] }))
    const store = await openStore(folder, opening)
    fill(folder, base)
    await store.keep([whole(base, 'r.test/a/base:1')])
    await store.close()
    expect(json(folder, 'index.json').manifests).toContainEqual(theirs)
    expect(blobs(folder).sort()).toEqual(digestsOf(base, tools))
  })

  it('begins anew where index.json is no index', async () => {
    const store = await storeOf({ 'r.test/a/base:1': base })
    writeFileSync(join(store.folder, 'index.json'), '{"manifests":[{"digest":"sha256:../../../etc/passwd"}')
    expect(await store.find('r.test/a/base:1', arm64)).toBeUndefined()
    writeFileSync(
      join(store.folder, 'index.json'),
      JSON.stringify({ manifests: [{ mediaType: 'x', size: 1, digest: 'sha256:../../../etc/passwd' }] }),
    )
    await store.keep([])
    expect(json(store.folder, 'index.json').manifests).toEqual([])
    await store.close()
  })

  it('says so where a manifest is not the one that it lists, or is not there', async () => {
    const store = await storeOf({ 'r.test/a/base:1': base })
    const path = pathOf(store.folder, base.digest)
    writeFileSync(path, tools.manifest)
    const lost = (state: string) => ({
      code: 'PKG-INTEGRITY',
      message: expect.stringMatching(`is ${state}.$`),
    })
    await expect(store.find('r.test/a/base:1', arm64)).rejects.toMatchObject(lost('damaged'))
    rmSync(path)
    await expect(store.find('r.test/a/base:1', arm64)).rejects.toMatchObject(lost('absent'))
    await store.close()
  })

  it('tells whole, absent and damaged blobs apart', async () => {
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base })
    await close()
    const [first, second] = base.layers.map((layer) => ({ ...layer }))
    if (first === undefined || second === undefined) throw new Error('no layers')
    expect([await sizeState(folder, first), await blobState(folder, first)]).toEqual(['whole', 'whole'])
    const bytes = readFileSync(pathOf(folder, first.digest))
    bytes.writeUInt8(bytes.readUInt8(500) ^ 1, 500)
    writeFileSync(pathOf(folder, first.digest), bytes)
    expect([await sizeState(folder, first), await blobState(folder, first)]).toEqual(['whole', 'damaged'])
    writeFileSync(pathOf(folder, second.digest), randomLayer(1999))
    expect([await sizeState(folder, second), await blobState(folder, second)]).toEqual(['damaged', 'damaged'])
    expect(await blobState(folder, { ...first, digest: fakeImage([]).digest })).toBe('absent')
    // A size may be wrong in a manifest, a digest not.
    const config = { digest: base.configDigest, size: 0 }
    for (const size of [0, 7, 1e12]) expect(await sizeState(folder, { ...config, size })).toBe('whole')
  })

  it('fails clearly where a file is in the way', async () => {
    const folder = newFolder()
    writeFileSync(folder, '')
    await expect(openStore(folder, opening)).rejects.toMatchObject({ code: 'PKG-STORE' })
  })
})

describe('the archive of a store', () => {
  const archived = async (folder: string, images: WholeImage[], inflated: Inflated = new Map()) => {
    const chunks: Buffer[] = []
    for await (const chunk of archive(folder, images, inflated)) chunks.push(chunk)
    const path = join(mkdtempSync(join(tmpdir(), 'archive-')), 'images.tar')
    writeFileSync(path, Buffer.concat(chunks))
    return path
  }

  it('is a tar that holds each blob once, with the index last', async () => {
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base, 'r.test/a/tools:2': tools })
    await close()
    const path = await archived(folder, [whole(base, 'r.test/a/base:1'), whole(tools, 'r.test/a/tools:2')])
    const names = execFileSync('tar', ['-tf', path], { encoding: 'utf8' }).trim().split('\n')
    expect(
      names
        .slice(0, -3)
        .map((name) => name.replace('blobs/sha256/', 'sha256:'))
        .sort(),
    ).toEqual(digestsOf(base, tools))
    expect(names.slice(-3)).toEqual(['oci-layout', 'index.json', 'manifest.json'])
    const target = mkdtempSync(join(tmpdir(), 'unpacked-'))
    execFileSync('tar', ['-xf', path, '-C', target])
    for (const [digest, bytes] of [...base.blobs, ...tools.blobs])
      expect(readFileSync(pathOf(target, digest)).equals(bytes)).toBe(true)
    expect(json(target, 'manifest.json')).toEqual(json(folder, 'manifest.json'))
  })

  const tar = (size: number) => Buffer.concat([randomLayer(size - 512), Buffer.alloc(512)])

  it('has those layers inflated whose size then is given, and the others as they are', async () => {
    const layers = [tar(10_240), tar(20_480), tar(30_720)]
    const [gzip, zstd, plain] = layers as [Buffer, Buffer, Buffer]
    const image = fakeImage([gzipSync(gzip), zstdCompressSync(zstd), plain])
    const { folder, close } = await storeOf({ 'r.test/a/base:1': image })
    await close()
    const sizes = new Map(image.layers.slice(0, 2).map(({ digest }, index) => [digest, (index + 1) * 10_240]))
    const path = await archived(folder, [whole(image, 'r.test/a/base:1')], sizes)
    const target = mkdtempSync(join(tmpdir(), 'unpacked-'))
    execFileSync('tar', ['-xf', path, '-C', target])
    const [{ Layers }] = json(target, 'manifest.json')
    for (const [index, name] of Layers.entries())
      expect(readFileSync(join(target, name)).equals(layers[index] ?? Buffer.alloc(0))).toBe(true)
    expect(readdirSync(target).sort()).toEqual(['blobs', 'manifest.json', ...Layers.slice(0, 2)].sort())
  })

  it.each([10_239, 10_241, 512])(
    'is given up as soon as a layer turns out not to be of the size %d',
    async (size) => {
      const image = fakeImage([gzipSync(tar(10_240))])
      const { folder, close } = await storeOf({ 'r.test/a/base:1': image })
      await close()
      const sizes = new Map(image.layers.map(({ digest }) => [digest, size]))
      const made = archived(folder, [whole(image, 'r.test/a/base:1')], sizes)
      await expect(made).rejects.toThrow(SizeError)
    },
  )

  it('holds blobs by SHA-512 under their whole names', async () => {
    const bytes = tar(1024)
    const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base })
    await close()
    mkdirSync(join(folder, 'blobs/sha512'))
    writeFileSync(pathOf(folder, digest), bytes)
    const image = { ...whole(base, 'r.test/a/base:1'), layers: [{ digest, size: 1024 }] }
    for (const sizes of [undefined, new Map([[digest, 1024]])]) {
      if (sizes) writeFileSync(pathOf(folder, digest), gzipSync(bytes))
      const target = mkdtempSync(join(tmpdir(), 'unpacked-'))
      execFileSync('tar', ['-xf', await archived(folder, [image], sizes), '-C', target])
      const [{ Layers }] = json(target, 'manifest.json')
      expect(readFileSync(join(target, Layers[0])).equals(bytes)).toBe(true)
    }
  })

  it('breaks off before its index where a blob has become shorter', async () => {
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base })
    await close()
    writeFileSync(pathOf(folder, base.layers[1]?.digest ?? ''), 'short')
    await expect(archived(folder, [whole(base, 'r.test/a/base:1')])).rejects.toMatchObject({
      code: 'PKG-INTEGRITY',
    })
  })
})

describe('a store that this step may only read', () => {
  // As root every folder is writable, so the folder belongs to somebody else and this test runs as nobody.
  it.runIf(process.getuid?.() === 0)('is opened without a trace', async () => {
    const { folder, close } = await storeOf({ 'r.test/a/base:1': base })
    await close()
    for (const path of ['', 'blobs', 'blobs/sha256']) chmodSync(join(folder, path), 0o755)
    chmodSync(join(folder, '..'), 0o755)
    process.seteuid?.(65534)
    try {
      const store = await openStore(folder, opening)
      expect(store.writable).toBe(false)
      expect((await store.find('r.test/a/base:1', arm64))?.digest).toBe(base.digest)
      await store.close()
    } finally {
      process.seteuid?.(0)
    }
  })
})
