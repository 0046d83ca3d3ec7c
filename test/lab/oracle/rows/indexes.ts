import {
  bytesOf,
  digestOf,
  elsewhere,
  entry,
  foreign,
  here,
  type Image,
  image,
  index,
  type Json,
  manifestAnswer,
  native,
  row,
  site,
  types,
} from '../build.ts'
import { lengths, osFeatures, resolved, unnameable } from '../reasons.ts'
import type { Row } from '../row.ts'

/** An index with these entries, made of an image of this platform and one of another. */
const indexed = (
  id: string,
  says: string,
  entries: (good: Image, other: Image) => readonly Json[] | null,
  more: Partial<Row> & { family?: 'docker' | 'oci' } = {},
): Row => {
  const { family = 'oci', ...rest } = more
  return row(
    id,
    says,
    (own) => {
      const good = image(own, { family, name: 'good' })
      const other = image(own, { family, name: 'other', config: elsewhere })
      return site(index(entries(good, other), { family }), {}, good, other)
    },
    rest,
  )
}

const good = (of: Image, more: Json = {}) => entry(of, { platform: here, ...more })
const other = (of: Image, more: Json = {}) => entry(of, { platform: elsewhere, ...more })
const unknown = { platform: { os: 'unknown', architecture: 'unknown' } }
const nobody = `sha256:${'1'.repeat(64)}`

/** Indexes as tools write them, and entries as nobody should. */
export const indexes: Row[] = [
  indexed('platforms', 'two platforms', (a, b) => [other(b), good(a)]),
  indexed('platforms-docker', "two platforms, in Docker's format", (a, b) => [other(b), good(a)], {
    family: 'docker',
  }),
  indexed('variant-null', 'the entry has "variant": null', (a, b) => [
    other(b),
    good(a, { platform: { ...here, variant: null } }),
  ]),
  indexed('variant-empty', 'the entry has "variant": ""', (a, b) => [
    other(b),
    good(a, { platform: { ...here, variant: '' } }),
  ]),
  indexed('os-version-null', 'the entry has "os.version": null and "os.features": null', (a) => [
    good(a, { platform: { ...here, 'os.version': null, 'os.features': null } }),
  ]),
  indexed('os-version-words', 'the entry has "os.version": "Ubuntu 22.04"', (a, b) => [
    other(b),
    good(a, { platform: { ...here, 'os.version': 'Ubuntu 22.04' } }),
  ]),
  indexed(
    'os-features',
    'the entry has "os.features"',
    (a) => [good(a, { platform: { ...here, 'os.features': ['win32k'] } })],
    { differs: [osFeatures] },
  ),
  indexed('features', 'the entry has Docker\'s "features"', (a) => [
    good(a, { platform: { ...here, features: ['sse4'] } }),
  ]),
  indexed('platform-odd-fields', 'a platform with fields that nobody knows', (a) => [
    good(a, { platform: { ...here, flavour: { of: 'x' } } }),
  ]),
  indexed('platform-null-beside', 'an entry with "platform": null beside a good one', (a, b) => [
    entry(b, { platform: null }),
    good(a),
  ]),
  indexed('platform-null-after', 'an entry with "platform": null after a good one', (a, b) => [
    good(a),
    entry(b, { platform: null }),
  ]),
  indexed('platform-empty-beside', 'an entry with "platform": {} beside a good one', (a, b) => [
    entry(b, { platform: {} }),
    good(a),
  ]),
  indexed('platform-absent-beside', 'an entry without a platform before a good one', (a, b) => [
    entry(b, {}),
    good(a),
  ]),
  indexed('platform-absent-after', 'an entry without a platform after a good one', (a, b) => [
    good(a),
    entry(b, {}),
  ]),
  indexed('platform-architecture-only', 'an entry with an architecture alone, beside a good one', (a, b) => [
    entry(b, { platform: { architecture: native } }),
    good(a),
  ]),
  indexed('platform-os-only', 'an entry with an operating system alone, beside a good one', (a, b) => [
    entry(b, { platform: { os: 'linux' } }),
    good(a),
  ]),
  indexed('platform-absent-alone', 'one entry, without a platform', (a) => [entry(a, {})], {
    differs: [resolved],
  }),
  indexed('platform-null-alone', 'one entry, with "platform": null', (a) => [entry(a, { platform: null })], {
    differs: [resolved],
  }),
  indexed('platform-empty-alone', 'one entry, with "platform": {}', (a) => [entry(a, { platform: {} })], {
    differs: [resolved],
  }),
  indexed(
    'platform-absent-with-foreign',
    'an entry without a platform, beside one of another',
    (a, b) => [other(b), entry(a, {})],
    { differs: [resolved] },
  ),
  indexed(
    'platform-absent-docker',
    'one entry, without a platform, in a Docker list',
    (a) => [entry(a, {})],
    { family: 'docker', differs: [resolved] },
  ),
  indexed('platform-other-names', 'a platform that is called x86_64 or aarch64', (a) => [
    good(a, { platform: { os: 'linux', architecture: native === 'amd64' ? 'x86_64' : 'aarch64' } }),
  ]),
  // Where there is no store of layers for a system "Linux", engine 20.10 ends.
  indexed(
    'platform-capital-system',
    'an operating system in capitals',
    (a) => [good(a, { platform: { os: 'Linux', architecture: native } })],
    { breaks: ['20.10'] },
  ),
  indexed('platform-capitals', 'an architecture in capitals', (a) => [
    good(a, { platform: { os: 'linux', architecture: native.toUpperCase() } }),
  ]),
  indexed('platform-least-variant', 'a platform with the variant that all have', (a) => [
    good(a, { platform: { ...here, variant: native === 'amd64' ? 'v1' : 'v8' } }),
  ]),
  indexed('platform-number', 'an entry whose operating system is a number, beside a good one', (a, b) => [
    entry(b, { platform: { os: 7, architecture: foreign } }),
    good(a),
  ]),
  indexed('platform-text', 'an entry whose platform is a text, beside a good one', (a, b) => [
    entry(b, { platform: 'linux/amd64' }),
    good(a),
  ]),
  indexed('platform-foreign', 'another platform only', (_, b) => [other(b)]),
  indexed('platform-windows', 'windows only', (a) => [
    entry(a, { platform: { os: 'windows', architecture: native, 'os.version': '10.0.17763.1' } }),
  ]),
  indexed('entry-untyped', 'an entry without mediaType', (a, b) => [
    other(b),
    good(a, { mediaType: undefined }),
  ]),
  indexed('entry-untyped-beside', 'an entry of another platform without mediaType', (a, b) => [
    other(b, { mediaType: undefined }),
    good(a),
  ]),
  indexed('entry-type-null', 'an entry with "mediaType": null', (a, b) => [
    other(b),
    good(a, { mediaType: null }),
  ]),
  indexed('entry-type-empty', 'an entry with "mediaType": ""', (a) => [good(a, { mediaType: '' })]),
  indexed('entry-type-docker', "an OCI manifest that its entry calls Docker's", (a) => [
    good(a, { mediaType: types.docker.manifest }),
  ]),
  indexed('entry-type-unknown', 'a good entry beside one of a type that nobody knows', (a, b) => [
    other(b, { mediaType: 'application/vnd.example+json', platform: here }),
    good(a),
  ]),
  indexed('entry-type-chosen-unknown', 'the only entry is of a type that nobody knows', (a) => [
    good(a, { mediaType: 'application/vnd.example+json' }),
  ]),
  indexed('attestations', 'an image and its attestations, as buildx pushes them', (a, b) => [
    good(a),
    entry(b, {
      ...unknown,
      annotations: {
        'vnd.docker.reference.digest': a.digest,
        'vnd.docker.reference.type': 'attestation-manifest',
      },
    }),
  ]),
  indexed('attestations-first', 'attestations before the image', (a, b) => [entry(b, unknown), good(a)]),
  indexed('attestations-only', 'nothing but attestations', (_, b) => [entry(b, unknown)]),
  indexed('entries-twice', 'the same entry twice', (a, b) => [good(a), good(a), other(b), other(b)]),
  indexed('entries-two-good', 'two images of this platform: the first counts', (a, b) => [
    good(a),
    entry(b, { platform: here }),
  ]),
  indexed('entries-1001', 'an index of 1,001 entries', (a, b) => [
    ...Array.from({ length: 1000 }, () => other(b)),
    good(a),
  ]),
  indexed('entries-none', 'an index without entries', () => []),
  indexed('entries-null', 'an index with "manifests": null', () => null),
  indexed('entry-size-wrong', 'the entry says another size', (a) => [good(a, { size: 7 })]),
  indexed('entry-size-zero', 'the entry says a size of 0', (a) => [good(a, { size: 0 })]),
  indexed('entry-size-absent', 'the entry says no size', (a) => [good(a, { size: undefined })]),
  indexed('entry-size-negative', 'the entry says a size of -1', (a) => [good(a, { size: -1 })], {
    differs: lengths,
  }),
  indexed('entry-size-text', 'another entry says its size as text', (a, b) => [
    other(b, { size: '7' }),
    good(a),
  ]),
  indexed('entry-size-null', 'another entry has "size": null', (a, b) => [other(b, { size: null }), good(a)]),
  indexed('entry-annotations-null', 'an entry with "annotations": null', (a) => [
    good(a, { annotations: null }),
  ]),
  indexed('entry-urls', 'an entry with urls, data and an artifactType', (a) => [
    good(a, { urls: ['https://example.com/x'], artifactType: 'application/vnd.example' }),
  ]),
  indexed('entry-null', 'an entry that is null', (a) => [good(a), null as unknown as Json], {
    differs: [unnameable],
  }),
  // containerd keeps these, and then cannot list any image.
  indexed(
    'entry-digest-absent',
    'another entry without a digest',
    (a, b) => [other(b, { digest: undefined }), good(a)],
    { breaks: ['28.5-containerd'] },
  ),
  indexed(
    'entry-digest-rubbish',
    'another entry with a digest that is none',
    (a, b) => [other(b, { digest: 'latest' }), good(a)],
    { breaks: ['28.5-containerd'] },
  ),
  indexed('entry-lost', 'the entry of this platform is lost', (a) => [good(a, { digest: nobody })]),
  indexed('entry-lost-beside', 'the entry of another platform is lost', (a, b) => [
    other(b, { digest: nobody }),
    good(a),
  ]),
  row('entry-other-bytes', 'the image of the entry has other bytes than its digest says', (id) => {
    const right = image(id, { name: 'right' })
    const wrong = image(id, { name: 'wrong' })
    const plain = site(index([good(right)]), {}, right, wrong)
    return { ...plain, manifests: { ...plain.manifests, [right.digest]: manifestAnswer(wrong) } }
  }),
  row('entry-sha512', 'the entry is named by sha512', (id) => {
    const of = image(id)
    const digest = digestOf(of.bytes, 'sha512')
    const plain = site(index([good(of, { digest })]))
    const answer = manifestAnswer(of, { headers: { 'Docker-Content-Digest': digest } })
    return { manifests: { ...plain.manifests, [digest]: answer }, blobs: site(of).blobs }
  }),
  row('index-artifact-type', 'an index with an artifactType and a subject', (id) => {
    const of = image(id)
    const more = { artifactType: 'application/vnd.example', subject: entry(of, {}) }
    return site(index([good(of)], { index: more }), {}, of)
  }),
  row('index-platform-lies', 'the entry is of this platform, its image of another', (id) => {
    const of = image(id, { config: elsewhere })
    return site(index([good(of)]), {}, of)
  }),
  row('index-of-cache', 'a cache of BuildKit', (id) => {
    const cache = bytesOf({ layers: [], records: [] })
    const of = image(id)
    const config = {
      mediaType: 'application/vnd.buildkit.cacheconfig.v0',
      digest: digestOf(cache),
      size: cache.length,
    }
    const layer = JSON.parse(of.bytes.toString()).layers[0]
    return site(index([layer, config]), {}, of)
  }),
]
