import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { errorAnswer } from './build.ts'
import { type Answer, hostOf, type Request, repositoryOf, type Served, type Site, sharedHost } from './row.ts'
import { served } from './table.ts'

// A process of its own: `server.ts <folder> <address>`. The registries of the table, whatever they send.
const [, , dir = '', address = ''] = process.argv
const sites = new Map(served.map((row) => [`${hostOf(row)}/${repositoryOf(row)}`, row.site]))
const ownHosts = new Map(served.filter((row) => row.ownHost).map((row) => [hostOf(row), row.site]))

const elsewhere = Object.fromEntries(served.flatMap((row) => Object.entries(row.site.paths ?? {})))

const respond = (request: Request): Answer => {
  const { host, path } = request
  const own = ownHosts.get(host)
  const gated = own?.gate?.(request)
  if (gated) return gated
  const [, repository = '', kind = '', name = ''] =
    /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/.exec(path.replace(/\?.*/, '')) ?? []
  const site = sites.get(`${host}/${repository}`) ?? own
  const found = site ? (site.paths?.[path] ?? held(site, kind, name)) : elsewhere[`https://${host}${path}`]
  if (found) return typeof found === 'function' ? found(request) : found
  if (path === '/v2/' || path === '/v2') return ping
  if (kind === 'manifests') return errorAnswer(404, 'MANIFEST_UNKNOWN', 'manifest unknown', version)
  return errorAnswer(404, kind === 'blobs' ? 'BLOB_UNKNOWN' : 'NAME_UNKNOWN', 'it is not known here', version)
}

const held = (site: Site, kind: string, name: string): Served | undefined => {
  const place: Record<string, Served> =
    kind === 'manifests' ? site.manifests : kind === 'blobs' ? site.blobs : {}
  return Object.hasOwn(place, name) ? place[name] : undefined
}

const version = { 'Docker-Distribution-Api-Version': 'registry/2.0' }
const ping: Answer = {
  headers: { 'Content-Type': 'application/json', ...version },
  body: Buffer.from('{}'),
}

const send = (method: string, answer: Answer, response: ServerResponse): void => {
  const { status = 200, headers = {}, body = Buffer.alloc(0), cutAfter, chunked } = answer
  response.sendDate = false
  response.statusCode = status
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  if (!chunked && status !== 204) response.setHeader('Content-Length', body.length)
  if (method === 'HEAD') response.end()
  else if (cutAfter === undefined) response.end(body)
  else response.write(body.subarray(0, cutAfter), () => setTimeout(() => response.destroy(), 50))
}

const serve = (request: IncomingMessage, response: ServerResponse): void => {
  const host = (request.headers.host ?? '').replace(/:\d+$/, '')
  const { method = 'GET', url: path = '/', headers } = request
  const answer = respond({ method, host, path, headers })
  const shown = headers.authorization === undefined ? '' : ` with ${headers.authorization}`
  console.log(`${method} ${host === sharedHost ? '' : host}${path} ${answer.status ?? 200}${shown}`)
  request.resume()
  send(method, answer, response)
}

const read = (name: string) => readFileSync(`${dir}/${name}`)
createServer({ cert: read('oracle.crt'), key: read('oracle.key') }, serve).listen(443, address)
createPlainServer(serve).listen(80, address)
