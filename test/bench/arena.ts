import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { project } from '../lab/cache.ts'
import { startEngine, stopEngine } from '../lab/runner/engine.ts'
import { type Namespace, openNamespace, runInside, startService, waitFor } from '../lab/world/namespace.ts'
import type { Figures } from './measure.ts'

/** A namespace with a registry and an engine on its loopback address, where everything is measured. */
export interface Arena extends Namespace {
  close: () => Promise<void>
}

/** Where the registry of an arena is: plain HTTP, no login. */
export const registry = '127.0.0.1:5000'

/** The image that the registry of an arena holds, in two versions. */
export const image = `${registry}/bench/big`

const host = 'unix:///run/docker.sock'

/** Opens an arena whose registry holds some images of an OCI layout. */
export const openArena = async (layout: string, names: readonly string[]): Promise<Arena> => {
  const namespace = await openNamespace('bench')
  try {
    await writeFile(join(namespace.dir, 'registry.json'), JSON.stringify(registryConfig(namespace)))
    startService(namespace, 'registry', ['docker-registry', 'serve', join(namespace.dir, 'registry.json')])
    await waitFor(namespace, 'registry', async () => {
      const probe = `exec 3<>/dev/tcp/${registry.replace(':', '/')}`
      return !(await runInside(namespace, ['bash', '-c', probe], { reject: false })).failed
    })
    for (const name of names) {
      const [source, target] = [`oci:${layout}:${name}`, `docker://${image}:${name}`]
      await shell(namespace, `skopeo copy --quiet --dest-tls-verify=false ${source} ${target}`)
    }
    await startEngine(namespace, { remap: true, plugin: false })
    return { ...namespace, close: () => stopEngine(namespace).finally(namespace.close) }
  } catch (error) {
    await namespace.close()
    throw error
  }
}

const registryConfig = ({ dir }: Namespace) => ({
  version: '0.1',
  log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
  storage: { filesystem: { rootdirectory: join(dir, 'registry') } },
  http: { addr: registry },
})

/** Bytes of blobs that the registry has served so far, by its own log. */
export const blobBytes = async ({ dir }: Namespace): Promise<number> => {
  const log = await readFile(join(dir, 'registry.log'), 'utf8')
  return log
    .split('\n')
    .filter((line) => line.includes('"response completed"') && line.includes('/blobs/'))
    .map((line) => JSON.parse(line))
    .filter((entry) => entry['http.request.method'] === 'GET')
    .reduce((sum, entry) => sum + Number(entry['http.response.written']), 0)
}

/** Runs shell lines in an arena, in its folder; the docker CLI finds the engine. */
export const shell = async (
  { dir, ...namespace }: Namespace,
  script: string,
  env: Record<string, string> = {},
): Promise<Figures> => {
  const started = performance.now()
  const running = runInside({ dir, ...namespace }, ['bash', '-ec', `cd ${dir}; exec ${script}`], {
    env: { DOCKER_HOST: host, ...env },
    all: true,
  })
  let peak = 0
  const watch = setInterval(async () => {
    peak = Math.max(peak, await peakOfChild(running.pid))
  }, 10)
  try {
    await running
    const seconds = (performance.now() - started) / 1000
    return peak === 0 ? { seconds } : { seconds, 'peak MB': peak }
  } finally {
    clearInterval(watch)
  }
}

/** The pipe as a program in an arena, with a store. */
export const pipeIn = async (arena: Namespace, variables: Record<string, string>): Promise<Figures> => {
  const env = {
    NO_COLOR: '1',
    STORE: '.images',
    BITBUCKET_CLONE_DIR: arena.dir,
    BITBUCKET_PIPE_STORAGE_DIR: join(arena.dir, 'output'),
    ...variables,
  }
  await mkdir(env.BITBUCKET_PIPE_STORAGE_DIR, { recursive: true })
  const program = `${process.execPath} --use-openssl-ca ${join(project, 'dist/pipe.mjs')}`
  return shell(arena, program, env)
}

/** Takes every image out of the engine of an arena. */
export const emptyEngine = async (arena: Namespace): Promise<void> => {
  await shell(arena, 'docker system prune --all --force --volumes')
}

// `nsenter` waits for the process that it made; the highest resident memory of that so far, in megabytes.
const peakOfChild = async (pid: number | undefined): Promise<number> => {
  const child = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).trim()
  const status = await readFile(`/proc/${child}/status`, 'utf8').catch(() => '')
  return Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1000
}
