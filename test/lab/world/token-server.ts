import { createHash, createSign, randomUUID, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Access, Grant, Rules } from './grants.ts'
import { hosts } from './hosts.ts'

// A process of its own: `token-server.ts <folder>`. The folder holds `server.crt`, `server.key`,
// `token.crt`, `token.key`, `rules.json` and `grants/*.json`, which are read again at each request.
const dir = process.argv[2] ?? ''
const read = (path: string) => readFileSync(`${dir}/${path}`, 'utf8')
const signer = { key: read('token.key'), certificate: new X509Certificate(read('token.crt')) }

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const url = new URL(request.url ?? '/', `https://${request.headers.host}`)
  const form = new URLSearchParams(request.method === 'POST' ? await text(request) : '')
  const query = request.method === 'POST' ? form : url.searchParams
  const rules: Rules = JSON.parse(read('rules.json'))
  const reply = (status: number, body: object, who = '-') => {
    console.log(JSON.stringify({ method: request.method, scope: query.getAll('scope'), who, status }))
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  }
  if (url.pathname !== '/token') return reply(404, refusal('NOT_FOUND', 'not found'))
  if (request.method === 'POST' && !rules.oauth) return reply(405, refusal('UNSUPPORTED', 'use GET'))

  const grant = findGrant(basicOf(request) ?? [form.get('username') ?? '', form.get('password') ?? ''])
  if (!grant) return reply(401, refusal('UNAUTHORIZED', 'incorrect username or password'))
  const asked = query.getAll('scope').flatMap((scope) => scope.split(' ').map(parseScope))
  const granted = asked.map((access) => permitted(grant, access, rules))
  if (rules.foreign !== 'unscoped' && granted.some((access) => access.actions.length === 0)) {
    const code = rules.foreign === 401 ? 'UNAUTHORIZED' : 'DENIED'
    return reply(rules.foreign, refusal(code, 'requested access to the resource is denied'), grant.username)
  }
  const token = sign(
    grant,
    query.get('service') ?? '',
    granted.filter((access) => access.actions.length > 0),
  )
  const expiry = { expires_in: rules.tokenSeconds, issued_at: new Date().toISOString() }
  reply(200, { token, access_token: token, ...expiry }, grant.username)

  function sign(to: Grant, service: string, access: Access[]): string {
    const now = Math.floor(Date.now() / 1000)
    const life = { nbf: now - 5, iat: now, exp: now + rules.tokenSeconds }
    return jwt({ iss: 'lab', sub: to.username, aud: service, jti: randomUUID(), ...life, access })
  }
}

// The registry takes the key from `x5c`, and trusts it because its `rootcertbundle` holds the certificate.
const jwt = (claims: object): string => {
  const header = { typ: 'JWT', alg: 'RS256', x5c: [signer.certificate.raw.toString('base64')] }
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${part(header)}.${part(claims)}`
  return `${signed}.${createSign('sha256').update(signed).sign(signer.key, 'base64url')}`
}

const permitted = (grant: Grant, access: Access, rules: Rules): Access => {
  const linked = rules.packages[access.name] === grant.repository
  const allowed = grant.repository === '*' || linked ? grant.actions : []
  return { ...access, actions: access.actions.filter((action) => allowed.includes(action)) }
}

const findGrant = ([username, password]: [string, string]): Grant | undefined =>
  readdirSync(`${dir}/grants`)
    .map((name): Grant => JSON.parse(read(`grants/${name}`)))
    .find((grant) => grant.username === username && same(grant.password, password))

const same = (a: string, b: string) => hash(a) === hash(b)
const hash = (value: string) => createHash('sha256').update(value).digest('hex')

const basicOf = (request: IncomingMessage): [string, string] | undefined => {
  const [, encoded] = /^Basic (.+)$/i.exec(request.headers.authorization ?? '') ?? []
  if (encoded === undefined) return undefined
  const [username = '', ...password] = Buffer.from(encoded, 'base64').toString().split(':')
  return [username, password.join(':')]
}

const parseScope = (scope: string): Access => {
  const [type = '', name = '', actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',') }
}

const refusal = (code: string, message: string) => ({ errors: [{ code, message, detail: null }] })

createServer({ cert: read('server.crt'), key: read('server.key') }, (request, response) => {
  answer(request, response).catch((error) => {
    console.error(error)
    response.writeHead(500).end()
  })
}).listen(443, hosts['auth.apkg.test'])
