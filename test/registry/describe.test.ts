import { describe, expect, it } from 'vitest'
import { describeImage, platformsOf } from '../../src/registry/describe.ts'
import { readManifest } from '../../src/registry/manifest.ts'
import { imageOf, sha256 } from '../fake-registry.ts'

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
const list = 'application/vnd.docker.distribution.manifest.list.v2+json'
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
      layerCount: 3,
    })
  })
})

describe('platformsOf', () => {
  it('lists the images of an index with their platforms, and leaves attestations out', () => {
    const entry = (os: string, architecture: string, more = {}) => ({
      ...blob(architecture, 500, docker),
      platform: { os, architecture, ...more },
    })
    const manifests = [
      entry('linux', 'amd64'),
      entry('linux', 'arm', { variant: 'v7' }),
      entry('windows', 'amd64', { 'os.version': '10.0.20348.1' }),
      entry('unknown', 'unknown'),
      blob('without', 500, docker),
    ]
    const { manifest, digest } = read({ schemaVersion: 2, mediaType: list, manifests }, list)
    if (manifest.kind !== 'index') throw new Error('not an index')
    expect(platformsOf(manifest).map(({ platform }) => platform)).toEqual([
      { os: 'linux', architecture: 'amd64' },
      { os: 'linux', architecture: 'arm', variant: 'v7' },
      { os: 'windows', architecture: 'amd64', osVersion: '10.0.20348.1' },
    ])
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
  })
})

describe('readManifest', () => {
  it('checks SHA-512 too', () => {
    const { body } = imageOf('a')
    const answer = {
      status: 200,
      headers: new Map(),
      body,
      truncated: false,
      url: new URL('https://crg.apkg.io'),
      trusted: true,
    }
    expect(() => readManifest(answer, 'acme/base', `sha512:${'0'.repeat(128)}`)).toThrow(
      'not the one of its digest',
    )
  })
})
