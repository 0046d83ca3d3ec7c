import { bytesOf, digestOf, elsewhere, type ImageOptions, image, layerOf, row, site } from '../build.ts'
import { bounded, lengths, unnameable, unread } from '../reasons.ts'
import type { Row } from '../row.ts'

const made = (
  id: string,
  says: string,
  options: ImageOptions | ((id: string) => ImageOptions),
  more: Partial<Row> = {},
): Row =>
  row(id, says, (own) => site(image(own, typeof options === 'function' ? options(own) : options)), more)

const described = (
  id: string,
  says: string,
  configDescriptor: Record<string, unknown>,
  more?: Partial<Row>,
) => made(id, says, { configDescriptor }, more)

const nobody = `sha256:${'1'.repeat(64)}`
const large = (bytes: number) => ({ config: { Labels: { large: 'x'.repeat(bytes) } } })

const configOf = (id: string) => Object.values(image(id).blobs)[0] ?? Buffer.alloc(0)

/** Descriptors of the config, and the config itself. */
export const configs: Row[] = [
  described('config-untyped', 'the config has no mediaType, as in old images', { mediaType: undefined }),
  described('config-type-empty', 'the config has "mediaType": ""', { mediaType: '' }),
  described('config-type-null', 'the config has "mediaType": null', { mediaType: null }),
  described('config-type-octets', 'the config is application/octet-stream', {
    mediaType: 'application/octet-stream',
  }),
  described('config-type-json', 'the config is application/json', { mediaType: 'application/json' }),
  described('config-type-html', 'the config is text/html', { mediaType: 'text/html' }),
  described('config-type-text', 'the config is text/plain', { mediaType: 'text/plain' }),
  described('config-type-unknown', 'the config is of a type that nobody knows', {
    mediaType: 'application/vnd.example+json',
  }),
  described('config-type-docker', "an OCI image with Docker's config", {
    mediaType: 'application/vnd.docker.container.image.v1+json',
  }),
  described('config-type-charset', 'the config has a type with a charset', {
    mediaType: 'application/vnd.oci.image.config.v1+json; charset=utf-8',
  }),
  made('config-untyped-docker', "the config has no mediaType, in Docker's format", {
    family: 'docker',
    configDescriptor: { mediaType: undefined },
  }),
  described('config-size-wrong', 'the config says another size', { size: 7 }, { differs: lengths }),
  described('config-size-zero', 'the config says a size of 0', { size: 0 }, { differs: lengths }),
  described('config-size-absent', 'the config says no size', { size: undefined }, { differs: lengths }),
  described(
    'config-size-large',
    'the config says a size of 1 GB',
    { size: 1_000_000_000 },
    { differs: lengths },
  ),
  described('config-size-float', 'the config says a size of 7.5', { size: 7.5 }),
  described('config-extra', 'the config has urls, data, annotations, a platform', {
    urls: null,
    annotations: null,
    platform: null,
    data: 'e30=',
    artifactType: 'x',
  }),
  described('config-lost', 'the config is lost', { digest: nobody }),
  described('config-digest-rubbish', 'the config has a digest that is none', { digest: 'latest' }),
  described('config-digest-absent', 'the config has no digest', { digest: undefined }),
  made('config-absent', 'an image without a config', { manifest: { config: undefined } }),
  made('config-null', 'an image with "config": null', { manifest: { config: null } }),
  made('config-foreign', 'a config of another architecture, without an index', { config: elsewhere }),
  made('config-windows', 'a config of windows, without an index', { config: { os: 'windows' } }),
  made('config-without-architecture', 'a config without an architecture', {
    config: { architecture: undefined },
  }),
  made('config-without-os', 'a config without an operating system', { config: { os: undefined } }),
  made('config-os-empty', 'a config with "os": "" and "architecture": ""', {
    config: { os: '', architecture: '' },
  }),
  made('config-variant-null', 'a config with "variant": null', {
    config: { variant: null, 'os.version': null },
  }),
  made('config-without-rootfs', 'a config without rootfs', { config: { rootfs: undefined } }),
  made('config-rootfs-null', 'a config with "rootfs": null', { config: { rootfs: null } }),
  made('config-rootfs-untyped', 'a rootfs without a type', (id) => ({
    config: { rootfs: { diff_ids: [layerOf(`${id} `).diffId] } },
  })),
  made('config-fewer-ids', 'a config with fewer diff_ids than layers', {
    config: { rootfs: { type: 'layers', diff_ids: [] } },
  }),
  made('config-more-ids', 'a config with more diff_ids than layers', (id) => ({
    config: { rootfs: { type: 'layers', diff_ids: [layerOf(`${id} `).diffId, nobody] } },
  })),
  made(
    'config-other-ids',
    'a config with the diff_ids of other layers',
    {
      config: { rootfs: { type: 'layers', diff_ids: [nobody] } },
    },
    { differs: [unread] },
  ),
  made('config-history-absent', 'a config without a history', { config: { history: undefined } }),
  made('config-history-null', 'a config with "history": null', { config: { history: null } }),
  made(
    'config-history-long',
    'a config with a longer history than layers',
    (id) => ({
      config: { history: [{ created_by: id }, { created_by: 'b' }, { created_by: 'c', empty_layer: true }] },
    }),
    { differs: [unread] },
  ),
  made('config-created-null', 'a config with "created": null and "config": null', {
    config: { created: null, config: null },
  }),
  made('config-created-absent', 'a config without created and config', {
    config: { created: undefined, config: undefined },
  }),
  made(
    'config-created-rubbish',
    'a config with a date that is none',
    { config: { created: 'yesterday' } },
    { differs: [unread, unnameable] },
  ),
  made('config-labels-null', 'a config with null for lists', {
    config: { config: { Labels: null, Env: null, Cmd: null, Entrypoint: null } },
  }),
  made(
    'config-other-types',
    'a config with a text where a list belongs',
    {
      config: { config: { Cmd: 'sh' } },
    },
    { differs: [unread, unnameable] },
  ),
  made('config-empty', 'a config of {}', { configBytes: bytesOf({}) }),
  made('config-array', 'a config of []', { configBytes: bytesOf([]) }),
  made('config-text', 'a config that is not JSON', { configBytes: Buffer.from('not JSON') }),
  made('config-nothing', 'a config of no bytes', { configBytes: Buffer.alloc(0) }),
  made('config-bom', 'a config with a byte order mark', (id) => ({
    configBytes: Buffer.concat([Buffer.from('\uFEFF'), configOf(id)]),
  })),
  made('config-newline', 'a config with a newline at its end', (id) => ({
    configBytes: Buffer.concat([configOf(id), Buffer.from('\n')]),
  })),
  made('config-3-mib', 'a config of 3 MiB', { config: large(3 * 1024 * 1024) }),
  made('config-9-mib', 'a config of 9 MiB', { config: large(9 * 1024 * 1024) }),
  made('manifest-3-mib', 'a manifest of 3 MiB', {
    manifest: { annotations: { large: 'x'.repeat(3 * 1024 * 1024) } },
  }),
  made(
    'manifest-5-mib',
    'a manifest of 5 MiB',
    {
      manifest: { annotations: { large: 'x'.repeat(5 * 1024 * 1024) } },
    },
    { differs: [bounded] },
  ),
  row('config-other-bytes', 'the config has other bytes than its digest says', (id) => {
    const of = image(id)
    const plain = site(of)
    const [digest = ''] = Object.keys(plain.blobs)
    const body = Buffer.from(of.blobs[digest] ?? '')
    body.writeUInt8(body.readUInt8(20) ^ 1, 20)
    return { ...plain, blobs: { ...plain.blobs, [digest]: { body } } }
  }),
  row('config-sha512', 'the config is named by sha512', (id) => {
    const plain = image(id)
    const [config = Buffer.alloc(0)] = Object.values(plain.blobs)
    const digest = digestOf(config, 'sha512')
    const of = site(image(id, { configDescriptor: { digest } }))
    return { ...of, blobs: { ...of.blobs, [digest]: { body: config } } }
  }),
]
