import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { EngineName } from '../engines/engines.ts'
import { startEngine } from '../runner/engine.ts'
import { openStep, type Step } from '../runner/step.ts'
import { authority, serverCertificate } from '../world/certificates.ts'
import { runInside, startService, waitFor } from '../world/namespace.ts'
import type { World } from '../world/world.ts'
import { hostOf, otherHost, sharedHost } from './row.ts'
import { served } from './table.ts'

// An address of the world's network that nothing else has.
const ADDRESS = '192.0.2.7'

/** Starts the registries of the table in the world. */
export const startOracle = async (world: World): Promise<void> => {
  await serverCertificate(world.dir, 'oracle', [sharedHost, `*.${sharedHost}`])
  await runInside(world, ['ip', 'address', 'replace', `${ADDRESS}/24`, 'dev', 'lab0'])
  const program = join(import.meta.dirname, 'server.ts')
  startService(world, 'oracle', [process.execPath, program, world.dir, ADDRESS])
  await waitFor(world, 'oracle', () => answers(world))
}

const answers = async (world: World): Promise<boolean> => {
  const probe = `exec 3<>/dev/tcp/${ADDRESS}/443`
  return !(await runInside(world, ['bash', '-c', probe], { reject: false })).failed
}

/** A step with an engine that reaches these registries by their names, trusts them, and tries everything once. */
export const openOracleStep = async (world: World, engine: EngineName): Promise<Step> => {
  // The engine comes last, because it remembers for seconds which names /etc/hosts does not have.
  const step = await openStep(world, { engine, docker: false })
  try {
    const hosts = [...new Set([...served.map(hostOf), otherHost])]
    const input = await readFile(join(await authority(), 'ca.crt'), 'utf8')
    const folders = hosts.map((host) => `/etc/docker/certs.d/${host}`)
    const script = `echo ${ADDRESS} ${hosts.join(' ')} >> /etc/hosts
mkdir -p ${folders.join(' ')}
tee ${folders.map((folder) => `${folder}/ca.crt`).join(' ')} > /dev/null`
    await runInside(step, ['sh', '-ec', script], { input })
    // What an engine tries again it waits for, five seconds and more; what fails here fails always.
    const config = { 'max-download-attempts': 1 }
    await startEngine(step, { engine, remap: true, plugin: true, config })
    return step
  } catch (error) {
    await step.close()
    throw error
  }
}
