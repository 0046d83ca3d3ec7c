import { expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from '../attach.ts'
import { pipeContainers, stopPipe } from './observe.ts'
import { runPipeline } from './pipeline.ts'
import { runScript } from './run.ts'

const login =
  'echo "$BITBUCKET_PACKAGES_TOKEN" | docker login --username "$BITBUCKET_PACKAGES_USERNAME" --password-stdin'

describeInLaboratory('The runner', () => {
  test('ends a pipeline at the first line that fails, with the code of that line', async () => {
    const yaml = `
pipelines:
  default:
    - step:
        script:
          - echo one
          - (exit 7)
          - echo two
        after-script:
          - echo "after $BITBUCKET_EXIT_CODE"
    - step:
        script: [echo three]`
    const [only, ...others] = await runPipeline(laboratory(), yaml)
    expect(only).toMatchObject({ name: 'Step 1', exitCode: 7 })
    expect(only?.log).toBe(
      '+ echo one\none\n+ (exit 7)\n+ export BITBUCKET_EXIT_CODE=7\n+ echo "after $BITBUCKET_EXIT_CODE"\nafter 7\n',
    )
    expect(others).toEqual([])
  })

  test('carries artifacts, caches and output variables from step to step, and nothing else', async () => {
    const yaml = `
definitions:
  caches:
    kept: kept
pipelines:
  default:
    - step:
        caches: [kept]
        artifacts: ['made/**']
        output-variables: [COLOUR]
        script:
          - mkdir -p made/deep kept && echo 1 > made/deep/file && echo 2 > kept/file && echo 3 > lost
          - chmod 600 made/deep/file
          - echo COLOUR=red >> "$BITBUCKET_PIPELINES_VARIABLES_PATH"
          - echo SHAPE=round >> "$BITBUCKET_PIPELINES_VARIABLES_PATH"
    - parallel:
        - step: { name: left, script: [&look 'stat -c "%a %n" made made/deep made/deep/file; ls; echo "$COLOUR $SHAPE"'] }
        - step: { name: right, caches: [kept], script: [*look] }`
    const [first, left, right] = await runPipeline(laboratory(), yaml)
    expect(first?.exitCode).toBe(0)
    const seen = (...files: string[]) =>
      ['755 made', '755 made/deep', '644 made/deep/file', ...files, 'red ', ''].join('\n')
    expect(left?.log.split('\n').slice(1).join('\n')).toBe(seen('made'))
    expect(right?.log.split('\n').slice(1).join('\n')).toBe(seen('kept', 'made'))
  })

  test('gives a step no engine that does not declare the docker service', async () => {
    const yaml = 'pipelines: { default: [{ step: { script: [docker version] } }] }'
    const [step] = await runPipeline(laboratory(), yaml)
    expect(step?.exitCode).toBe(1)
    expect(step?.log).toContain('Cannot connect to the Docker daemon at tcp://localhost:2375')
  })

  test('gives a step of runtime 3 neither the plugin nor a mapped engine', async () => {
    const yaml = `
pipelines:
  default:
    - step:
        runtime: { cloud: { version: '3' } }
        services: [docker]
        script:
          - ls /usr/local/bin/docker || echo none
          - ${login} crg.apkg.io
          - docker run --rm crg.apkg.io/acme/base:1.4 cat /proc/self/uid_map
          - docker run --rm --privileged crg.apkg.io/acme/base:1.4 true || true`
    const [step] = await runPipeline(laboratory(), yaml)
    expect(step?.log).toContain('\nnone\n')
    expect(step?.log).toMatch(/\n +0 +0 +4294967295\n/)
    // Whether a privileged container starts is for the machine to say; the plugin would have forbidden it.
    expect(step?.log).not.toContain('authorization denied')
  })

  test('hands a pipe its variables as Bitbucket does', async () => {
    const pipes = {
      'acme/show:1': {
        image: 'crg.apkg.io/acme/base:1.4',
        variables: [
          { name: 'PAIR', default: '$BITBUCKET_PACKAGES_USERNAME' },
          { name: 'UNSET', default: '$NOWHERE' },
        ],
      },
    }
    const variables = {
      LIST: ['a b', '$HOME'],
      TEXT: 'a "q" \\`id\\` \\$(id) \\\\ \\$5 $COLOUR\nsecond',
      EVALUATED: '$(echo one) `echo two` ${NOWHERE:-three} <$1> $(echo "a  b") \\n',
    }
    await using step = await newStep({ variables: { COLOUR: 'red' } })
    const { log } = await runScript(
      step,
      [
        `${login} crg.apkg.io`,
        'docker pull -q crg.apkg.io/acme/base:1.4',
        { pipe: 'acme/show:1', variables },
      ],
      { pipes, arguments: ['/bin/env'] },
    )
    expect(log).toContain(`\nPAIR=${step.grant.username}\n`)
    expect(log).toContain('\nUNSET=\n')
    expect(log).toContain('\nLIST_COUNT=2\n')
    expect(log).toContain('\nLIST_0=a b\n')
    expect(log).toContain('\nLIST_1=/run/lab/home\n')
    expect(log).toContain('\nTEXT=a "q" `id` $(id) \\ $5 red\nsecond\n')
    expect(log).toContain('\nEVALUATED=one two three <> "a b" \\n\n')
    expect(log).toContain('\nDOCKER_HOST=tcp://host.docker.internal:2375\n')
    expect(log).not.toContain('\nCOLOUR=')
  })
})

describeInLaboratory('A pipe that runs', () => {
  test('ends with the signal that stopping the step sends it', async () => {
    const pipes = { 'acme/wait:1': { image: 'crg.apkg.io/acme/base:1.4' } }
    const trap = 'trap "echo ended; exit 3" TERM; echo waiting; sleep 20 & wait'
    await using step = await newStep()
    await runScript(step, [`${login} crg.apkg.io`, 'docker pull -q crg.apkg.io/acme/base:1.4'])
    const outcome = await runScript(step, [{ pipe: 'acme/wait:1' }], {
      pipes,
      arguments: ['/bin/sh', '-c', `'${trap}'`],
      during: async () => {
        for (let i = 0; i < 200 && (await pipeContainers(step)).length === 0; i++) await pause(50)
        await pause(300)
        await stopPipe(step)
      },
    })
    expect(outcome.log).toMatch(/\nwaiting\nended\n$/)
    expect(outcome).toMatchObject({ exitCode: 3 })
    expect(outcome.seconds).toBeLessThan(10)
  })
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
