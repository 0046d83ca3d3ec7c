import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { VERSION } from '../../src/identity.ts'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { pushBigImage } from './laboratory.ts'
import { pipeContainers, processes, procOf, stopPipe } from './runner/observe.ts'
import { PIPE, pipeLog } from './runner/pipe.ts'
import { type RunOptions, runScript } from './runner/run.ts'
import { docker, inStep, type Step } from './runner/step.ts'
import { setFaults } from './world/faults.ts'
import { setRules } from './world/grants.ts'
import { served } from './world/registry.ts'

const OUTPUT = 'packages'

/** Runs the pipe in a step, and script lines after it; `log` begins where the platform's own command ends. */
const runPipe = async (
  step: Step,
  variables: Record<string, string | string[]>,
  after: string[] = [],
  options: RunOptions = {},
) => {
  const item = { pipe: PIPE, variables: { NO_COLOR: '1', OUTPUT_DIR: OUTPUT, ...variables } }
  const { exitCode, rawLog } = await runScript(step, [item, ...after], options)
  return { exitCode, log: pipeLog(rawLog) }
}

const output = (step: Step, name: string) => readFile(join(step.build, OUTPUT, name), 'utf8')
const result = async (step: Step) => JSON.parse(await output(step, 'result.json'))
const imageOf = (name: 'acme/base:1.4' | 'acme/base:1.5' | 'acme/tools:2' | 'acme/multi:1') =>
  laboratory().images[name]

/** What every test of a finished pipe has a right to: no login, no container that runs, no secret in a file. */
const expectNothingLeft = async (step: Step) => {
  expect(await pipeContainers(step)).toEqual([])
  const secret = step.grant.password
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(`${step.grant.username}:${secret}`).toString('base64'),
  ]
  const patterns = forms.flatMap((form) => ['-e', form])
  // The engine's and containerd's own records of a container hold the environment that the platform gave to
  // it; all else counts.
  const found = await inStep(
    step,
    [
      'grep',
      '-rlF',
      ...patterns,
      '--exclude=config.v2.json',
      '--exclude=meta.db',
      '/opt/atlassian',
      '/dev/shm',
      `${step.dir}/data`,
    ],
    { reject: false },
  )
  expect(found.stdout).toBe('')
}

for (const runtime of [2, 3] as const) {
  describeInLaboratory(`In a step of runtime ${runtime} the pipe`, () => {
    let step: Step
    beforeAll(async () => {
      step = await newStep({ runtime })
    })
    afterAll(() => step.close())

    test('pulls an image by its short name, for the script lines after it', async () => {
      const { digest, ids, sizes } = imageOf('acme/base:1.4')
      const { exitCode, log } = await runPipe(step, { IMAGE: 'base:1.4' }, [
        'docker run --rm crg.apkg.io/acme/base:1.4 echo from the image',
        `. ${OUTPUT}/images.env`,
        'docker run --rm $PACKAGES_IMAGE_0 echo $PACKAGES_IMAGE_0_DIGEST',
        'docker image inspect --format={{.Id}} $PACKAGES_IMAGE_0_ID',
      ])
      expect(log).toContain("✔ 1 image in the step's engine")
      expect(exitCode).toBe(0)
      expect(log).toContain('\nfrom the image\n')
      expect(log).toContain(`\n${digest}\n`)
      expect(await result(step)).toMatchObject({
        version: VERSION,
        outcome: 'success',
        error: null,
        images: [
          {
            reference: 'crg.apkg.io/acme/base:1.4',
            digest,
            manifestDigest: digest,
            id: ids['linux/amd64'],
            platform: 'linux/amd64',
            compressedSize: sizes['linux/amd64'],
            source: 'registry',
            credential: 'built-in',
            attempts: 1,
          },
        ],
      })
      const { stdout } = await docker(step, [
        'image',
        'inspect',
        '--format={{json .RepoDigests}}',
        'crg.apkg.io/acme/base:1.4',
      ])
      expect(JSON.parse(String(stdout))).toContain(`crg.apkg.io/acme/base@${digest}`)
      await expectNothingLeft(step)
    })

    test('transfers nothing for an image that the engine has', async () => {
      const { log } = await runPipe(step, { IMAGE: 'crg.apkg.io/acme/base:1.4' })
      expect(log).toContain('0 B transferred')
      expect((await result(step)).images[0]).toMatchObject({ source: 'engine', bytesTransferred: 0 })
    })

    test('pulls by digest, and by tag and digest', async () => {
      const { digest } = imageOf('acme/base:1.5')
      const byDigest = await runPipe(step, { IMAGE: `acme/base@${digest}` }, [
        `docker run --rm crg.apkg.io/acme/base@${digest} cat /etc/version`,
        'docker image inspect crg.apkg.io/acme/base:1.5 > /dev/null || echo no tag',
      ])
      expect(byDigest.log).toMatch(/\n1\.5\n(.|\n)*\nno tag\n$/)
      const both = await runPipe(step, { IMAGE: `base:1.5@${digest}` }, [
        'docker run --rm crg.apkg.io/acme/base:1.5 cat /etc/version',
      ])
      expect(both.log).toMatch(/\n1\.5\n$/)
    })

    test('pulls several images, as a list and as one string', async () => {
      const { log, exitCode } = await runPipe(step, { IMAGE: ['base:1.4', 'tools:2'] }, [
        'docker run --rm crg.apkg.io/acme/tools:2 sh /bin/tool',
      ])
      expect(exitCode).toBe(0)
      expect(log).toContain("✔ 2 images in the step's engine")
      expect(log).toMatch(/\na tool\n$/)
      const { log: again } = await runPipe(step, { IMAGE: 'base:1.4,tools:2' })
      expect(again).toContain("✔ 2 images in the step's engine")
      expect(await output(step, 'images.env')).toContain('PACKAGES_IMAGE_1=crg.apkg.io/acme/tools:2\n')
    })

    test('pulls the engine’s platform of a multi-platform image, or the one of PLATFORM', async () => {
      const { digest, platforms } = imageOf('acme/multi:1')
      await runPipe(step, { IMAGE: 'multi:1' })
      expect((await result(step)).images[0]).toMatchObject({
        digest,
        manifestDigest: platforms['linux/amd64'],
        platform: 'linux/amd64',
      })
      const { exitCode } = await runPipe(step, { IMAGE: 'multi:1', PLATFORM: 'linux/arm64' }, [
        'docker image inspect --format={{.Architecture}} crg.apkg.io/acme/multi:1',
      ])
      expect(exitCode).toBe(0)
      expect((await result(step)).images[0]).toMatchObject({
        digest,
        manifestDigest: platforms['linux/arm64'],
        platform: 'linux/arm64',
      })
    })

    test('signs in to a registry with Basic authentication', async () => {
      // Else the engine has it: the same image lies in the other registry too.
      const { ids } = imageOf('acme/base:1.4')
      await docker(step, ['image', 'rm', '--force', ids['linux/amd64'] ?? ''], { reject: false })
      const { exitCode, log } = await runPipe(step, { IMAGE: 'base:1.4', REGISTRY: 'basic.apkg.test' })
      expect(exitCode).toBe(0)
      expect(log).toContain("Signed in to basic.apkg.test with the step's own credentials")
    })

    test('pulls an image of another registry without credentials', async () => {
      const { exitCode, log } = await runPipe(step, { IMAGE: 'open.apkg.test/acme/base:1.4' })
      expect(exitCode).toBe(0)
      expect(log).not.toContain('Signed in')
    })

    test('explains a refused pair, and shows it to nobody a second time', async () => {
      const { exitCode, log } = await runPipe(step, {
        IMAGE: 'base:1.4 tools:2',
        BITBUCKET_PACKAGES_TOKEN: 'wrong-7f3a91c2-of-a-test',
      })
      expect(exitCode).toBe(3)
      expect(log.match(/ERROR: PKG-AUTH-REFUSED/g)).toHaveLength(1)
      expect(log).not.toContain('wrong-7f3a91c2-of-a-test')
    })

    test('says what is missing where the step has no credentials', async () => {
      const { exitCode, log } = await runPipe(step, {
        IMAGE: 'base:1.4',
        BITBUCKET_PACKAGES_USERNAME: '',
        BITBUCKET_PACKAGES_TOKEN: '$NOT_SET',
      })
      expect(exitCode).toBe(2)
      expect(log).toContain('PKG-CREDENTIALS-MISSING')
    })

    test('lists every variable that is not valid', async () => {
      const { exitCode, log } = await runPipe(step, { IMAGE: 'Base', DEBUG: 'yes', IMAGES: 'x' })
      expect(exitCode).toBe(2)
      expect(log).toContain('3 variables are not valid')
    })

    describe.each(['unscoped', 401, 403] as const)(
      'where another repository’s package is answered with %s',
      (foreign) => {
        beforeAll(() => setRules(laboratory().world, { foreign }))
        afterAll(() => setRules(laboratory().world, { foreign: 'unscoped' }))

        test('names every cause', async () => {
          const { exitCode, log } = await runPipe(step, { IMAGE: 'other:1' })
          expect(exitCode).toBe(3)
          expect(log).toContain('PKG-ACCESS-DENIED')
          expect(log).toContain('linked to another repository than acme/app')
        })

        test('uses an API token for it, and only for it', async () => {
          const { username, password } = laboratory().world.apiToken
          const { exitCode, log } = await runPipe(step, {
            IMAGE: ['base:1.4', 'other:1'],
            API_TOKEN_USERNAME: username,
            API_TOKEN: password,
          })
          expect(exitCode).toBe(0)
          expect(log).toContain("base:1.4 with the step's own credentials")
          expect(log).toContain('other:1 with the API token')
          expect(log).not.toContain(password)
        })
      },
    )

    test('names the tags that exist', async () => {
      const { exitCode, log } = await runPipe(step, { IMAGE: 'base:1.6' })
      expect(exitCode).toBe(4)
      expect(log).toContain('PKG-TAG-UNKNOWN')
      expect(log).toContain('nearest first: 1.5, 1.4')
    })

    test('says which architectures an image has where PLATFORM is none of them', async () => {
      const { exitCode, log } = await runPipe(step, { IMAGE: 'multi:1', PLATFORM: 'linux/s390x' })
      expect(exitCode).toBe(5)
      expect(log).toContain('linux/amd64, linux/arm64')
    })

    if (runtime === 2) {
      test('explains an image with an id that the engine cannot map', async () => {
        const { exitCode, log } = await runPipe(step, { IMAGE: 'biguid:1' })
        expect(exitCode).toBe(9)
        expect(log).toContain('PKG-ENGINE-UID')
      })
    }
  })
}

describeInLaboratory('Without the docker service the pipe', () => {
  test('says which line of the step is missing', async () => {
    // A pipe needs an engine to start in, so the one that it is told to use is another, which is not there.
    await using step = await newStep()
    const { exitCode, log } = await runPipe(step, { IMAGE: 'base:1.4' }, [], {
      runOptions: ['--env=DOCKER_HOST=tcp://host.docker.internal:2999'],
    })
    expect(exitCode).toBe(9)
    expect(log).toContain('PKG-ENGINE-UNREACHABLE')
    expect(log).toContain('services: [docker]')
  })
})

describeInLaboratory('While the pipe pulls a large image', () => {
  let step: Step
  beforeAll(async () => {
    await pushBigImage(laboratory().world, 'acme/big:1', 60_000_000, 3)
    step = await newStep({ front: true })
    await setFaults(laboratory().world, [{ path: '/v2/acme/big/blobs/', bytesPerSecond: 2_000_000 }])
  })
  afterEach(() => expectNothingLeft(step))
  afterAll(async () => {
    await setFaults(laboratory().world, [])
    await step.close()
  })

  const whilePulling = async (act: (step: Step) => Promise<void>) => {
    const before = (await served(laboratory().world, 'crg.apkg.io')).length
    return runPipe(step, { IMAGE: 'big:1', DEBUG: 'true' }, [], {
      during: async () => {
        for (let i = 0; i < 300; i++) {
          const pulling = (await processes(step)).some(
            ({ command, contained }) => contained && / pull /.test(command),
          )
          const asked = (await served(laboratory().world, 'crg.apkg.io'))
            .slice(before)
            .some(({ uri }) => uri.includes('/manifests/'))
          if (pulling && asked) return act(step)
          await sleep(50)
        }
        throw new Error('The pull did not begin.')
      },
    })
  }

  test('its token is in no argument of any process but the platform’s own, and in no other environment', async () => {
    const secret = step.grant.password
    let commands: string[] = []
    let environments: string[] = []
    await whilePulling(async () => {
      const seen = await processes(step)
      commands = seen
        .filter(({ command }) => !/docker container run/.test(command))
        .map(({ command }) => command)
      const contained = seen.filter((each) => each.contained)
      environments = await Promise.all(
        contained
          .filter(({ command }) => !command.includes('pipe.mjs'))
          .map(({ pid }) => readFile(join(procOf(step), `${pid}`, 'environ'), 'utf8')),
      )
      await stopPipe(step, 'TERM')
    })
    expect(commands.some((command) => command.includes('pull crg.apkg.io/acme/big@sha256:'))).toBe(true)
    expect(commands.filter((command) => command.includes(secret))).toEqual([])
    expect(environments.length).toBeGreaterThan(0)
    expect(environments.filter((environment) => environment.includes(secret))).toEqual([])
  })

  test.each([
    ['TERM', 143],
    ['INT', 130],
  ] as const)(
    'SIG%s ends it at once, with the exit code of the signal and nothing left behind',
    async (signal, code) => {
      const { exitCode, log } = await whilePulling(async (running) => {
        await stopPipe(running, signal)
      })
      expect(exitCode).toBe(code)
      expect(log).toContain('✖ PKG-INTERRUPTED')
      expect(log).not.toContain(step.grant.password)
      expect((await processes(step)).filter(({ contained }) => contained)).toEqual([])
    },
  )
})
