import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BUNDLE } from '../run-pipe.ts'
import { describeInLaboratory, newStep } from './attach.ts'
import { selectedEngines } from './engines/engines.ts'
import { docker, inStep, type Step } from './runner/step.ts'
import { startService, waitFor } from './world/namespace.ts'

const SECRET = 'tok-3f9a1c77'
const HOST = '127.0.0.1:5000'

for (const engine of selectedEngines()) {
  describeInLaboratory(
    `With engine ${engine} and a registry that tells it another realm than the pipe`,
    () => {
      let step: Step
      beforeEach(async () => {
        step = await newStep({ engine })
      })
      afterEach(() => step.close())

      const start = async (blobsPerToken: number) => {
        startService(step, 'two-faced', [
          process.execPath,
          join(import.meta.dirname, 'world/two-faced.ts'),
          String(blobsPerToken),
        ])
        await waitFor(step, 'two-faced', async () => {
          const { exitCode } = await inStep(step, ['curl', '-s', `http://${HOST}/v2/`], { reject: false })
          return exitCode === 0
        })
      }
      const pull = async (variables: Record<string, string>) => {
        const env = {
          BITBUCKET_PACKAGES_USERNAME: 'x-packages',
          BITBUCKET_PACKAGES_TOKEN: SECRET,
          DOCKER_HOST: 'tcp://127.0.0.1:2375',
          NO_COLOR: '1',
          REGISTRY: HOST,
          IMAGE: 'base:1.4',
          OUTPUT_DIR: 'out',
          ...variables,
        }
        const { exitCode, all } = await inStep(step, [process.execPath, BUNDLE], {
          env,
          all: true,
          reject: false,
        })
        const served = (await readFile(join(step.dir, 'two-faced.log'), 'utf8')).split('\n').slice(0, -1)
        return { exitCode, log: String(all), served }
      }
      const basic = Buffer.from(`x-packages:${SECRET}`).toString('base64')

      test('AUTH_REALM_HOSTS keeps the credential from it: the engine pulls with a token and asks no realm', async () => {
        await start(1000)
        const { exitCode, log, served } = await pull({ AUTH_REALM_HOSTS: '127.0.0.1:5001' })
        expect([exitCode, log]).toEqual([0, expect.stringContaining("✔ 1 image in the step's engine")])
        expect(served.filter((line) => line.startsWith('bad '))).toEqual([])
        const withSecret = served.filter((line) => line.includes(basic) || line.includes(SECRET))
        expect(withSecret.every((line) => line.startsWith('good ') && line.includes('packages-pull/'))).toBe(
          true,
        )
        // It was the engine that pulled.
        expect(served.filter((line) => / GET \S+\/blobs\/\S+ 200 (?!packages-pull)/.test(line)).length).toBe(
          13,
        )
        await docker(step, ['image', 'inspect', `${HOST}/acme/base:1.4`])
      })

      test('tokens that end before all is there are replaced where the pipe fetches the image into a store', async () => {
        await start(8)
        const { exitCode, log, served } = await pull({ AUTH_REALM_HOSTS: '127.0.0.1:5001', STORE: '.images' })
        expect([exitCode, log]).toEqual([0, expect.stringContaining("✔ 1 image in the step's engine")])
        expect(served.filter((line) => line.startsWith('bad '))).toEqual([])
      })

      // Engines without containerd's store take two minutes and a half to say so.
      test.runIf(engine.endsWith('-containerd'))(
        'tokens that end within the pull end the pull, and no login follows',
        async () => {
          // Of thirteen blobs; two tokens do not get that far, whatever the engine keeps of a pull that broke off.
          await start(3)
          const { exitCode, log, served } = await pull({ AUTH_REALM_HOSTS: '127.0.0.1:5001' })
          expect([exitCode, log]).toEqual([8, expect.stringContaining('PKG-TOKEN-ENDED')])
          expect(served.filter((line) => line.startsWith('bad '))).toEqual([])
        },
      )

      test('without AUTH_REALM_HOSTS it would get the credential: that is what the setting is for', async () => {
        await start(1000)
        const { served } = await pull({ MAX_ATTEMPTS: '1' })
        expect(served.some((line) => line.startsWith('bad ') && line.includes(basic))).toBe(true)
      })
    },
  )
}
