import { expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from '../attach.ts'
import { runScript } from '../runner/run.ts'
import { registryError, setFaults } from './faults.ts'

const login =
  'echo "$BITBUCKET_PACKAGES_TOKEN" | docker login --username "$BITBUCKET_PACKAGES_USERNAME" --password-stdin'

describeInLaboratory('A step that is led through the front', () => {
  test('gets the faults that a test asks for, as often as it asks, and otherwise the registry', async () => {
    const { world } = laboratory()
    await using step = await newStep({ front: true })
    const unknown = {
      status: 404,
      body: registryError('NAME_UNKNOWN', 'it does not exist in this workspace'),
    }
    await setFaults(world, [
      { path: '^crg.apkg.io/v2/acme/base/manifests/', ...unknown },
      { path: '^crg.apkg.io/v2/acme/tools/blobs/', cutAfter: 1000, times: 1 },
      { path: '^crg.apkg.io/v2/acme/multi/blobs/', flipAt: 100 },
    ])
    const pull = (image: string) => runScript(step, [`docker pull ${image}`])
    await runScript(step, [`${login} crg.apkg.io`])
    const missing = await pull('crg.apkg.io/acme/base:1.4')
    const broken = await pull('crg.apkg.io/acme/tools:2')
    const damaged = await pull('crg.apkg.io/acme/multi:1')
    const other = await pull('open.apkg.test/acme/base:1.4')
    await setFaults(world, [])
    expect(missing.log).toContain('it does not exist in this workspace')
    expect(broken).toMatchObject({ exitCode: 0 })
    expect(damaged.exitCode).toBe(1)
    expect(other.exitCode).toBe(0)
  })
})
