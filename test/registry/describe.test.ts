import { describe, expect, it } from 'vitest'
import { describeImage } from '../../src/registry/describe.ts'
import { readManifest } from '../../src/registry/manifest.ts'
import { sha256 } from '../fake-registry.ts'

const read = (document: object, type: string) =>
  readManifest(
    {
      status: 200,
      headers: new Map([['content-type', [`${type}; charset=utf-8`]]]),
      body: Buffer.from(JSON.stringify(document)),
      truncated: false,
      url: new URL('https://crg.apkg.io'),
      trusted: true,
    },
    'crg.apkg.io/acme/base:1.0',
    undefined,
  )

const docker = 'application/vnd.docker.distribution.manifest.v2+json'
const blob = (
  name: string,
  size: number,
  mediaType = 'application/vnd.docker.image.rootfs.diff.tar.gzip',
) => ({ mediaType, size, digest: sha256(name) })

describe('describeImage', () => {
  it('adds up what is to be transferred, a layer that comes twice once', () => {
    const config = blob('config', 1500, 'application/vnd.docker.container.image.v1+json')
    const layers = [blob('a', 1000), blob('b', 200), blob('a', 1000)]
    const { manifest } = read({ schemaVersion: 2, mediaType: docker, config, layers }, docker)
    if (manifest.kind !== 'image') throw new Error('not an image')
    expect(describeImage(manifest, 'acme/base')).toEqual({
      config,
      layers,
      compressedSize: 2700,
    })
  })
})
