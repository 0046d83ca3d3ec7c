import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from '../attach.ts'
import { engineVersion, onEngine } from '../runner/engine.ts'
import { PIPE, pipeLog } from '../runner/pipe.ts'
import { runPipeline } from '../runner/pipeline.ts'
import { runScript } from '../runner/run.ts'
import type { Step } from '../runner/step.ts'
import { engines, selectedEngines } from './engines.ts'

for (const engine of selectedEngines()) {
  describeInLaboratory(`With engine ${engine}`, () => {
    let step: Step
    beforeAll(async () => {
      step = await newStep({ engine })
    })
    afterAll(() => step.close())

    test('a step has that version, its store of images, mapped users and the plugin', async () => {
      expect(await engineVersion(step)).toMatch(
        new RegExp(`^${engines[engine].version.replaceAll('.', '\\.')}`),
      )
      const { stdout } = await onEngine(step, ['info', '--format={{json .}}'])
      const info = JSON.parse(String(stdout))
      expect(info.Driver).toBe(engine.endsWith('-containerd') ? 'overlayfs' : 'overlay2')
      expect(info.SecurityOptions).toContain('name=userns')
      expect(info.Plugins.Authorization).toEqual(['pipelines'])
      const line = 'docker run --privileged open.apkg.test/acme/base:1.4'
      const { log } = await runScript(step, [line])
      expect(log).toContain('authorization denied by plugin pipelines: --privileged=true is not allowed')
    })

    test('the pipe pulls an image for the script lines after it, and knows it the next time', async () => {
      const variables = { IMAGE: 'base:1.4', OUTPUT_DIR: 'out', NO_COLOR: '1' }
      const look =
        'docker run --rm -v $PWD:/x crg.apkg.io/acme/base:1.4 sh -c "cat /proc/self/uid_map; touch /x/made"'
      const first = await runScript(step, [{ pipe: PIPE, variables }, look])
      expect([first.exitCode, first.log]).toEqual([0, expect.stringMatching(/\n +0 +165536 +65536\n$/)])
      const { images } = laboratory()
      const [image] = (await resultOf(step)).images
      expect(image).toMatchObject({ digest: images['acme/base:1.4'].digest, source: 'registry' })
      const { stdout } = await onEngine(step, [
        'image',
        'inspect',
        '--format={{.Id}}',
        'crg.apkg.io/acme/base:1.4',
      ])
      expect(image.id).toBe(stdout)
      await runScript(step, [{ pipe: PIPE, variables: { ...variables, PULL_POLICY: 'missing' } }])
      expect((await resultOf(step)).images[0]).toMatchObject({ source: 'engine', bytesTransferred: 0 })
    })

    test('the pipe runs commands in an image, and their exit code is its own', async () => {
      const variables = { IMAGE: 'tools:2', RUN: ['sh /bin/tool', 'exit 7'], NO_COLOR: '1' }
      const { exitCode, log } = await runScript(step, [{ pipe: PIPE, variables }])
      expect([exitCode, pipeLog(log)]).toEqual([
        7,
        expect.stringContaining('\n+ sh /bin/tool\na tool\n+ exit 7\n'),
      ])
    })

    test('the pipe hands a store over to a later step, of runtime 3 too, without the registry', async () => {
      const keep = { IMAGE: ['base:1.4', 'tools:2'], STORE: '.images', NO_COLOR: '1' }
      const without = { BITBUCKET_PACKAGES_USERNAME: '', BITBUCKET_PACKAGES_TOKEN: '', PULL_POLICY: 'never' }
      const services = ['docker']
      const load = [
        { pipe: PIPE, variables: { ...keep, ...without } },
        'docker run --rm crg.apkg.io/acme/tools:2 sh /bin/tool',
      ]
      const steps = [
        { services, script: [{ pipe: PIPE, variables: keep }], artifacts: ['.images/**'] },
        { services, script: load },
        { services, script: load, runtime: { cloud: { version: '3' } } },
      ]
      // JSON is YAML.
      const yaml = JSON.stringify({ pipelines: { default: steps.map((one) => ({ step: one })) } })
      const outcomes = await runPipeline(laboratory(), yaml, { step: { engine } })
      expect(outcomes.map(({ exitCode, log }) => (exitCode === 0 ? 0 : pipeLog(log)))).toEqual([0, 0, 0])
      for (const { log } of outcomes.slice(1)) expect(log).toMatch(/\na tool\n$/)
    })
  })
}

const resultOf = async (step: Step) => JSON.parse(await readFile(join(step.build, 'out/result.json'), 'utf8'))

test('LAB_ENGINES chooses the engines, in the order of their versions', () => {
  expect(selectedEngines('all')).toEqual(Object.keys(engines))
  expect(selectedEngines('28.5-containerd,20.10')).toEqual(['20.10', '28.5-containerd'])
  expect(() => selectedEngines('20.10,19.03')).toThrow('LAB_ENGINES: no engine 19.03, only 20.10, 26.1')
})
