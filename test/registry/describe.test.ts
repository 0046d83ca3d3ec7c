import { describe, expect, it } from 'vitest'
import { describeImage } from '../../src/registry/describe.ts'
import { readManifest } from '../../src/registry/manifest.ts'
import { ociManifest, sha256 } from '../fake-registry.ts'

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

const describeDocument = (document: object, type = ociManifest) => {
  const { manifest } = read({ schemaVersion: 2, mediaType: type, ...document }, type)
  if (manifest.kind !== 'image') throw new Error('not an image')
  return describeImage(manifest, 'acme/base')
}

const ociConfig = 'application/vnd.oci.image.config.v1+json'
const ociLayer = 'application/vnd.oci.image.layer.v1.tar+gzip'

describe('describeImage', () => {
  it('adds up what is to be transferred, a layer that comes twice once', () => {
    const config = blob('config', 1500, 'application/vnd.docker.container.image.v1+json')
    const layers = [blob('a', 1000), blob('b', 200), blob('a', 1000)]
    expect(describeDocument({ config, layers }, docker)).toEqual({ config, layers, compressedSize: 2700 })
  })

  it.each<[string, object]>([
    ['a config of old registries', { config: blob('c', 1, 'application/octet-stream') }],
    ['a config of older registries', { config: blob('c', 1, 'text/html') }],
    ['a config without a type', { config: blob('c', 1, '') }],
    ['types in capitals', { config: blob('c', 1, ociConfig.toUpperCase()) }],
    ['a layer without a type', { config: blob('c', 1, ociConfig), layers: [blob('l', 1, '')] }],
    [
      'layers that may not be handed on',
      {
        config: blob('c', 1, ociConfig),
        layers: [blob('l', 1, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip')],
      },
    ],
    [
      'a name as an artifact too',
      {
        artifactType: 'application/vnd.example+json',
        config: blob('c', 1, ociConfig),
        layers: [blob('l', 1, ociLayer)],
      },
    ],
  ])('takes an image with %s, as engines do', (_name, document) => {
    expect(describeDocument(document).compressedSize).toBeGreaterThan(0)
  })

  const empty = 'application/vnd.oci.empty.v1+json'
  it.each<[string, { artifactType?: string; config?: string; layers?: string[] }]>([
    ['a signature made by cosign', { layers: ['application/vnd.dev.cosign.simplesigning.v1+json'] }],
    [
      'a signature made by cosign',
      { artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json', config: empty },
    ],
    [
      'a signature of the Notary Project',
      { artifactType: 'application/vnd.cncf.notary.signature', config: empty },
    ],
    ['a signature of the Notary Project', { config: 'application/vnd.cncf.notary.signature', layers: [] }],
    [
      'a signature or an attestation of Sigstore',
      { artifactType: 'application/vnd.dev.sigstore.bundle.v0.3+json', config: empty },
    ],
    ['an attestation', { layers: ['application/vnd.in-toto+json'] }],
    ['an attestation', { layers: ['application/vnd.dsse.envelope.v1+json'] }],
    ['a bill of materials (SBOM)', { layers: ['text/spdx+json'] }],
    ['a bill of materials (SBOM)', { artifactType: 'application/vnd.cyclonedx+json', config: empty }],
    ['a Helm chart', { config: 'application/vnd.cncf.helm.config.v1+json' }],
    ['a WebAssembly module', { config: 'application/vnd.wasm.config.v0+json', layers: ['application/wasm'] }],
    ['an AI model', { config: 'application/vnd.docker.ai.model.config.v0.1+json' }],
    ['an AI model', { config: 'application/vnd.cncf.model.config.v1+json' }],
    [
      'an AI model',
      {
        config: 'application/vnd.docker.container.image.v1+json',
        layers: ['application/vnd.ollama.image.model'],
      },
    ],
    ['a plugin for the Docker engine', { config: 'application/vnd.docker.plugin.v1+json' }],
    ['a Compose project', { artifactType: 'application/vnd.docker.compose.project', config: empty }],
    ['a build cache of BuildKit', { config: 'application/vnd.buildkit.cacheconfig.v0' }],
    [
      'something of the type application/vnd.acme.notes',
      { artifactType: 'application/vnd.acme.notes', config: empty },
    ],
    [
      'something of the type application/vnd.unknown.config.v1+json',
      { config: 'application/vnd.unknown.config.v1+json' },
    ],
    ['something of the type text/markdown', { layers: ['text/markdown'] }],
  ])('names %s as what it is: %j', (what, { artifactType, config = ociConfig, layers = [ociLayer] }) => {
    const document = {
      ...(artifactType && { artifactType }),
      config: blob('config', 2, config),
      layers: layers.map((type, at) => blob(`${at}`, 2, type)),
    }
    expect(() => describeDocument(document)).toThrow(
      expect.objectContaining({
        code: 'PKG-MANIFEST',
        unclear: false,
        message: expect.stringContaining(`acme/base is not a container image, but ${what}`),
        said:
          [artifactType, config, ...layers].find((type) => type && what.endsWith(type)) ?? expect.any(String),
      }),
    )
  })

  it('takes of a manifest of Docker no config but an image’s, as engines do', () => {
    const config = blob('c', 1, 'application/vnd.docker.container.image.v2+json')
    expect(() => describeDocument({ config, layers: [] }, docker)).toThrow(/is not a container image/)
    expect(describeDocument({ config, layers: [] }).compressedSize).toBe(1)
  })

  it('names the artifact manifests that came before image-spec 1.1', () => {
    const type = 'application/vnd.oci.artifact.manifest.v1+json'
    const sbom = { mediaType: type, artifactType: 'application/spdx+json', blobs: [] }
    expect(() => read(sbom, type)).toThrow(/is not a container image, but a bill of materials/)
  })
})
