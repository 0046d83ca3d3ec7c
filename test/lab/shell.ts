import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { whyNot } from './install.ts'
import { openLaboratory } from './laboratory.ts'
import { buildFolder } from './runner/layout.ts'
import { openStep, type Step } from './runner/step.ts'
import { hosts } from './world/hosts.ts'
import { inside } from './world/namespace.ts'
import { registries } from './world/registry.ts'

// Leaves the laboratory up, with one step that waits, until Ctrl-C.
const reason = await whyNot()
if (reason !== undefined) throw new Error(`The laboratory cannot run here: ${reason}`)
const { laboratory, close } = await openLaboratory()
const step = await openStep(laboratory.world, { pipeImage: laboratory.pipeImage })
await writeFile(join(step.dir, 'enter'), enterScript(step), { mode: 0o700 })
console.log(`
The laboratory is up. Ctrl-C ends it and removes everything.

  ${join(step.dir, 'enter')}     a shell in the step: its clone, its engine, its environment
  ${inside(laboratory.world, ['bash']).join(' ')}     a shell where the servers are

  registries       ${registries.join(', ')}
  token server     auth.apkg.test (${hosts['auth.apkg.test']})
  images           ${Object.keys(laboratory.images).join(', ')}
  pipe             ${laboratory.pipe}
  built-in pair    in the step's environment: BITBUCKET_PACKAGES_USERNAME, BITBUCKET_PACKAGES_TOKEN
  API token        ${laboratory.world.apiToken.username} ${laboratory.world.apiToken.password}
  files            ${step.build} (the clone), ${step.dir}/*.log, ${laboratory.world.dir}/*.log
`)
// A timer, because nothing else of the laboratory keeps this process alive.
const awake = setInterval(() => {}, 60_000)
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
clearInterval(awake)
await step.close()
await close()

function enterScript({ env, ...step }: Step): string {
  const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
  const variables = Object.entries(env).map(([name, value]) => quoted(`${name}=${value}`))
  const command = inside(step, [
    'env',
    '-i',
    ...variables,
    'bash',
    '-c',
    quoted(`cd ${buildFolder}; exec bash`),
  ])
  return `#!/bin/sh\nexec ${command.join(' ')}\n`
}
