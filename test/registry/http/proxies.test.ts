import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Certificate, type Certificates, makeCertificates } from '../../certificates.ts'
import { imageManifest, serveBasic, servePackage } from '../../fake-package.ts'
import { type FakeRegistry, startFake } from '../../fake-registry.ts'
import { closedHost, runPipe, TOKEN, USERNAME } from '../../run-pipe.ts'

let certificates: Certificates
let registry: FakeRegistry
let authority: string
const servers: Server[] = []

beforeAll(async () => {
  certificates = await makeCertificates(['crg.apkg.io'])
  authority = join(mkdtempSync(join(tmpdir(), 'authority-')), 'ca.pem')
  writeFileSync(authority, certificates.ca)
  registry = await startFake({ tls: certificates.good })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
})

afterAll(async () => {
  for (const server of servers) server.close()
  await registry.close()
})

const listen = async (server: Server): Promise<string> => {
  servers.push(server)
  server.on('connection', (socket: Socket) => socket.unref().on('error', () => {}))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

// Leads every tunnel to the registry, as if that were the address of the name.
const startProxy = async (tls?: Certificate) => {
  const asked: string[] = []
  const server = tls ? createHttpsServer(tls) : createHttpServer()
  server.on('connect', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? '-'}`)
    const upstream = connect(Number(registry.host.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connected\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket).pipe(upstream)
    })
    for (const each of [socket, upstream]) each.on('error', () => each.destroy())
  })
  return { asked, host: await listen(server) }
}

// Says one thing to whoever connects.
const startAnswer = (answer: (socket: Socket) => void) =>
  listen(createServer((socket) => socket.once('data', () => answer(socket))))

const status = (line: string) => () =>
  startAnswer((socket) => socket.end(`HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`))

const check = (variables: Record<string, string>) =>
  runPipe({
    registry,
    variables: {
      REGISTRY: 'crg.apkg.io',
      CHECK_ONLY: 'true',
      MAX_ATTEMPTS: '1',
      NODE_EXTRA_CA_CERTS: authority,
      ...variables,
    },
  })

const pair = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

describe.concurrent('the proxy of HTTPS_PROXY', () => {
  it.each<[name: string, value: (host: string) => string, authorization: string]>([
    ['with a scheme', (host) => `http://${host}`, '-'],
    ['without a scheme', (host) => host, '-'],
    ['with white space around it', (host) => ` http://${host}\n`, '-'],
    ['with a path', (host) => `http://${host}/proxy.pac?x=y`, '-'],
    ['with a password', (host) => `http://me:hunter2@${host}`, pair('me:hunter2')],
    ['with a user name alone', (host) => `http://me@${host}`, pair('me:')],
    ['with a password and no scheme', (host) => `me:hunter2@${host}`, pair('me:hunter2')],
    ['with an escaped password', (host) => `http://me:hunter%402%25@${host}/`, pair('me:hunter@2%')],
    [
      'with a percent sign in its password',
      (host) => `http://me:100%hunter2@${host}`,
      pair('me:100%hunter2'),
    ],
    ['with # in its password', (host) => `http://me:1#hunter2@${host}`, pair('me:1#hunter2')],
    ['with @ in its password', (host) => `http://me:hunter@2@${host}`, pair('me:hunter@2')],
    ['with / and ? in its password', (host) => `http://me:hun/ter?2@${host}`, pair('me:hun/ter?2')],
    ['with a colon in its password', (host) => `http://me:hunter:2@${host}`, pair('me:hunter:2')],
  ])('carries the requests, %s', async (_, value, authorization) => {
    const proxy = await startProxy()
    const { exitCode, log } = await check({ HTTPS_PROXY: value(proxy.host) })
    expect(log).toMatch(/crg\.apkg\.io\/acme\/base:1\.4 .*ok: sha256:/)
    expect(exitCode).toBe(0)
    expect(new Set(proxy.asked)).toEqual(new Set([`crg.apkg.io:443 ${authorization}`]))
  })

  it('carries the requests over TLS', async () => {
    const proxy = await startProxy(certificates.good)
    const { exitCode } = await check({ HTTPS_PROXY: `https://me:hunter2@${proxy.host}` })
    expect(exitCode).toBe(0)
    expect(proxy.asked[0]).toBe(`crg.apkg.io:443 ${pair('me:hunter2')}`)
  })

  it('is named in lower case too, and in upper case first, as for the engine', async () => {
    const [upper, lower] = [await startProxy(), await startProxy()]
    await expect(check({ https_proxy: lower.host })).resolves.toMatchObject({ exitCode: 0 })
    expect(lower.asked).not.toEqual([])
    lower.asked.length = 0
    await check({ https_proxy: lower.host, HTTPS_PROXY: upper.host })
    expect([upper.asked.length > 0, lower.asked]).toEqual([true, []])
  })

  it('is left out for this machine', async () => {
    const proxy = await startProxy()
    const here = { HTTPS_PROXY: proxy.host, REGISTRY: registry.host }
    await expect(check(here)).resolves.toMatchObject({ exitCode: 0 })
    expect(proxy.asked).toEqual([])
  })

  // A label of 64 characters is refused before any name server is asked.
  const unknown = `${'a'.repeat(64)}.example.com`
  it.each([unknown, `${unknown}:443`, '.example.com', 'a.io, *'])(
    'is left out for the hosts of NO_PROXY: %s',
    async (excepted) => {
      const proxy = await startProxy()
      const { log } = await check({ HTTPS_PROXY: proxy.host, REGISTRY: unknown, NO_PROXY: excepted })
      expect(log).toContain('ERROR: PKG-DNS: ')
      expect(proxy.asked).toEqual([])
    },
  )

  it.each<[name: string, value: () => string | Promise<string>, code: string, why: RegExp]>([
    ['is not there', closedHost, 'PKG-NETWORK', /cannot be reached/],
    ['has no address', () => `${'a'.repeat(64)}.example.com:3128`, 'PKG-DNS', /cannot be reached/],
    ['lets nobody through', status('403 Forbidden'), 'PKG-NOT-A-REGISTRY', /does not let this pipe through/],
    [
      'redirects',
      status('302 Found\r\nlocation: http://portal/'),
      'PKG-NOT-A-REGISTRY',
      /does not let this pipe/,
    ],
    ['wants a login', status('407 Proxy Authentication Required'), 'PKG-NOT-A-REGISTRY', /a user name and a/],
    ['fails', status('500 Internal Server Error'), 'PKG-NETWORK', /does not reach the registry/],
    ['does not reach the registry', status('502 Bad Gateway'), 'PKG-NETWORK', /does not reach the registry/],
    [
      'answers with rubbish',
      () => startAnswer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')),
      'PKG-NOT-A-REGISTRY',
      /does not speak HTTP/,
    ],
    ['hangs up', () => startAnswer((socket) => socket.end()), 'PKG-NETWORK', /cannot be reached/],
    ['is silent', () => startAnswer(() => {}), 'PKG-NETWORK', /cannot be reached/],
    ['speaks no TLS', async () => `https://${await status('200 OK')()}`, 'PKG-TLS', /cannot be reached/],
    [
      'shows a certificate of nobody',
      async () => `https://${(await startProxy(certificates.selfSigned)).host}`,
      'PKG-TLS-CA',
      /cannot be reached/,
    ],
  ])('%s: that is said to be its fault', async (_, value, code, why) => {
    const { exitCode, log } = await check({ HTTPS_PROXY: await value() })
    expect(log).toContain(`ERROR: ${code}: `)
    expect(log).toMatch(why)
    expect(log).toContain(
      'Correct HTTPS_PROXY (http://user:password@host:port), or name the registry in NO_PROXY.',
    )
    expect(log).not.toMatch(/hunter2|PKG-INTERNAL/)
    expect(exitCode).toBe(8)
  })

  it.each<[name: string, value: string]>([
    ['is of another kind', 'ftp://me:hunter2@127.0.0.1:1'],
    ['is one of SOCKS', 'socks5://me:hunter2@127.0.0.1:1'],
    ['has a port of no machine', 'http://me:hunter2@127.0.0.1:99999'],
    ['has no host', 'http://me:hunter2@'],
    ['is nothing', '://hunter2'],
    ['is a sentence', 'ask hunter2 for it'],
  ])('%s: the settings refuse it, and show nothing of it', async (_, HTTPS_PROXY) => {
    const { exitCode, log } = await check({ HTTPS_PROXY })
    expect(log).toContain('ERROR: PKG-CONFIG: One variable is not valid:')
    expect(log).toContain('- HTTPS_PROXY: its value (not shown) is no')
    expect(log).not.toMatch(/hunter2|PKG-INTERNAL/)
    expect(exitCode).toBe(2)
  })
})
