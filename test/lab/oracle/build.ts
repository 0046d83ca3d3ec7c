import { createHash } from 'node:crypto'
import { arch } from 'node:os'
import { gzipSync } from 'node:zlib'
import { tarEnd, tarHeader, tarPadding } from '../../../src/store/tar.ts'
import type { Answer, Row, Served, Site } from './row.ts'

const docker = 'application/vnd.docker'
const oci = 'application/vnd.oci.image'

/** Media types, by family and by what they name. */
export const types = {
  docker: {
    manifest: `${docker}.distribution.manifest.v2+json`,
    index: `${docker}.distribution.manifest.list.v2+json`,
    config: `${docker}.container.image.v1+json`,
    layer: `${docker}.image.rootfs.diff.tar.gzip`,
  },
  oci: {
    manifest: `${oci}.manifest.v1+json`,
    index: `${oci}.index.v1+json`,
    config: `${oci}.config.v1+json`,
    layer: `${oci}.layer.v1.tar+gzip`,
  },
} as const

export type Family = keyof typeof types

/** A JSON object, as far as a test changes it; `undefined` takes a field away. */
export type Json = Record<string, unknown>

/** The architecture of this machine, which is its engine's, and another one. */
export const native = arch() === 'x64' ? 'amd64' : arch()
export const foreign = native === 'amd64' ? 'arm64' : 'amd64'
export const here = { os: 'linux', architecture: native }
export const elsewhere = { os: 'linux', architecture: foreign }

export const digestOf = (bytes: Buffer, algorithm: 'sha256' | 'sha512' = 'sha256'): string =>
  `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`

export const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

/** A layer's bytes as they are stored, and the digest of the archive in them. */
export interface Layer {
  bytes: Buffer
  diffId: string
  mediaType: string
}

/** A file of a layer. */
export interface File {
  path: string
  text: string
}

/** An archive with these files. */
export const tarOf = (...files: File[]): Buffer =>
  Buffer.concat([
    ...files.flatMap(({ path, text }) => {
      const body = Buffer.from(text)
      return [tarHeader(path, body.length), body, tarPadding(body.length)]
    }),
    tarEnd(),
  ])

/** A gzipped layer with one file, which no other row has. */
export const layerOf = (text: string, family: Family = 'oci'): Layer =>
  packed(tarOf({ path: 'oracle.txt', text: `${text}\n` }), types[family].layer)

/** A layer of this archive, as `pack` stores it. */
export const packed = (
  tar: Buffer,
  mediaType: string = types.oci.layer,
  pack: (tar: Buffer) => Buffer = (bytes) => gzipSync(bytes),
): Layer => ({ bytes: pack(tar), diffId: digestOf(tar), mediaType })

/** What there is to change in an image. */
export interface ImageOptions {
  family?: Family
  layers?: readonly Layer[]
  /** Changes of the config blob. */
  config?: Json
  /** The config blob, where it is not to be made. */
  configBytes?: Buffer
  /** Changes of the config's descriptor. */
  configDescriptor?: Json
  /** Changes of each layer's descriptor. */
  layerDescriptor?: Json
  /** Changes of the manifest. */
  manifest?: Json
  /** Makes the manifest's bytes of its JSON text. */
  write?: (json: string) => string
  /** Which image it is, where a row has several. */
  name?: string
}

/** An image as a registry has it. */
export interface Image {
  bytes: Buffer
  mediaType: string
  digest: string
  blobs: Record<string, Buffer>
}

/** An image whose config, layers and digests are no other row's; `id` is the row's. */
export const image = (id: string, options: ImageOptions = {}): Image => {
  const { family = 'oci', name = '', write = (json: string) => json } = options
  const layers = options.layers ?? [layerOf(`${id} ${name}`, family)]
  const configBytes =
    options.configBytes ??
    bytesOf({
      ...here,
      created: '2026-01-01T00:00:00Z',
      config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'], Labels: { oracle: `${id} ${name}`.trim() } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
      history: layers.map(() => ({ created: '2026-01-01T00:00:00Z', created_by: 'oracle' })),
      ...options.config,
    })
  const mediaType = types[family].manifest
  const bytes = Buffer.from(
    write(
      JSON.stringify({
        schemaVersion: 2,
        mediaType,
        config: { ...descriptor(configBytes, types[family].config), ...options.configDescriptor },
        layers: layers.map((layer) => ({
          ...descriptor(layer.bytes, layer.mediaType),
          ...options.layerDescriptor,
        })),
        ...options.manifest,
      }),
    ),
    'latin1',
  )
  const blobs = Object.fromEntries([configBytes, ...layers.map((layer) => layer.bytes)].map(byDigest))
  return { bytes, mediaType, digest: digestOf(bytes), blobs }
}

export const descriptor = (bytes: Buffer, mediaType: string) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
})

/** An index entry for an image. */
export const entry = (of: Image, more: Json = { platform: here }): Json => ({
  ...descriptor(of.bytes, of.mediaType),
  ...more,
})

/** What there is to change in an index. */
export interface IndexOptions {
  family?: Family
  /** Changes of the document. */
  index?: Json
  write?: (json: string) => string
}

/** An index of these entries; what they name is served beside it. */
export const index = (entries: readonly Json[] | null, options: IndexOptions = {}) => {
  const { family = 'oci', write = (json: string) => json } = options
  const mediaType = types[family].index
  const json = JSON.stringify({ schemaVersion: 2, mediaType, manifests: entries, ...options.index })
  const bytes = Buffer.from(write(json), 'latin1')
  return { bytes, mediaType, digest: digestOf(bytes), blobs: {} }
}

/** How one answer departs from what a registry usually sends; a header of `null` is left out. */
export interface Oddity extends Omit<Answer, 'headers'> {
  headers?: Record<string, string | string[] | null>
}

/** A registry that has `top` under the tag 1, everything under its digest, and sends `top` with an oddity. */
export const site = (top: Image, oddity: Oddity = {}, ...others: Image[]): Site => {
  const answer = manifestAnswer(top, oddity)
  return {
    manifests: {
      ...Object.fromEntries(others.map((each) => [each.digest, manifestAnswer(each)])),
      1: answer,
      [top.digest]: answer,
    },
    blobs: Object.fromEntries(
      [top, ...others].flatMap(({ blobs }) =>
        Object.entries(blobs).map(([digest, bytes]): [string, Served] => [digest, blobAnswer(bytes)]),
      ),
    ),
  }
}

/** The same registry with other answers for some blobs, in their order: the config is the first. */
export const withBlobs = (of: Site, change: (answer: Answer, at: number) => Served): Site => ({
  ...of,
  blobs: Object.fromEntries(
    Object.entries(of.blobs).map(([digest, answer], at): [string, Served] => [
      digest,
      typeof answer === 'function' ? answer : change(answer, at),
    ]),
  ),
})

export const manifestAnswer = ({ bytes, mediaType, digest }: Image, oddity: Oddity = {}): Answer =>
  odd({ headers: { 'Content-Type': mediaType, 'Docker-Content-Digest': digest }, body: bytes }, oddity)

export const blobAnswer = (bytes: Buffer, oddity: Oddity = {}): Answer =>
  odd(
    {
      headers: { 'Content-Type': 'application/octet-stream', 'Docker-Content-Digest': digestOf(bytes) },
      body: bytes,
    },
    oddity,
  )

/** An answer with some of it changed. */
export const odd = (answer: Answer, { headers, ...more }: Oddity): Answer => {
  const all = Object.entries({ ...answer.headers, ...headers })
  const left = all.filter((pair): pair is [string, string | string[]] => pair[1] !== null)
  return { ...answer, ...more, headers: Object.fromEntries(left) }
}

/** An error as registries give it (distribution-spec, error codes). */
export const errorAnswer = (status: number, code: string, message: string, headers = {}): Answer => ({
  status,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: bytesOf({ errors: [{ code, message, detail: null }] }),
})

const byDigest = (bytes: Buffer): [string, Buffer] => [digestOf(bytes), bytes]

/** A row of the table: its bytes are made with its own id, so that no two rows share any. */
export const row = (id: string, says: string, make: (id: string) => Site, more: Partial<Row> = {}): Row => ({
  id,
  says,
  site: make(id),
  ...more,
})
