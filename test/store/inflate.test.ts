import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { createZstdCompress, gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { countedSize, inflate, SizeError, statedSize } from '../../src/store/inflate.ts'
import { randomLayer } from '../fake-image.ts'
import { sha256 } from '../fake-registry.ts'

const folder = mkdtempSync(join(tmpdir(), 'store-'))
mkdirSync(join(folder, 'blobs/sha256'), { recursive: true })

const stored = (bytes: Buffer) => {
  const digest = sha256(bytes)
  writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), bytes)
  return { digest, size: bytes.length }
}

const collect = async (bytes: AsyncIterable<Buffer>) => {
  const chunks: Buffer[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** As tools compress that do not know yet how much will come. */
const streamed = async (bytes: Buffer) => collect(Readable.from([bytes]).pipe(createZstdCompress()))

/** A frame that holds no data for a layer (RFC 8878, section 3.1.2). */
const skippable = (bytes: Buffer, number = 0) => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(0x184d2a50 + number, 0)
  head.writeUInt32LE(bytes.length, 4)
  return Buffer.concat([head, bytes])
}

/** Whole blocks, as a tar is; half of them compress. */
const plain = (size: number) => Buffer.concat([randomLayer(size / 2), Buffer.alloc(size / 2)])
const [one, two] = [plain(3_000_320), plain(20_480)]
const both = Buffer.concat([one, two])

const layers: Record<
  string,
  { bytes: () => Buffer | Promise<Buffer>; is: Buffer; stated: number | undefined }
> = {
  gzip: { bytes: () => gzipSync(one), is: one, stated: one.length },
  'gzip of two members': {
    bytes: () => Buffer.concat([gzipSync(one), gzipSync(two)]),
    is: both,
    stated: undefined,
  },
  'gzip of two members, the last of which could be all': {
    bytes: () => Buffer.concat([gzipSync(two), gzipSync(one)]),
    is: Buffer.concat([two, one]),
    stated: one.length,
  },
  'gzip that ends with an empty member': {
    bytes: () => Buffer.concat([gzipSync(one), gzipSync(Buffer.alloc(0))]),
    is: one,
    stated: undefined,
  },
  zstd: { bytes: () => zstdCompressSync(one), is: one, stated: one.length },
  'zstd of 512 bytes': {
    bytes: () => zstdCompressSync(two.subarray(0, 512)),
    is: two.subarray(0, 512),
    stated: 512,
  },
  'zstd that states no size': { bytes: () => streamed(one), is: one, stated: undefined },
  'zstd of two frames': {
    bytes: () => Buffer.concat([zstdCompressSync(one), zstdCompressSync(two)]),
    is: both,
    stated: one.length,
  },
  'zstd of many frames with tables between them and behind': {
    bytes: () =>
      Buffer.concat([
        ...Array.from({ length: 200 }, () => [zstdCompressSync(two), skippable(randomLayer(70), 14)]).flat(),
        skippable(Buffer.from('the end'), 3),
      ]),
    is: Buffer.concat(Array.from({ length: 200 }, () => two)),
    stated: undefined,
  },
  'zstd after a frame that holds nothing': {
    bytes: () => Buffer.concat([skippable(Buffer.alloc(0), 15), zstdCompressSync(one)]),
    is: one,
    stated: undefined,
  },
}

describe.each(Object.entries(layers))('a layer in %s', (_, { bytes, is, stated }) => {
  it('inflates to its bytes, of a size that is stated or counted', async () => {
    const blob = stored(await bytes())
    expect(await statedSize(folder, blob)).toBe(stated)
    expect(await countedSize(folder, blob)).toBe(is.length)
    expect((await collect(inflate(folder, blob, is.length))).equals(is)).toBe(true)
    for (const wrong of [is.length - 1, is.length + 1])
      await expect(collect(inflate(folder, blob, wrong))).rejects.toThrow(SizeError)
  })
})

describe('a layer', () => {
  it.each<[string, () => Buffer]>([
    ['empty', () => Buffer.alloc(0)],
    ['of two bytes', () => Buffer.from([0x1f, 0x8b])],
    ['a plain tar', () => one],
    ['bzip2', () => Buffer.from('BZh91AY&SY')],
    ['xz', () => Buffer.from('fd377a585a000004', 'hex')],
  ])('that is %s has no size to inflate to', async (_, bytes) => {
    const blob = stored(bytes())
    expect([await statedSize(folder, blob), await countedSize(folder, blob)]).toEqual([undefined, undefined])
  })

  it('that is not there has none', async () => {
    const blob = { digest: sha256('nothing'), size: 7 }
    expect([await statedSize(folder, blob), await countedSize(folder, blob)]).toEqual([undefined, undefined])
  })

  const damaged: Record<string, Buffer> = {
    'is cut off (gzip)': gzipSync(one).subarray(0, -2000),
    'is cut off (zstd)': zstdCompressSync(one).subarray(0, -3),
    'is cut off within its head': zstdCompressSync(one).subarray(0, 5),
    'goes on with something else (zstd)': Buffer.concat([zstdCompressSync(one), Buffer.from('rubbish')]),
    'goes on with something else (gzip)': Buffer.concat([gzipSync(one), Buffer.from('rubbish')]),
    'has another checksum': (() => {
      const bytes = gzipSync(one)
      bytes.writeUInt32LE(0, bytes.length - 8)
      return bytes
    })(),
    'was changed': (() => {
      const bytes = zstdCompressSync(two)
      return bytes.fill(0xff, 5, 12)
    })(),
  }
  it.each(Object.entries(damaged))('that %s cannot be promised', async (_, bytes) => {
    const blob = stored(bytes)
    expect(await countedSize(folder, blob)).toBeUndefined()
    await expect(collect(inflate(folder, blob, one.length))).rejects.toThrow(SizeError)
  })

  it('is counted only as long as somebody waits for it', async () => {
    const stopped = AbortSignal.abort(new Error('stopped'))
    await expect(countedSize(folder, stored(zstdCompressSync(one)), stopped)).rejects.toThrow('stopped')
  })
})
