import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'

// A process of its own: `two-faced.ts [<blobs a token>]`. A registry on 127.0.0.1:5000 that tells the pipe one realm
// (port 5001) and everybody else another (port 5002), and whose tokens end after some blobs.
const [, , most = '1000'] = process.argv
const [REGISTRY, GOOD, BAD] = [5000, 5001, 5002]
const LAYERS = 12

const sha256 = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** An archive of one file, as tar has it (POSIX.1-1988). */
const tar = (name: string, content: string): Buffer => {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write('0000644\x000000000\x000000000\0', 100)
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124)
  header.write('00000000000\0        0', 136)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  const body = Buffer.alloc(Math.ceil(content.length / 512) * 512)
  body.write(content)
  return Buffer.concat([header, body, Buffer.alloc(1024)])
}

const archives = Array.from({ length: LAYERS }, (_, index) => tar(`file-${index}`, `layer ${index}`))
const layers = archives.map((archive) => gzipSync(archive))
const config = Buffer.from(
  JSON.stringify({
    os: 'linux',
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    config: { Cmd: ['/file-0'] },
    rootfs: { type: 'layers', diff_ids: archives.map(sha256) },
    history: archives.map(() => ({ created_by: 'test' })),
  }),
)
const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const describe = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  size: bytes.length,
  digest: sha256(bytes),
})
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: describe('application/vnd.docker.container.image.v1+json', config),
    layers: layers.map((layer) => describe('application/vnd.docker.image.rootfs.diff.tar.gzip', layer)),
  }),
)
const blobs = new Map([config, ...layers].map((bytes) => [sha256(bytes), bytes]))

const tokens = new Map<string, number>()

const log = (at: string, { method, url, headers }: IncomingMessage, status: number) =>
  console.log(`${at} ${method} ${url} ${status} ${headers['user-agent']} ${headers.authorization ?? '-'}`)

const answerAt = (port: number, request: IncomingMessage, response: ServerResponse) => {
  const reply = (status: number, headers: Record<string, string> = {}, body: Buffer | string = '') => {
    log(port === REGISTRY ? 'registry' : port === GOOD ? 'good' : 'bad', request, status)
    response.writeHead(status, { 'content-length': Buffer.byteLength(body), ...headers })
    response.end(request.method === 'HEAD' ? '' : body)
  }
  const json = { 'content-type': 'application/json' }
  if (port !== REGISTRY) {
    const token = randomUUID()
    if (port === GOOD) tokens.set(token, Number(most))
    return reply(200, json, JSON.stringify({ token, expires_in: 300 }))
  }
  const realm = request.headers['user-agent']?.startsWith('packages-pull/') ? GOOD : BAD
  const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
  const digest = /\/blobs\/(.+)$/.exec(request.url ?? '')?.[1]
  const left = tokens.get(token) ?? 0
  if (left <= 0)
    return reply(
      401,
      {
        ...json,
        'docker-distribution-api-version': 'registry/2.0',
        'www-authenticate': `Bearer realm="http://127.0.0.1:${realm}/token",service="two-faced",scope="repository:acme/base:pull"`,
      },
      '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}',
    )
  if (digest !== undefined) tokens.set(token, left - 1)
  const blob = digest === undefined ? undefined : blobs.get(digest)
  if (blob !== undefined) return reply(200, { 'content-type': 'application/octet-stream' }, blob)
  if (/\/manifests\/(?:1\.4|sha256:\w+)$/.test(request.url ?? ''))
    return reply(200, { 'content-type': MANIFEST, 'docker-content-digest': sha256(manifest) }, manifest)
  return request.url === '/v2/'
    ? reply(200, json, '{}')
    : reply(404, json, '{"errors":[{"code":"MANIFEST_UNKNOWN"}]}')
}

for (const port of [REGISTRY, GOOD, BAD])
  createServer((request, response) => answerAt(port, request, response)).listen(port, '127.0.0.1')
