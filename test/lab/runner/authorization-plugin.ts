import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'
import { buildFolder, sshFolder } from './layout.ts'

// A process of its own: `authorization-plugin.ts <socket>`. Denies what Bitbucket's plugin "pipelines"
// denies in the engine of a step, in its words.

/** What dockerd asks before it serves a request. */
interface Asked {
  RequestMethod: string
  RequestUri: string
  RequestBody?: string
  RequestHeaders?: Record<string, string>
}

interface Creation {
  HostConfig?: { Privileged?: boolean; Mounts?: object[] | null; Binds?: string[] | null }
}

// The platform mounts these two into every pipe; a user's own `-v` of another folder is denied.
const platformMounts = ['/usr/local/bin/docker:/usr/local/bin/docker:ro', `${sshFolder}:${sshFolder}:ro`]

/** Why a request is denied, or undefined when it is allowed. */
export const denial = (asked: Asked): string | undefined => {
  const { pathname, searchParams } = new URL(asked.RequestUri, 'http://engine')
  const path = pathname.replace(/^\/v[\d.]+/, '')
  if (asked.RequestMethod === 'HEAD' && path === '/_ping') return ''
  if (/^\/(swarm|plugins|services|secrets|configs|nodes|tasks)\b/.test(path)) return notSupported
  if (searchParams.get('platform')) return notSupported
  if (asked.RequestMethod !== 'POST' || path !== '/containers/create') return undefined
  if (!(Number(header(asked, 'content-length')) > 0)) return 'Invalid content length provided'
  const creation: Creation = JSON.parse(Buffer.from(asked.RequestBody ?? '', 'base64').toString() || '{}')
  return denialOfContainer(creation)
}

const notSupported = 'Command not supported.'

const denialOfContainer = ({ HostConfig: host = {} }: Creation): string | undefined => {
  if (host.Privileged) return '--privileged=true is not allowed'
  if (host.Mounts?.length) return '--mounts is not allowed'
  const outside = (host.Binds ?? []).some((bind) => !platformMounts.includes(bind) && !allowedBind(bind))
  return outside ? '-v only supports $BITBUCKET_CLONE_DIR and its subdirectories' : undefined
}

// A source that is no path is the name of a volume.
const allowedBind = (bind: string): boolean => {
  const [source = ''] = bind.split(':')
  const below = source === buildFolder || source.startsWith(`${buildFolder}/`)
  return !source.startsWith('/') || (below && !source.split('/').includes('..'))
}

const header = (asked: Asked, name: string): string | undefined =>
  Object.entries(asked.RequestHeaders ?? {}).find(([key]) => key.toLowerCase() === name)?.[1]

if (import.meta.main) {
  createServer(async (request, response) => {
    const asked = (await json(request).catch(() => ({}))) as Asked
    const why = request.url === '/AuthZPlugin.AuthZReq' ? denial(asked) : undefined
    if (why !== undefined) console.log(`denied ${asked.RequestMethod} ${asked.RequestUri}: ${why}`)
    const activated = request.url === '/Plugin.Activate'
    response.setHeader('content-type', 'application/vnd.docker.plugins.v1.2+json')
    response.end(
      JSON.stringify(activated ? { Implements: ['authz'] } : { Allow: why === undefined, Msg: why }),
    )
  }).listen(process.argv[2])
}
