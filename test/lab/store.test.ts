import { mkdtemp, open, readdir, readFile, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { project } from './cache.ts'
import { busybox, randomFile } from './images/layers.ts'
import { pushImage, type TestImage } from './images/test-images.ts'
import { pushBigImage } from './laboratory.ts'
import { pipeContainers } from './runner/observe.ts'
import { PIPE, pipeLog } from './runner/pipe.ts'
import { type PipelineOptions, runPipeline, type StepOutcome } from './runner/pipeline.ts'
import { runScript } from './runner/run.ts'
import { docker, inStep, type Step } from './runner/step.ts'
import { setFaults } from './world/faults.ts'
import { runInside } from './world/namespace.ts'
import { served, startRegistry, stopRegistry } from './world/registry.ts'

/** Bytes of blobs that Bitbucket's registry has sent so far, by its own log. */
const blobBytes = async () =>
  (await served(laboratory().world, 'crg.apkg.io'))
    .filter(({ method, uri }) => method === 'GET' && uri.includes('/blobs/'))
    .reduce((sum, { bytes }) => sum + bytes, 0)

interface Result {
  outcome: string
  error: { code: string } | null
  images: Array<{ source: string; bytesTransferred: number; id: string; digest: string } | null>
}

const resultOf = async (step: Step): Promise<Result> =>
  JSON.parse(await readFile(join(step.build, 'out/result.json'), 'utf8'))

/** Runs a pipeline; `results` are those of each step's pipe, by the name of the step. */
const run = async (yaml: string, options: PipelineOptions = {}) => {
  const results = new Map<string, Result>()
  const outcomes = await runPipeline(laboratory(), yaml, {
    ...options,
    after: async (step, outcome) => {
      results.set(outcome.name, await resultOf(step))
      await options.after?.(step, outcome)
    },
  })
  return { outcomes, results }
}

const expectGreen = (outcomes: StepOutcome[], count: number) =>
  expect(outcomes.map(({ exitCode, log }) => (exitCode === 0 ? 0 : pipeLog(log)))).toEqual(
    Array(count).fill(0),
  )

const keep = { IMAGE: ['base:1.4', 'tools:2'], STORE: '.images', OUTPUT_DIR: 'out', NO_COLOR: '1' }
const without = { BITBUCKET_PACKAGES_USERNAME: '', BITBUCKET_PACKAGES_TOKEN: '' }
const pipe = (variables: Record<string, string | string[]>) => ({ pipe: PIPE, variables })
const yamlOf = (entries: unknown[], more: object = {}) =>
  // JSON is YAML.
  JSON.stringify({ ...more, pipelines: { default: entries } })
const step = (name: string, script: unknown[], more: object = {}) => ({
  step: { name, services: ['docker'], script, ...more },
})

/** Changes one bit of a blob. */
const damage = async (folder: string, digest: string) => {
  const file = await open(join(folder, 'blobs', digest.replace(':', '/')), 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, 100)
  await file.write(Buffer.from([byte.readUInt8(0) ^ 1]), 0, 1, 100)
  await file.close()
}

const largestBlob = async (folder: string) => {
  const names = await readdir(join(folder, 'blobs/sha256'))
  const sizes = await Promise.all(
    names.map(async (name) => ({ name, size: (await stat(join(folder, 'blobs/sha256', name))).size })),
  )
  return `sha256:${sizes.sort((a, b) => b.size - a.size)[0]?.name}`
}

const imageId = ({ ids }: TestImage) => Object.values(ids)[0]

/** A pipeline of the README, which says `crg.apkg.io/…` and needs no change here. */
const recipe = async (name: string) => {
  const readme = await readFile(join(project, 'README.md'), 'utf8')
  const [, indent = '', block = ''] =
    new RegExp(`^( *)<!-- ${name} -->\\n *\`\`\`yaml\\n(.*?)\`\`\``, 'ms').exec(readme) ?? []
  return block.replaceAll(new RegExp(`^${indent}`, 'gm'), '')
}

/** The same with outputs in a folder where the test finds them, and in plain text. */
const observed = (yaml: string) =>
  yaml.replaceAll(/^( +)STORE: .*$/gm, '$&\n$1OUTPUT_DIR: out\n$1NO_COLOR: "1"')

describeInLaboratory('A store that is an artifact', () => {
  test('hands the very same images to the later steps of the README, without the registry', async () => {
    const { world, images } = laboratory()
    const before = await blobBytes()
    const { outcomes, results } = await run(observed(await recipe('artifact')), {
      after: async (_, { name }) => {
        if (name === 'Fetch the images') await stopRegistry(world, 'crg.apkg.io')
      },
    }).finally(() => startRegistry(world, 'crg.apkg.io'))
    expectGreen(outcomes, 3)
    expect(outcomes[1]?.log).toContain('\ntested\n')
    expect(outcomes[2]?.log).toContain('\na tool\n')
    const loaded = { Test: 'acme/base:1.4', Lint: 'acme/tools:2' } as const
    for (const [name, image] of Object.entries(loaded))
      expect(results.get(name)?.images).toMatchObject([
        {
          reference: `crg.apkg.io/${image}`,
          digest: images[image].digest,
          id: imageId(images[image]),
          source: 'store',
          bytesTransferred: 0,
          credential: null,
        },
      ])
    const fetched = results.get('Fetch the images')?.images
    const reported = fetched?.reduce((sum, each) => sum + (each?.bytesTransferred ?? 0), 0)
    expect((await blobBytes()) - before).toBe(reported)
  })

  test('needs no credentials in a step of runtime 3 either, and is not believed where it was damaged on the way', async () => {
    const carry = await mkdtemp(join(laboratory().world.dir, 'carry-'))
    const first = await run(yamlOf([step('Fetch', [pipe(keep)], { artifacts: ['.images/**'] })]), { carry })
    expectGreen(first.outcomes, 1)
    const load = pipe({ ...keep, ...without, PULL_POLICY: 'missing' })
    const runtime = { cloud: { version: '3' } }
    expectGreen((await run(yamlOf([step('Three', [load], { runtime })]), { carry })).outcomes, 1)
    const folder = join(carry, 'artifacts/.images')
    const digest = await largestBlob(folder)
    await damage(folder, digest)
    const never = await run(yamlOf([step('Never', [pipe({ ...keep, PULL_POLICY: 'never' })])]), { carry })
    expect(never.outcomes[0]?.exitCode).toBe(6)
    expect(never.outcomes[0]?.log).toContain(digest)
    // Files and folders of an artifact belong to another user here, so the engine pulls it instead.
    const missing = await run(yamlOf([step('Missing', [pipe({ ...keep, PULL_POLICY: 'missing' })])]), {
      carry,
    })
    expectGreen(missing.outcomes, 1)
    expect(missing.outcomes[0]?.log).toContain(`WARNING: The blob ${digest} in .images is damaged.`)
    expect(missing.results.get('Missing')?.images.map((image) => image?.id)).toEqual(
      (['acme/base:1.4', 'acme/tools:2'] as const).map((name) => imageId(laboratory().images[name])),
    )
  })
})

describeInLaboratory('A store that is a cache', () => {
  test('lets later pipelines transfer only what changed', async () => {
    const { world } = laboratory()
    const stays = randomFile('stays', 3_000_000)
    // The same layer twice: its bytes are made once.
    const push = async (name: string, size: number) =>
      pushImage(world, ['crg.apkg.io'], 'acme/big:moving', {
        layers: [busybox, kept, randomFile(name, size)],
        level: 0,
      })
    const kept = once(stays)
    const carry = await mkdtemp(join(world.dir, 'carry-'))
    const yaml = observed(await recipe('cache'))
      .replaceAll('base:1.4', 'big:moving')
      .replace('echo tested', 'ls /')
    const files = { 'bitbucket-pipelines.yml': yaml }
    await push('one', 100_000)
    const first = await run(yaml, { carry, step: { files } })
    const between = await blobBytes()
    const second = await run(yaml, { carry, step: { files } })
    expect((await blobBytes()) - between).toBe(0)
    await push('two', 200_000)
    const third = await run(yaml, { carry, step: { files } })
    expectGreen([...first.outcomes, ...second.outcomes, ...third.outcomes], 3)
    expect(second.results.get('Step 1')?.images[0]?.source).toBe('store')
    expect(third.outcomes[0]?.log).toContain('\ntwo\n')
    const changed = (await blobBytes()) - between
    expect(changed).toBe(third.results.get('Step 1')?.images[0]?.bytesTransferred)
    expect(changed).toBeGreaterThan(200_000)
    expect(changed).toBeLessThan(210_000)
  })
})

/** A layer that is made once, and is the same in every image that has it. */
const once = (fill: (dir: string) => Promise<void>) => {
  let made: Promise<Buffer> | undefined
  return async (dir: string) => {
    if (made !== undefined) {
      const file = await open(join(dir, 'stays'), 'w')
      await file.write(await made)
      await file.close()
      return
    }
    await fill(dir)
    made = readFile(join(dir, 'stays'))
    await made
  }
}

describeInLaboratory('A store', () => {
  const runPipe = (where: Step, variables: Record<string, string | string[]>) =>
    runScript(where, [pipe({ ...keep, ...variables })])

  test('serves two pipes at the same time, which do not hurt each other', async () => {
    await using where = await newStep()
    const both = await Promise.all([
      runPipe(where, { IMAGE: ['base:1.4', 'tools:2'], OUTPUT_DIR: 'out' }),
      runPipe(where, { IMAGE: ['base:1.4', 'base:1.5'], OUTPUT_DIR: 'out2' }),
    ])
    expectGreen(
      both.map((each) => ({ ...each, name: '' })),
      2,
    )
    const { manifests } = JSON.parse(await readFile(join(where.build, '.images/index.json'), 'utf8'))
    expect(manifests).toHaveLength(3)
    const names = await readdir(join(where.build, '.images'))
    expect(names.sort()).toEqual(['blobs', 'index.json', 'manifest.json', 'oci-layout'])
    const blobs = await readdir(join(where.build, '.images/blobs/sha256'))
    expect(blobs.filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual([])
  })

  test('holds no secret, and is what docker and skopeo read too', async () => {
    await using where = await newStep()
    expectGreen([{ ...(await runPipe(where, { DEBUG: 'true' })), name: '' }], 1)
    const basic = Buffer.from(`${where.grant.username}:${where.grant.password}`).toString('base64')
    const secrets = ['-e', where.grant.password, '-e', basic]
    const found = await inStep(where, ['grep', '-rlF', ...secrets, '.images'], { reject: false })
    expect([found.exitCode, found.stdout]).toEqual([1, ''])
    await docker(where, ['image', 'rm', 'crg.apkg.io/acme/base:1.4', 'crg.apkg.io/acme/tools:2'])
    await inStep(where, ['sh', '-c', 'tar -C .images -c . | docker load'])
    const { stdout } = await docker(where, [
      'image',
      'inspect',
      '--format={{.Id}}',
      'crg.apkg.io/acme/base:1.4',
    ])
    expect(stdout).toBe(imageId(laboratory().images['acme/base:1.4']))
    // skopeo tells the digest of the manifest that it makes of an archive; the configuration is the image's own.
    await inStep(where, ['tar', '-C', '.images', '-cf', 'images.tar', '.'])
    const source = `docker-archive:${where.build}/images.tar:crg.apkg.io/acme/tools:2`
    const target = `dir:${where.build}/unpacked`
    await runInside(where, ['skopeo', 'copy', '--quiet', source, target])
    const manifest = JSON.parse(await readFile(join(where.build, 'unpacked/manifest.json'), 'utf8'))
    expect(manifest.config.digest).toBe(imageId(laboratory().images['acme/tools:2']))
  })

  test('delivers an image in zstd to an engine that cannot pull it, beside one in gzip', async () => {
    const { world } = laboratory()
    const layers = [busybox, randomFile('random', 3_000_000)]
    const image = await pushImage(world, ['crg.apkg.io'], 'acme/big:zstd', { layers, zstd: true })
    await using where = await newStep({ engine: '20.10' })
    const IMAGE = ['big:zstd', 'base:1.4']
    const pulled = await runScript(where, [pipe({ IMAGE, OUTPUT_DIR: 'out', NO_COLOR: '1' })])
    expect([pulled.exitCode, pipeLog(pulled.log)]).toEqual([
      6,
      expect.stringContaining('1 of 2 images delivered'),
    ])
    expect(pulled.log).toMatch(/PKG-MANIFEST.*zstd|zstd.*needs 23/s)
    await docker(where, ['image', 'rm', 'crg.apkg.io/acme/base:1.4'])
    const { exitCode, log } = await runScript(where, [
      pipe({ ...keep, IMAGE }),
      'docker run --rm crg.apkg.io/acme/big:zstd cat /etc/platform',
      'docker run --rm crg.apkg.io/acme/base:1.4 true',
    ])
    expect([exitCode, pipeLog(log)]).toEqual([0, expect.stringContaining("✔ 2 images in the step's engine")])
    expect(log).toContain('\nlinux/')
    expect((await resultOf(where)).images.map((each) => each?.id)).toEqual([
      imageId(image),
      imageId(laboratory().images['acme/base:1.4']),
    ])
    // What is kept is what the registry has.
    const never = await runScript(where, [pipe({ ...keep, IMAGE, PULL_POLICY: 'never' })])
    expect(never.exitCode).toBe(0)
  })

  test('is completed by the next pipe when one was killed, and gets no byte twice where the connection breaks', async () => {
    const { world } = laboratory()
    const image = await pushBigImage(world, 'acme/big:slow', 20_000_000, 1)
    await using where = await newStep({ front: true })
    const blobs = '^crg.apkg.io/v2/acme/big/blobs/'
    await setFaults(world, [{ path: blobs, bytesPerSecond: 8_000_000 }])
    const started = await blobBytes()
    const killed = runPipe(where, { IMAGE: 'big:slow' })
    const partSize = async () => {
      const folder = join(where.build, '.images/blobs/sha256')
      const parts = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.part'))
      const sizes = await Promise.all(parts.map(async (name) => (await stat(join(folder, name))).size))
      return Math.max(0, ...sizes)
    }
    for (let i = 0; i < 200 && (await partSize()) < 5_000_000; i++) await sleep(50)
    await docker(where, ['kill', ...(await pipeContainers(where))])
    expect((await killed).exitCode).toBe(137)
    const left = await partSize()
    expect(left).toBeGreaterThan(4_000_000)
    // Who is killed is not heard of again; the test does not wait for that.
    for (const name of await readdir(join(where.build, '.images')))
      if (name.startsWith('.in-use-')) await utimes(join(where.build, '.images', name), 0, 0)
    await setFaults(world, [{ path: blobs, cutAfter: 3_000_000, times: 2 }])
    const { exitCode, log } = await runPipe(where, { IMAGE: 'big:slow' })
    await setFaults(world, [])
    expect([exitCode, pipeLog(log)]).toEqual([0, expect.stringContaining("✔ 1 image in the step's engine")])
    const result = await resultOf(where)
    expect(result.images[0]?.id).toBe(imageId(image))
    const whole = Object.values(image.sizes)[0] ?? 0
    expect(result.images[0]?.bytesTransferred).toBeLessThanOrEqual(whole - left)
    expect(started).toBeLessThan(await blobBytes())
  })
})
