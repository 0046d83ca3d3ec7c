import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openStore } from '../../src/store/store.ts'
import { age } from '../age.ts'
import { type FakeImage, fakeImage, randomLayer } from '../fake-image.ts'
import { sha256 } from '../fake-registry.ts'

const opening = { readOnly: false, onAside: () => {} }
const OCI = 'application/vnd.oci.image.manifest.v1+json'
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json'
const INDEX = 'application/vnd.oci.image.index.v1+json'
const NAME = 'r.test/a/theirs:1'
const arm64 = async () => ({ os: 'linux', architecture: 'arm64' })

const ours = fakeImage([randomLayer(100)])
const theirs = fakeImage([randomLayer(200), randomLayer(300)])

interface Entry {
  mediaType: string
  digest: string
  size: number
  platform?: { os: string; architecture: string }
  annotations?: Record<string, string>
}

/** A folder as another tool left it: blobs, and an `index.json` that lists some of them. */
const folderWith = (blobs: readonly Buffer[], entries: readonly Entry[]) => {
  const folder = join(mkdtempSync(join(tmpdir(), 'store-')), '.images')
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })
  for (const bytes of blobs) writeFileSync(pathOf(folder, sha256(bytes)), bytes)
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: entries }))
  age(folder)
  return folder
}
const pathOf = (folder: string, digest: string) => join(folder, 'blobs', digest.replace(':', '/'))
const names = (folder: string) =>
  readdirSync(join(folder, 'blobs/sha256'))
    .map((name) => `sha256:${name}`)
    .sort()

const entryOf = (bytes: Buffer, mediaType: string, more: Partial<Entry> = {}): Entry => ({
  mediaType,
  digest: sha256(bytes),
  size: bytes.length,
  annotations: { 'org.opencontainers.image.ref.name': NAME },
  ...more,
})
const blobsOf = (image: FakeImage) => [...image.blobs.values(), image.manifest]
const json = (value: unknown) => Buffer.from(JSON.stringify(value))
const index = (...manifests: Entry[]) => json({ schemaVersion: 2, mediaType: INDEX, manifests })
const inDockersFormat = json({ ...JSON.parse(theirs.manifest.toString()), mediaType: DOCKER })

/** Has a pipe put an image of its own into a folder, which is when housekeeping removes what nobody needs. */
const keepOurs = async (folder: string) => {
  const store = await openStore(folder, opening)
  for (const bytes of blobsOf(ours)) writeFileSync(pathOf(folder, sha256(bytes)), bytes)
  const manifest = { mediaType: OCI, digest: ours.digest, size: ours.manifest.length }
  const unread = await store.keep([
    { reference: 'r.test/a/ours:1', digest: ours.digest, manifest, platform: undefined },
  ])
  await store.close()
  return unread
}

describe('what an index.json of another tool leads to stays', () => {
  const forArm = { platform: { os: 'linux', architecture: 'arm64' } }
  const child = entryOf(theirs.manifest, OCI, forArm)
  const unknown = json({ mediaType: 'application/vnd.example.thing.v1+json', blobs: [] })
  const nested = index(entryOf(index(child), INDEX))
  const large = json({ ...JSON.parse(theirs.manifest.toString()), annotations: { x: 'x'.repeat(5_000_000) } })

  const understood: Record<string, [Buffer[], Entry]> = {
    'an image': [[], entryOf(theirs.manifest, OCI)],
    'an image that calls itself otherwise than the entry does': [
      [inDockersFormat],
      entryOf(inDockersFormat, OCI),
    ],
    'an image whose entry names another size': [[], entryOf(theirs.manifest, OCI, { size: 1 })],
    'an index': [[index(child)], entryOf(index(child), INDEX)],
    'an index of which not all images are here': [
      [index(child, entryOf(ours.manifest, OCI, { digest: `sha256:${'0'.repeat(64)}` }))],
      entryOf(index(child, entryOf(ours.manifest, OCI, { digest: `sha256:${'0'.repeat(64)}` })), INDEX),
    ],
    'an index in an index': [[nested, index(child)], entryOf(nested, INDEX)],
  }
  it.each(Object.entries(understood))('and nothing else: %s', async (_, [more, entry]) => {
    const stray = randomLayer(50)
    const kept = [...blobsOf(theirs), ...more]
    // In its own place of the image there is no other of its bytes.
    const folder = folderWith([...kept, stray], [entry])
    expect(await keepOurs(folder)).toEqual([])
    const needed = names(folder)
    expect(needed).not.toContain(sha256(stray))
    for (const bytes of [...blobsOf(ours), ...theirs.blobs.values(), ...more])
      expect(needed).toContain(sha256(bytes))
  })

  const notUnderstood: Record<string, [Buffer[], Entry]> = {
    'a document of a type that nobody knows': [
      [unknown],
      entryOf(unknown, 'application/vnd.example.thing.v1+json'),
    ],
    'such a document in an index': [
      [unknown, index(child, entryOf(unknown, 'application/vnd.example.thing.v1+json'))],
      entryOf(index(child, entryOf(unknown, 'application/vnd.example.thing.v1+json')), INDEX),
    ],
    'a manifest of more than 4 MiB': [[large], entryOf(large, OCI)],
    'a text': [[Buffer.from('text')], entryOf(Buffer.from('text'), 'text/plain')],
    'a manifest that is not here': [[], entryOf(Buffer.from('gone'), OCI)],
  }
  it.each(Object.entries(notUnderstood))(
    'with all the rest, as long as it lists %s',
    async (_, [more, entry]) => {
      const stray = randomLayer(50)
      const folder = folderWith([...blobsOf(theirs), ...more, stray], [entry])
      const before = names(folder)
      expect(await keepOurs(folder)).toHaveLength(1)
      expect(names(folder)).toEqual(expect.arrayContaining(before))
    },
  )

  it('with all the rest, as long as a manifest is damaged', async () => {
    const folder = folderWith(blobsOf(theirs), [entryOf(theirs.manifest, OCI)])
    writeFileSync(pathOf(folder, theirs.digest), 'damaged')
    const before = names(folder)
    expect(await keepOurs(folder)).toEqual([theirs.digest])
    expect(names(folder)).toEqual(expect.arrayContaining(before))
  })

  it('where an image of it is listed anew under the name of the index', async () => {
    const other = fakeImage([randomLayer(60)], 'amd64')
    const both = index(
      child,
      entryOf(other.manifest, OCI, { platform: { os: 'linux', architecture: 'amd64' } }),
    )
    const folder = folderWith([...blobsOf(theirs), ...blobsOf(other), both], [entryOf(both, INDEX)])
    const before = names(folder)
    const store = await openStore(folder, opening)
    const found = await store.find(NAME, arm64)
    if (found === undefined) throw new Error('not found')
    await store.keep([found])
    await store.close()
    expect(names(folder)).toEqual(before)
  })
})

describe('a name of a store', () => {
  const find = async (blobs: readonly Buffer[], entry: Entry) => {
    const store = await openStore(folderWith(blobs, [entry]), opening)
    try {
      return await store.find(NAME, arm64)
    } finally {
      await store.close()
    }
  }

  it('leads to the image of the platform where it stands for an index', async () => {
    const other = fakeImage([randomLayer(60)], 'amd64')
    const list = index(
      entryOf(other.manifest, OCI, { platform: { os: 'linux', architecture: 'amd64' } }),
      entryOf(theirs.manifest, OCI, { platform: { os: 'linux', architecture: 'arm64' } }),
    )
    const found = await find([...blobsOf(theirs), ...blobsOf(other), list], entryOf(list, INDEX))
    expect(found).toMatchObject({
      digest: sha256(list),
      manifest: { digest: theirs.digest },
      config: { digest: theirs.configDigest },
    })
    const none = index(entryOf(other.manifest, OCI, { platform: { os: 'linux', architecture: 'amd64' } }))
    expect(await find([none, ...blobsOf(other)], entryOf(none, INDEX))).toBeUndefined()
  })

  it('leads to an image that its entry calls otherwise than it calls itself', async () => {
    const found = await find([...blobsOf(theirs), inDockersFormat], entryOf(inDockersFormat, OCI))
    expect(found).toMatchObject({ manifest: { mediaType: DOCKER }, config: { digest: theirs.configDigest } })
  })

  const signature = json({
    ...JSON.parse(theirs.manifest.toString()),
    config: { ...JSON.parse(theirs.manifest.toString()).config, mediaType: 'application/vnd.example.config' },
  })
  const whole: Record<string, [Buffer, string]> = {
    'a configuration': [theirs.blobs.get(theirs.configDigest) ?? Buffer.alloc(0), OCI],
    'a text': [Buffer.from('text'), 'text/plain'],
    'an unknown type': [json({ mediaType: 'application/vnd.example.thing.v1+json' }), OCI],
    'what is no container image': [signature, OCI],
  }
  it.each(Object.entries(whole))(
    'that stands for %s is not called damaged',
    async (_, [bytes, mediaType]) => {
      const error = await find([...blobsOf(theirs), bytes], entryOf(bytes, mediaType)).catch(
        (thrown) => thrown,
      )
      expect(error).toMatchObject({ code: 'PKG-MANIFEST' })
      expect(`${error.message} ${error.why}`).not.toMatch(/absent|damaged/)
    },
  )

  // As root every file can be read, so this test runs as nobody.
  it.runIf(process.getuid?.() === 0)('whose manifest may not be read is not called damaged', async () => {
    const folder = folderWith(blobsOf(theirs), [entryOf(theirs.manifest, OCI)])
    for (const path of [dirname(folder), folder]) chmodSync(path, 0o755)
    chmodSync(pathOf(folder, theirs.digest), 0o600)
    process.seteuid?.(65534)
    try {
      const store = await openStore(folder, opening)
      await expect(store.find(NAME, arm64)).rejects.toMatchObject({
        code: 'PKG-MANIFEST',
        why: expect.stringContaining('EACCES'),
      })
      await store.close()
    } finally {
      process.seteuid?.(0)
    }
    rmSync(folder, { recursive: true })
  })

  it('is listed again as what it is', async () => {
    const folder = folderWith([...blobsOf(theirs), inDockersFormat], [entryOf(inDockersFormat, OCI)])
    const store = await openStore(folder, opening)
    const found = await store.find(NAME, arm64)
    if (found === undefined) throw new Error('not found')
    await store.keep([found])
    await store.close()
    const { manifests } = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'))
    expect(manifests).toMatchObject([{ mediaType: DOCKER, digest: sha256(inDockersFormat) }])
  })
})
