import { spawn } from 'node:child_process'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

// A process of its own: `git-proxy.ts <folder> <port>`. The folder has bare repositories, which it serves as
// Bitbucket would, to whoever asks it as a proxy (RFC 9112, 3.2.2: the target is a whole URL).
const [, , folder = '', port = ''] = process.argv

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const { pathname, search } = new URL(request.url ?? '')
  console.log(`${request.method} ${request.url}`)
  const { headers } = request
  const backend = spawn('git', ['http-backend'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // The common gateway interface (RFC 3875); a user's name is what lets `git push` in.
    env: {
      PATH: process.env.PATH,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
      REMOTE_USER: 'step',
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: headers['content-type'],
      HTTP_CONTENT_ENCODING: headers['content-encoding'],
    },
  })
  request.pipe(backend.stdin)
  const parts: Buffer[] = []
  backend.stdout.on('data', (part: Buffer) => parts.push(part))
  backend.on('close', () => {
    const all = Buffer.concat(parts)
    const end = all.indexOf('\r\n\r\n')
    const fields = all.subarray(0, end).toString().split('\r\n')
    const pairs = fields.map((field) => field.split(/: */, 2) as [string, string])
    const { Status = '200', ...answered } = Object.fromEntries(pairs)
    response.writeHead(Number.parseInt(Status, 10), answered).end(all.subarray(end + 4))
  })
}

// On all addresses: containers of the step reach it as host.docker.internal.
createServer(answer).listen(Number(port), '0.0.0.0')
