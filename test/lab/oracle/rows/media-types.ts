import { entry, here, image, index, row, site, types } from '../build.ts'
import { ambiguous, resolved } from '../reasons.ts'
import type { Row } from '../row.ts'

/** Documents of every media type, and documents and headers that do not agree about it. */
export const mediaTypes: Row[] = [
  row('docker-image', "an image in Docker's format", (id) => site(image(id, { family: 'docker' }))),
  row('oci-image', "an image in OCI's format", (id) => site(image(id))),
  row('oci-image-untyped', 'an OCI manifest without mediaType', (id) =>
    site(image(id, { manifest: { mediaType: undefined } })),
  ),
  row('docker-image-untyped', 'a Docker manifest without mediaType', (id) =>
    site(image(id, { family: 'docker', manifest: { mediaType: undefined } })),
  ),
  row('docker-list', "an index in Docker's format", (id) => {
    const of = image(id, { family: 'docker' })
    return site(index([entry(of)], { family: 'docker' }), {}, of)
  }),
  row('oci-index', "an index in OCI's format", (id) => {
    const of = image(id)
    return site(index([entry(of)]), {}, of)
  }),
  row('oci-index-of-docker', 'an OCI index of Docker manifests', (id) => {
    const of = image(id, { family: 'docker' })
    return site(index([entry(of)]), {}, of)
  }),
  row('docker-list-of-oci', 'a Docker list of OCI manifests', (id) => {
    const of = image(id)
    return site(index([entry(of)], { family: 'docker' }), {}, of)
  }),
  row('oci-index-untyped', 'an OCI index without mediaType', (id) => {
    const of = image(id)
    return site(index([entry(of)], { index: { mediaType: undefined } }), {}, of)
  }),
  row('docker-list-untyped', 'a Docker list without mediaType', (id) => {
    const of = image(id, { family: 'docker' })
    return site(index([entry(of)], { family: 'docker', index: { mediaType: undefined } }), {}, of)
  }),
  row(
    'nested-index',
    'an index in an index',
    (id) => {
      const of = image(id)
      const inner = index([entry(of)])
      return site(index([entry(inner)]), {}, inner, of)
    },
    { differs: [resolved] },
  ),
  row('nested-index-beside', 'an index in an index, beside an image', (id) => {
    const of = image(id)
    const inner = index([
      entry(image(id, { name: 'inner' }), { platform: { os: 'linux', architecture: 's390x' } }),
    ])
    return site(index([entry(inner, {}), entry(of)]), {}, inner, of)
  }),
  row('media-type-null', 'a manifest with "mediaType": null', (id) =>
    site(image(id, { manifest: { mediaType: null } })),
  ),
  row('media-type-empty', 'a manifest with "mediaType": ""', (id) =>
    site(image(id, { manifest: { mediaType: '' } })),
  ),
  row('media-type-number', 'a manifest with "mediaType": 2', (id) =>
    site(image(id, { manifest: { mediaType: 2 } })),
  ),
  row('index-media-type-null', 'an index with "mediaType": null', (id) => {
    const of = image(id)
    return site(index([entry(of)], { index: { mediaType: null } }), {}, of)
  }),
  row('header-docker-body-oci', "an OCI manifest, sent as Docker's", (id) =>
    site({ ...image(id), mediaType: types.docker.manifest }),
  ),
  row('header-oci-body-docker', "a Docker manifest, sent as OCI's", (id) =>
    site({ ...image(id, { family: 'docker' }), mediaType: types.oci.manifest }),
  ),
  row('header-index-body-image', 'an image, sent as an index', (id) =>
    site({ ...image(id), mediaType: types.oci.index }),
  ),
  row('header-image-body-index', 'an index, sent as an image', (id) => {
    const of = image(id)
    return site({ ...index([entry(of)]), mediaType: types.oci.manifest }, {}, of)
  }),
  row(
    'image-with-manifests',
    'an image that is an index too',
    (id) => {
      const inner = image(id, { name: 'inner' })
      return site(image(id, { manifest: { manifests: [entry(inner)] } }), {}, inner)
    },
    { differs: [ambiguous] },
  ),
  row(
    'image-with-manifests-untyped',
    'an image that is an index too, and says nothing of its type',
    (id) => {
      const inner = image(id, { name: 'inner' })
      return site(image(id, { manifest: { mediaType: undefined, manifests: [entry(inner)] } }), {}, inner)
    },
    { differs: [ambiguous] },
  ),
  row(
    'index-with-layers',
    'an index that is an image too',
    (id) => {
      const of = image(id)
      const { config, layers } = JSON.parse(of.bytes.toString())
      return site(index([entry(of)], { index: { config, layers } }), {}, of)
    },
    { differs: [ambiguous] },
  ),
  row('index-with-config-null', 'an index with "config": null and "layers": null', (id) => {
    const of = image(id)
    return site(index([entry(of)], { index: { config: null, layers: null } }), {}, of)
  }),
  row('image-with-manifests-null', 'an image with "manifests": null', (id) =>
    site(image(id, { manifest: { manifests: null } })),
  ),
  row('image-with-manifests-empty', 'an image with "manifests": []', (id) =>
    site(image(id, { manifest: { manifests: [] } })),
  ),
  row(
    'image-with-fslayers',
    'an image that has the layers of schema 1 too',
    (id) =>
      site(
        image(id, { family: 'docker', manifest: { fsLayers: [{ blobSum: `sha256:${'0'.repeat(64)}` }] } }),
      ),
    { differs: [ambiguous] },
  ),
  row('schema-version-absent', 'a manifest without schemaVersion', (id) =>
    site(image(id, { manifest: { schemaVersion: undefined } })),
  ),
  row('schema-version-3', 'a manifest of schemaVersion 3', (id) =>
    site(image(id, { manifest: { schemaVersion: 3 } })),
  ),
  row('schema-version-1', 'an OCI manifest of schemaVersion 1', (id) =>
    site(image(id, { manifest: { schemaVersion: 1 } })),
  ),
  row('schema-version-text', 'a manifest of schemaVersion "2"', (id) =>
    site(image(id, { manifest: { schemaVersion: '2' } })),
  ),
  row('docker-schema-version-absent', 'a Docker manifest without schemaVersion', (id) =>
    site(image(id, { family: 'docker', manifest: { schemaVersion: undefined } })),
  ),
  row('extra-fields', 'a manifest with fields that nobody knows', (id) =>
    site(image(id, { manifest: { annotations: { a: 'b' }, future: { x: [1, null] }, platform: here } })),
  ),
  row('annotations-null', 'a manifest with "annotations": null', (id) =>
    site(image(id, { manifest: { annotations: null } })),
  ),
  row('subject', 'an image that refers to another one as its subject', (id) =>
    site(image(id, { manifest: { subject: entry(image(id, { name: 'other' }), {}) } })),
  ),
  row('image-by-digest', 'an image, asked for by its digest', (id) => site(image(id)), {
    reference: `@${image('image-by-digest').digest}`,
  }),
  row(
    'index-by-digest',
    'an index, asked for by its digest',
    (id) => {
      const of = image(id)
      return site(index([entry(of)]), {}, of)
    },
    { reference: `@${index([entry(image('index-by-digest'))]).digest}` },
  ),
]
