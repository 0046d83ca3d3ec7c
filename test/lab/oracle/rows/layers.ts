import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { Header } from 'tar/header'
import { tarEnd } from '../../../../src/store/tar.ts'
import {
  digestOf,
  type ImageOptions,
  image,
  type Json,
  type Layer,
  layerOf,
  packed,
  row,
  site,
  tarOf,
  withBlobs,
} from '../build.ts'
import { inflated, lengths, unseen } from '../reasons.ts'
import type { Answer, Row, Served } from '../row.ts'

const oci = 'application/vnd.oci.image.layer.v1.tar'
const nondistributable = 'application/vnd.oci.image.layer.nondistributable.v1.tar'
const foreignType = 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'

/** An image of layers that are made of the row's id. */
const layered = (
  id: string,
  says: string,
  layers: (id: string) => Layer[],
  more: Partial<Row> & { options?: ImageOptions } = {},
): Row => {
  const { options, ...rest } = more
  return row(id, says, (own) => site(image(own, { layers: layers(own), ...options })), rest)
}

/** An image whose layer descriptors are changed. */
const described = (id: string, says: string, layerDescriptor: Json, more: Partial<Row> = {}): Row =>
  row(id, says, (own) => site(image(own, { layerDescriptor })), more)

/** An image whose layer is answered otherwise. */
const answered = (
  id: string,
  says: string,
  change: (answer: Answer) => Served,
  more: Partial<Row> = {},
): Row =>
  row(
    id,
    says,
    (own) => withBlobs(site(image(own)), (answer, at) => (at === 1 ? change(answer) : answer)),
    more,
  )

const file = (id: string) => tarOf({ path: 'oracle.txt', text: `${id}\n` })

/** An archive of one entry that `tarHeader` would not write. */
const strangeTar = (data: ConstructorParameters<typeof Header>[0]): Buffer => {
  const header = new Header({ mode: 0o644, uid: 0, gid: 0, size: 0, mtime: new Date(0), ...(data as object) })
  header.encode()
  return Buffer.concat([header.block ?? Buffer.alloc(0), tarEnd()])
}

const halves = (bytes: Buffer) => [bytes.subarray(0, 300), bytes.subarray(300)] as const
const nobody = `sha256:${'1'.repeat(64)}`

/** Layers of every type, well and badly made. */
export const layers: Row[] = [
  layered('layer-tar', 'a layer that is not compressed', (id) => [packed(file(id), oci, (tar) => tar)]),
  layered('layer-zstd', 'a layer in zstd', (id) => [packed(file(id), `${oci}+zstd`, zstdCompressSync)], {
    differs: [inflated],
  }),
  layered(
    'layer-zstd-docker',
    "a layer in zstd, in Docker's format",
    (id) => [packed(file(id), 'application/vnd.docker.image.rootfs.diff.tar.zstd', zstdCompressSync)],
    { options: { family: 'docker' }, differs: [inflated] },
  ),
  layered(
    'layer-zstd-mixed',
    'layers in gzip and zstd',
    (id) => [layerOf(`${id} one`), packed(file(id), `${oci}+zstd`, zstdCompressSync)],
    { differs: [inflated] },
  ),
  layered(
    'layer-zstd-large',
    'a layer of 1 MB in zstd',
    (id) => [
      packed(tarOf({ path: 'large.txt', text: `${id}\n`.repeat(40_000) }), `${oci}+zstd`, zstdCompressSync),
    ],
    { differs: [inflated] },
  ),
  layered(
    'layer-zstd-as-gzip',
    'a layer in zstd that calls itself gzip',
    (id) => [packed(file(id), `${oci}+gzip`, zstdCompressSync)],
    { differs: [unseen, { ...inflated, pipe: 'may deliver' }] },
  ),
  layered('layer-tar-as-gzip', 'a layer that calls itself gzip and is not compressed', (id) => [
    packed(file(id), `${oci}+gzip`, (tar) => tar),
  ]),
  layered('layer-gzip-as-tar', 'a gzipped layer that says it is not', (id) => [
    packed(file(id), oci, gzipSync),
  ]),
  layered('layer-zlib', 'a layer in zlib', (id) => [packed(file(id), `${oci}+gzip`, deflateSync)], {
    differs: [unseen],
  }),
  layered('layer-unknown-type', 'a layer of a type that nobody knows', (id) => [
    packed(file(id), 'application/vnd.example.layer', gzipSync),
  ]),
  layered('layer-docker-in-oci', "a layer of Docker's type in an OCI image", (id) => [layerOf(id, 'docker')]),
  layered('layer-octets', 'a layer that is application/octet-stream', (id) => [
    packed(file(id), 'application/octet-stream', gzipSync),
  ]),
  described('layer-untyped', 'a layer without mediaType', { mediaType: undefined }),
  described('layer-type-empty', 'a layer with "mediaType": ""', { mediaType: '' }),
  described('layer-type-null', 'a layer with "mediaType": null', { mediaType: null }),
  layered('layer-nondistributable', 'a layer that is not to be distributed, with no URL', (id) => [
    packed(file(id), `${nondistributable}+gzip`, gzipSync),
  ]),
  described('layer-nondistributable-urls', 'a layer that is not to be distributed, with the URL of nobody', {
    mediaType: `${nondistributable}+gzip`,
    urls: ['https://nobody.oracle.apkg.test/layer'],
  }),
  row('layer-foreign-urls', "a foreign layer of Docker's, with the URL of nobody", (id) =>
    site(
      image(id, {
        family: 'docker',
        layerDescriptor: { mediaType: foreignType, urls: ['https://nobody.oracle.apkg.test/layer'] },
      }),
    ),
  ),
  described('layer-urls', 'a common layer with the URL of nobody', {
    urls: ['https://nobody.oracle.apkg.test/layer'],
  }),
  described('layer-extra', 'a layer with "annotations": null, "urls": null and "platform": null', {
    annotations: null,
    urls: null,
    platform: null,
    data: null,
  }),
  layered('layer-members', 'a gzipped layer of two members', (id) => [
    packed(file(id), `${oci}+gzip`, (tar) => Buffer.concat(halves(tar).map((part) => gzipSync(part)))),
  ]),
  layered('layer-frames', 'a gzipped layer with an empty member at its end', (id) => [
    packed(file(id), `${oci}+gzip`, (tar) => Buffer.concat([gzipSync(tar), gzipSync(Buffer.alloc(0))])),
  ]),
  layered(
    'layer-zeros-behind',
    'a gzipped layer with zeros behind it',
    (id) => [packed(file(id), `${oci}+gzip`, (tar) => Buffer.concat([gzipSync(tar), Buffer.alloc(512)]))],
    { differs: [unseen] },
  ),
  layered(
    'layer-rubbish-behind',
    'a gzipped layer with rubbish behind it',
    (id) => [
      packed(file(id), `${oci}+gzip`, (tar) => Buffer.concat([gzipSync(tar), Buffer.from('rubbish')])),
    ],
    { differs: [unseen] },
  ),
  layered('layer-tar-rubbish', 'an archive with rubbish behind its end', (id) => [
    packed(Buffer.concat([file(id), Buffer.from(`${id} rubbish`.repeat(100))])),
  ]),
  layered('layer-tar-without-end', 'an archive without its end', (id) => [
    packed(file(id).subarray(0, -1024)),
  ]),
  layered(
    'layer-tar-cut',
    'an archive that ends within a file',
    (id) => [packed(file(id).subarray(0, 520))],
    { differs: [unseen] },
  ),
  layered(
    'layer-gzip-cut',
    'a gzipped layer that ends too early',
    (id) => [packed(file(id), `${oci}+gzip`, (tar) => gzipSync(tar).subarray(0, -20))],
    { differs: [unseen] },
  ),
  layered('layer-no-bytes', 'a layer of no bytes', (id) => [
    layerOf(id),
    packed(Buffer.alloc(0), oci, (tar) => tar),
  ]),
  layered('layer-empty', 'a gzipped layer of an empty archive', (id) => [layerOf(id), packed(tarEnd())]),
  layered('layer-empty-32', "Docker's empty layer of 32 bytes, between two", (id) => [
    layerOf(`${id} one`),
    packed(tarEnd(), `${oci}+gzip`, (tar) => gzipSync(tar)),
    layerOf(`${id} two`),
  ]),
  layered('layers-twice', 'the same layers twice', (id) => [
    layerOf(`${id} a`),
    layerOf(`${id} b`),
    layerOf(`${id} a`),
    layerOf(`${id} b`),
  ]),
  layered('layers-40', '40 layers', (id) => Array.from({ length: 40 }, (_, at) => layerOf(`${id} ${at}`))),
  layered(
    'layers-130',
    '130 layers, more than an engine can stack',
    (id) => Array.from({ length: 130 }, (_, at) => layerOf(`${id} ${at}`)),
    { differs: [unseen] },
  ),
  layered(
    'layer-large-uid',
    'a file of uid 70000, which a step cannot map',
    (id) => [
      packed(Buffer.concat([strangeTar({ path: `${id}.txt`, uid: 70_000, gid: 70_000, type: 'File' })])),
    ],
    { differs: [unseen] },
  ),
  layered(
    'layer-breaks-out',
    'a file whose path leads outside',
    (id) => [packed(strangeTar({ path: `../../${id}.txt`, type: 'File' }))],
    { differs: [unseen] },
  ),
  layered('layer-absolute', 'a file with an absolute path', (id) => [
    packed(strangeTar({ path: `/${id}.txt`, type: 'File' })),
  ]),
  layered(
    'layer-link-out',
    'a hard link that leads outside',
    (id) => [packed(strangeTar({ path: `${id}.txt`, linkpath: '../../../etc/passwd', type: 'Link' }))],
    { differs: [unseen] },
  ),
  layered('layer-symlink-out', 'a symbolic link that leads outside', (id) => [
    packed(strangeTar({ path: `${id}.txt`, linkpath: '../../../etc/passwd', type: 'SymbolicLink' })),
  ]),
  layered('layer-whiteout', 'a file that is deleted by the next layer', (id) => [
    layerOf(id),
    packed(tarOf({ path: '.wh.oracle.txt', text: '' }, { path: 'x', text: id })),
  ]),
  layered(
    'layer-not-tar',
    'a layer that is no archive',
    (id) => [packed(Buffer.from(`this is no archive ${id}`.repeat(100)))],
    { differs: [unseen] },
  ),
  row('layers-null', 'an image with "layers": null', (id) =>
    site(image(id, { layers: [], manifest: { layers: null } })),
  ),
  row('layers-none', 'an image with "layers": []', (id) => site(image(id, { layers: [] }))),
  row('layers-absent', 'an image without "layers"', (id) =>
    site(image(id, { layers: [], manifest: { layers: undefined } })),
  ),
  row('layers-null-of-one', 'an image of one layer with "layers": null', (id) =>
    site(image(id, { manifest: { layers: null } })),
  ),
  row('layers-null-docker', 'a Docker image with "layers": null', (id) =>
    site(image(id, { family: 'docker', layers: [], manifest: { layers: null } })),
  ),
  row('layer-null', 'a layer that is null', (id) => site(image(id, { manifest: { layers: [null] } }))),
  described('layer-size-wrong', 'a layer says another size', { size: 7 }, { differs: lengths }),
  described('layer-size-zero', 'a layer says a size of 0', { size: 0 }, { differs: lengths }),
  described('layer-size-absent', 'a layer says no size', { size: undefined }, { differs: lengths }),
  described('layer-size-negative', 'a layer says a size of -1', { size: -1 }, { differs: lengths }),
  described('layer-lost', 'the layer is lost', { digest: nobody }, { differs: [unseen] }),
  described('layer-digest-rubbish', 'a layer with a digest that is none', { digest: 'latest' }),
  described('layer-digest-absent', 'a layer without a digest', { digest: undefined }),
  answered(
    'layer-other-bytes',
    'the layer has other bytes than its digest says',
    (answer) => {
      const body = Buffer.from(answer.body ?? '')
      body.writeUInt8(body.readUInt8(40) ^ 1, 40)
      return { ...answer, body }
    },
    { differs: [unseen] },
  ),
  answered(
    'layer-other-layer',
    'another layer under its digest',
    (answer) => ({ ...answer, body: layerOf('another').bytes }),
    { differs: [unseen] },
  ),
  answered(
    'layer-broken-off',
    'the connection breaks within the layer, always',
    (answer) => ({ ...answer, cutAfter: 50 }),
    { differs: [unseen] },
  ),
  answered(
    'layer-404-html',
    'the layer is a page: 404',
    () => ({
      status: 404,
      headers: { 'Content-Type': 'text/html' },
      body: Buffer.from('<html>Not found</html>'),
    }),
    { differs: [unseen] },
  ),
  answered(
    'layer-200-html',
    'the layer is a page: 200',
    () => ({ headers: { 'Content-Type': 'text/html' }, body: Buffer.from('<html>Welcome</html>') }),
    { differs: [unseen] },
  ),
  answered(
    'layer-403',
    'the layer is refused',
    () => ({
      status: 403,
      body: Buffer.from('<Error><Code>AccessDenied</Code></Error>'),
      headers: { 'Content-Type': 'application/xml' },
    }),
    { differs: [unseen] },
  ),
  answered('layer-500', 'the layer answers 500', () => ({ status: 500 }), { differs: [unseen] }),
  answered(
    'layer-longer',
    'the layer is followed by more bytes',
    (answer) => ({ ...answer, body: Buffer.concat([answer.body ?? Buffer.alloc(0), Buffer.from('more')]) }),
    { differs: [unseen] },
  ),
  row('layer-sha512', 'a layer that is named by sha512', (id) => {
    const { bytes } = layerOf(`${id} `)
    const digest = digestOf(bytes, 'sha512')
    const of = site(image(id, { layerDescriptor: { digest } }))
    return { ...of, blobs: { ...of.blobs, [digest]: { body: bytes } } }
  }),
]
