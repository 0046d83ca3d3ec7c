import { mkdtemp, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { type PipelineOptions, runPipeline, type StepOutcome } from './pipeline.ts'
import { served, startRegistry, stopRegistry } from './registry.ts'
import { docker } from './step.ts'

/** Bytes of blobs that Bitbucket's registry has sent so far. */
const blobBytes = async () =>
  (await served(laboratory().world, 'crg.apkg.io'))
    .filter(({ method, uri }) => method === 'GET' && uri.includes('/blobs/'))
    .reduce((sum, { bytes }) => sum + bytes, 0)

const results = new Map<string, { images: Array<Record<string, unknown>> }>()

/** Runs a pipeline, and keeps what each step's pipe wrote to `out`. */
const run = async (yaml: string, options: PipelineOptions = {}) => {
  results.clear()
  const outcomes = await runPipeline(laboratory(), yaml, {
    ...options,
    after: async (step, outcome) => {
      const text = await readFile(join(step.build, 'out/result.json'), 'utf8').catch(() => '{}')
      results.set(outcome.name, JSON.parse(text))
      await options.after?.(step, outcome)
    },
  })
  return outcomes
}

const expectGreen = (outcomes: StepOutcome[], count: number) => {
  expect(outcomes.map(({ exitCode, log }) => (exitCode === 0 ? 0 : log))).toEqual(Array(count).fill(0))
}

const artifact = `
pipelines:
  default:
    - step:
        name: Fetch
        services: [docker]
        script:
          - pipe: your-account/packages-pull:1.0.0
            variables:
              IMAGE: ['base:1.4', 'tools:2']
              STORE: .images
              OUTPUT_DIR: out
        artifacts: ['.images/**']
    - parallel:
        - step:
            name: Left
            services: [docker]
            script:
              - &load
                pipe: your-account/packages-pull:1.0.0
                variables:
                  BITBUCKET_PACKAGES_USERNAME: ''
                  BITBUCKET_PACKAGES_TOKEN: ''
                  IMAGE: ['base:1.4', 'tools:2']
                  STORE: .images
                  PULL_POLICY: missing
                  OUTPUT_DIR: out
              - docker run --rm crg.apkg.io/acme/base:1.4 echo left
        - step:
            name: Right
            services: [docker]
            script:
              - *load
              - docker run --rm crg.apkg.io/acme/tools:2 sh /bin/tool`

describeInLaboratory('A store that is an artifact', () => {
  test('hands the very same images to steps that have no credentials and no registry', async () => {
    const { world, images } = laboratory()
    const before = await blobBytes()
    const outcomes = await run(artifact, {
      after: async (_, { name }) => {
        if (name === 'Fetch') await stopRegistry(world, 'crg.apkg.io')
      },
    })
    await startRegistry(world, 'crg.apkg.io')
    for (const o of outcomes)
      console.log(o.name, o.exitCode, o.seconds, o.log.slice(o.log.indexOf('packages-pull:1.0.0\n')))
    expectGreen(outcomes, 3)
    expect(outcomes[1]?.log).toContain('\nleft\n')
    expect(outcomes[2]?.log).toContain('\na tool\n')
    for (const name of ['Left', 'Right'])
      expect(results.get(name)).toMatchObject({
        outcome: 'success',
        images: (['acme/base:1.4', 'acme/tools:2'] as const).map((image) => ({
          reference: `crg.apkg.io/${image}`,
          digest: images[image].digest,
          id: Object.values(images[image].ids)[0],
          source: 'store',
          bytesTransferred: 0,
          credential: null,
        })),
      })
    const transferred = (await blobBytes()) - before
    const reported = results
      .get('Fetch')
      ?.images.reduce((sum, each) => sum + Number(each.bytesTransferred), 0)
    expect(transferred).toBe(reported)
  })
})
void mkdtemp
void beforeAll
void newStep
void docker
