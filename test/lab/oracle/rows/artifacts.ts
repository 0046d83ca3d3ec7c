import { bytesOf, digestOf, type ImageOptions, image, layerOf, row, site } from '../build.ts'
import { notAnImage } from '../reasons.ts'
import type { Row } from '../row.ts'

const foreignConfig = (mediaType: string, more: ImageOptions = {}): ImageOptions => ({
  configDescriptor: { mediaType },
  ...more,
})

const artifact = (
  id: string,
  says: string,
  options: (id: string) => ImageOptions,
  more: Partial<Row> = {},
): Row => row(id, says, (own) => site(image(own, options(own))), more)

const file = (id: string, mediaType: string) => ({ ...layerOf(id), mediaType })
const emptyType = 'application/vnd.oci.empty.v1+json'

/** What registries keep beside images. */
export const artifacts: Row[] = [
  artifact(
    'artifact-chart',
    'a Helm chart',
    (id) => ({
      layers: [file(id, 'application/vnd.cncf.helm.chart.content.v1.tar+gzip')],
      configBytes: bytesOf({ name: id, version: '1.0.0', apiVersion: 'v2' }),
      configDescriptor: { mediaType: 'application/vnd.cncf.helm.config.v1+json' },
    }),
    { differs: [notAnImage] },
  ),
  artifact('artifact-signature', "a signature of cosign's, with the config of an image", (id) => {
    const payload = bytesOf({ critical: { identity: { 'docker-reference': id } } })
    const layer = {
      bytes: payload,
      diffId: digestOf(payload),
      mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    }
    return {
      layers: [layer],
      config: { architecture: '', os: '', config: {}, history: [{ created: '0001-01-01T00:00:00Z' }] },
    }
  }),
  artifact('artifact-attestation', 'an attestation of BuildKit', (id) => {
    const statement = bytesOf({ _type: 'https://in-toto.io/Statement/v0.1', subject: [{ name: id }] })
    const layer = { bytes: statement, diffId: digestOf(statement), mediaType: 'application/vnd.in-toto+json' }
    return { layers: [layer], config: { architecture: 'unknown', os: 'unknown', config: {} } }
  }),
  artifact(
    'artifact-empty-config',
    'an artifact with the empty config of OCI 1.1',
    (id) => ({
      layers: [file(id, 'application/vnd.example.data')],
      configBytes: bytesOf({}),
      configDescriptor: { mediaType: emptyType },
      manifest: { artifactType: 'application/vnd.example' },
    }),
    { differs: [notAnImage] },
  ),
  artifact(
    'artifact-of-oras',
    "a file of oras', with a config of its own",
    (id) => ({
      layers: [file(id, 'text/plain')],
      configBytes: bytesOf({}),
      configDescriptor: { mediaType: 'application/vnd.unknown.config.v1+json' },
    }),
    { differs: [notAnImage] },
  ),
  artifact('artifact-type-of-image', 'an image with an artifactType', () => ({
    manifest: { artifactType: 'application/vnd.example' },
  })),
  artifact('artifact-wasm', 'a module in WebAssembly', (id) => ({
    layers: [file(id, 'application/wasm')],
    ...foreignConfig('application/vnd.wasm.config.v0+json'),
  })),
  artifact('artifact-plugin', 'a plugin of Docker', (id) => ({
    family: 'docker',
    layers: [layerOf(id, 'docker')],
    ...foreignConfig('application/vnd.docker.plugin.v1+json'),
  })),
  artifact(
    'artifact-singularity',
    'an image of Singularity',
    (id) => ({
      layers: [file(id, 'application/vnd.sylabs.sif.layer.v1.sif')],
      ...foreignConfig('application/vnd.sylabs.sif.config.v1+json', { configBytes: bytesOf({}) }),
    }),
    { differs: [notAnImage] },
  ),
  artifact(
    'artifact-model',
    'a model for Docker Model Runner',
    (id) => ({
      layers: [file(id, 'application/vnd.docker.ai.gguf.v3')],
      ...foreignConfig('application/vnd.docker.ai.model.config.v0.1+json', {
        configBytes: bytesOf({ config: { format: 'gguf' } }),
      }),
    }),
    { differs: [notAnImage] },
  ),
  row('artifact-manifest', 'the artifact manifest of a draft of OCI 1.1', (id) => {
    const mediaType = 'application/vnd.oci.artifact.manifest.v1+json'
    const bytes = bytesOf({
      mediaType,
      artifactType: 'application/vnd.example',
      blobs: [],
      annotations: { id },
    })
    return site({ bytes, mediaType, digest: digestOf(bytes), blobs: {} })
  }),
]
