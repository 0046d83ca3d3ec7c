import { readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { Agent, request as ask, createServer } from 'node:https'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Fault } from './faults.ts'
import { hosts } from './hosts.ts'

// A process of its own: `front.ts <folder>`. It stands before the registries for steps that are led to it,
// passes requests on, and answers wrongly where `faults.json` says so, which is read again at each request.
const dir = process.argv[2] ?? ''
const read = (path: string) => readFileSync(`${dir}/${path}`, 'utf8')
const agent = new Agent({ keepAlive: true, rejectUnauthorized: false })
const used = new Map<string, number>()

const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '')
  const fault = nextFault(request, name)
  console.log(JSON.stringify({ method: request.method, name, url: request.url, fault: fault ?? null }))
  if (fault?.delay) await new Promise((resolve) => setTimeout(resolve, fault.delay))
  if (fault?.status !== undefined) {
    const body = typeof fault.body === 'string' ? fault.body : JSON.stringify(fault.body ?? {})
    response.writeHead(fault.status, { 'content-type': 'application/json', ...fault.headers }).end(body)
    return
  }
  const passed = await passOn(request, name)
  response.writeHead(passed.statusCode ?? 502, { ...passed.headers, ...fault?.headers })
  await pipeline(passed, spoil(fault), response)
}

const passOn = (request: IncomingMessage, name: string): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const host = Object.entries(hosts).find(([known]) => known === name)?.[1] ?? ''
    const { method, url: path, headers } = request
    const onward = ask({ agent, host, servername: name, method, path, headers }, resolve)
    onward.on('error', reject)
    request.pipe(onward)
  })

// Each fault counts for itself, and stops when it was used as often as it says.
const nextFault = (request: IncomingMessage, name: string): Fault | undefined => {
  const faults: Fault[] = JSON.parse(read('faults.json'))
  return faults.find((fault) => {
    const count = used.get(fault.id) ?? 0
    const applies = new RegExp(fault.path).test(`${name}${request.url}`)
    const method = fault.method === undefined || fault.method === request.method
    if (!applies || !method || count >= (fault.times ?? Number.POSITIVE_INFINITY)) return false
    used.set(fault.id, count + 1)
    return true
  })
}

const spoil = (fault: Fault | undefined): Transform => {
  let passed = 0
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const before = passed
      passed += chunk.length
      if (fault?.cutAfter !== undefined && passed > fault.cutAfter) {
        this.push(chunk.subarray(0, Math.max(0, fault.cutAfter - before)))
        // Later, so that what was let through reaches the other side first.
        setTimeout(() => done(new Error('cut')), 50)
        return
      }
      if (fault?.flipAt !== undefined && fault.flipAt >= before && fault.flipAt < passed) {
        chunk.writeUInt8(chunk.readUInt8(fault.flipAt - before) ^ 1, fault.flipAt - before)
      }
      if (fault?.bytesPerSecond) setTimeout(done, (chunk.length / fault.bytesPerSecond) * 1000, null, chunk)
      else done(null, chunk)
    },
  })
}

createServer({ cert: read('server.crt'), key: read('server.key') }, (request, response) => {
  answer(request, response).catch(() => response.destroy())
}).listen(443, hosts['front.apkg.test'])
