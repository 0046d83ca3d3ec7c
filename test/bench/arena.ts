import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type EngineOptions, startEngine, stopEngine } from '../lab/engine.ts'
import {
  type Namespace,
  openNamespace,
  runInside,
  startService,
  stopService,
  waitFor,
} from '../lab/namespace.ts'

/** A namespace with a registry on its loopback address, where everything is measured. */
export interface Arena extends Namespace {
  registry: string
  close: () => Promise<void>
}

/** Where the registry of an arena is: plain HTTP, no login. */
const registry = '127.0.0.1:5000'

/** Opens an arena whose registry holds what an OCI layout holds, as `bench/big:<name>`. */
export const openArena = async (layout: string, names: readonly string[]): Promise<Arena> => {
  const namespace = await openNamespace('bench')
  try {
    await writeFile(
      join(namespace.dir, 'registry.json'),
      JSON.stringify({
        version: '0.1',
        log: { level: 'info', formatter: 'json', accesslog: { disabled: true } },
        storage: { filesystem: { rootdirectory: join(namespace.dir, 'registry') } },
        http: { addr: registry },
      }),
    )
    startService(namespace, 'registry', ['docker-registry', 'serve', join(namespace.dir, 'registry.json')])
    await waitFor(namespace, 'registry', async () => {
      const probe = await runInside(namespace, ['bash', '-c', 'exec 3<>/dev/tcp/127.0.0.1/5000'], {
        reject: false,
      })
      return !probe.failed
    })
    for (const name of names) {
      const target = `docker://${registry}/bench/big:${name}`
      await runInside(namespace, [
        'skopeo',
        'copy',
        '--quiet',
        '--dest-tls-verify=false',
        `oci:${layout}:${name}`,
        target,
      ])
    }
    return { ...namespace, registry }
  } catch (error) {
    await namespace.close()
    throw error
  }
}

/** Bytes of blobs that the registry has served so far, by its own log. */
export const blobBytes = async (arena: Arena): Promise<number> => {
  const log = await readFile(join(arena.dir, 'registry.log'), 'utf8')
  return log
    .split('\n')
    .filter((line) => line.includes('"response completed"'))
    .map((line) => JSON.parse(line))
    .filter(
      (entry) => entry['http.request.method'] === 'GET' && entry['http.request.uri'].includes('/blobs/'),
    )
    .reduce((sum, entry) => sum + Number(entry['http.response.written']), 0)
}

/** Runs an action with an engine that is empty, and ends the engine. */
export const withEngine = async <T>(
  arena: Arena,
  action: () => Promise<T>,
  options: EngineOptions = { remap: true, plugin: false },
): Promise<T> => {
  engines++
  const data = join(arena.dir, `engine-${engines}`)
  await mkdir(data)
  await startEngine(arena, { ...options, data })
  try {
    return await action()
  } finally {
    await stopEngine(arena)
    await runInside(arena, ['sh', '-c', `umount /run/lab/data; rm -rf ${data}`], { reject: false })
  }
}

let engines = 0
void stopService
