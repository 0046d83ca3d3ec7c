import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Code } from '../../src/errors.ts'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { pushBigImage } from './laboratory.ts'
import { processes } from './runner/observe.ts'
import { PIPE, pipeLog } from './runner/pipe.ts'
import { runScript } from './runner/run.ts'
import { docker, inStep, type Step } from './runner/step.ts'
import { type Fault, registryError, setFaults } from './world/faults.ts'
import { startRegistry, stopRegistry } from './world/registry.ts'

const MANIFESTS = '^crg.apkg.io/v2/acme/base/manifests/'
const BLOBS = '^crg.apkg.io/v2/acme/base/blobs/'

interface Row {
  name: string
  faults: Omit<Fault, 'id'>[]
  variables?: Record<string, string>
  exitCode: number
  code: Code
  log: RegExp
}

// What the engine and the pipe meet together; the registry client alone has a longer table of its own.
const rows: Row[] = [
  {
    name: 'a package that does not exist in the workspace',
    faults: [
      {
        path: '^crg.apkg.io/v2/acme/base/',
        status: 404,
        body: registryError('NAME_UNKNOWN', 'acme/base does not exist in this workspace'),
      },
    ],
    exitCode: 4,
    code: 'PKG-PACKAGE-UNKNOWN',
    log: /does not exist in this workspace(?:.|\n)*there is no package "base"/,
  },
  {
    name: 'a quota',
    faults: [
      {
        path: MANIFESTS,
        status: 429,
        body: registryError('TOOMANYREQUESTS', 'You have reached your pull rate limit.'),
      },
    ],
    exitCode: 7,
    code: 'PKG-QUOTA',
    log: /used up its allowance/,
  },
  {
    name: 'a burst limit that does not end',
    faults: [
      {
        path: MANIFESTS,
        status: 429,
        headers: { 'retry-after': '0' },
        body: registryError('TOOMANYREQUESTS', 'slow down'),
      },
    ],
    variables: { MAX_ATTEMPTS: '2' },
    exitCode: 7,
    code: 'PKG-RATE-LIMIT',
    log: /attempt 2 of 2(?:.|\n)*slow down/,
  },
  {
    name: 'a lockout',
    faults: [
      {
        path: MANIFESTS,
        status: 429,
        body: registryError('TOOMANYREQUESTS', 'too many failed login attempts for username or IP address'),
      },
    ],
    exitCode: 7,
    code: 'PKG-LOCKOUT',
    log: /every further try prolongs it/,
  },
  {
    name: 'a registry that cannot serve',
    faults: [{ path: '^crg.apkg.io/v2/', status: 503 }],
    variables: { MAX_ATTEMPTS: '2' },
    exitCode: 8,
    code: 'PKG-REGISTRY-UNAVAILABLE',
    log: /the engine will try/,
  },
  {
    name: 'a damaged layer',
    faults: [{ path: BLOBS, flipAt: 100 }],
    variables: { MAX_ATTEMPTS: '2' },
    exitCode: 6,
    code: 'PKG-INTEGRITY',
    log: /changed or damaged/,
  },
  {
    name: 'a damaged manifest',
    faults: [{ path: MANIFESTS, flipAt: 20 }],
    exitCode: 6,
    code: 'PKG-INTEGRITY',
    log: /does not match its digest/,
  },
  {
    name: 'a realm on an address of the machine',
    faults: [
      {
        path: '^crg.apkg.io/v2/$',
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="https://127.0.0.1/token",service="x"' },
      },
    ],
    exitCode: 8,
    code: 'PKG-REALM-REFUSED',
    log: /127\.0\.0\.1/,
  },
  {
    name: 'a realm that AUTH_REALM_HOSTS does not name',
    faults: [],
    variables: { AUTH_REALM_HOSTS: 'auth.example.com' },
    exitCode: 8,
    code: 'PKG-REALM-REFUSED',
    log: /auth\.apkg\.test/,
  },
  {
    name: 'the page of a proxy',
    faults: [
      {
        path: '^crg.apkg.io/v2/',
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<html><title>Sign in to the network</title></html>',
      },
    ],
    variables: { CHECK_ONLY: 'true' },
    exitCode: 8,
    code: 'PKG-NOT-A-REGISTRY',
    log: /Sign in to the network/,
  },
  {
    name: 'a pull that stalls',
    // Not much longer than TIMEOUT: the engine goes on waiting, and the next pull of this layer with it.
    faults: [{ path: BLOBS, delay: 8_000 }],
    variables: { TIMEOUT: '4s' },
    exitCode: 124,
    code: 'PKG-TIMEOUT',
    log: /within TIMEOUT \(4\.0 s\)/,
  },
  {
    name: 'a host that does not exist',
    faults: [],
    variables: { REGISTRY: 'nowhere.apkg.test', MAX_ATTEMPTS: '1' },
    exitCode: 8,
    code: 'PKG-DNS',
    log: /Check the spelling of the host in IMAGE and in REGISTRY/,
  },
]

describeInLaboratory('Against a faulty registry the pipe', () => {
  let step: Step
  beforeAll(async () => {
    step = await newStep({ front: true })
  })
  afterEach(() => setFaults(laboratory().world, []))
  afterAll(() => step.close())

  const run = async (variables: Record<string, string>) => {
    const { digest } = laboratory().images['acme/base:1.4']
    const names = ['crg.apkg.io/acme/base:1.4', `crg.apkg.io/acme/base@${digest}`]
    await docker(step, ['image', 'rm', '--force', ...names], { reject: false })
    const { exitCode, rawLog } = await runScript(step, [
      { pipe: PIPE, variables: { IMAGE: 'base:1.4', NO_COLOR: '1', ...variables } },
    ])
    return { exitCode, log: pipeLog(rawLog) }
  }

  test.each(rows)('explains $name', async ({ faults, variables = {}, exitCode, code, log: expected }) => {
    await setFaults(laboratory().world, faults)
    const { exitCode: ended, log } = await run(variables)
    expect(log).toContain(`ERROR: ${code}: `)
    expect(ended).toBe(exitCode)
    expect(log).toMatch(expected)
    expect(log).toMatch(/\n {2}Why: .+\n {2}To do: .+\n {2}More: https:/)
    expect(log).not.toContain(step.grant.password)
    expect(log).not.toMatch(/\n\s+at .+:\d+:\d+/)
  })

  test('survives a manifest and layers that break once', async () => {
    await setFaults(laboratory().world, [
      { path: MANIFESTS, status: 502, times: 1 },
      { path: BLOBS, cutAfter: 1000, times: 1 },
    ])
    const { exitCode, log } = await run({})
    expect(exitCode).toBe(0)
    expect(log).toContain('WARNING: PKG-REGISTRY-UNAVAILABLE')
    expect(log).toContain('2.1 MB transferred')
  })
})

describeInLaboratory('With an engine that cannot do it the pipe', () => {
  test('says that there is no space left', async () => {
    await pushBigImage(laboratory().world, 'acme/big:3', 400_000_000, 2)
    await using step = await newStep({ disk: 350 })
    const { exitCode, rawLog } = await runScript(step, [
      { pipe: PIPE, variables: { IMAGE: 'big:3', NO_COLOR: '1' } },
    ])
    expect(pipeLog(rawLog)).toContain('ERROR: PKG-DISK-FULL')
    expect(exitCode).toBe(10)
  })

  test('says that CLI and engine speak no common version', async () => {
    await using step = await newStep()
    const { exitCode, rawLog } = await runScript(
      step,
      [{ pipe: PIPE, variables: { IMAGE: 'base:1.4', NO_COLOR: '1' } }],
      { runOptions: ['--env=DOCKER_API_VERSION=1.99'] },
    )
    expect(pipeLog(rawLog)).toContain('ERROR: PKG-ENGINE-API')
    expect(exitCode).toBe(9)
  })
})

describeInLaboratory('Without a registry the pipe', () => {
  test('says that the registry cannot be reached', async () => {
    await using step = await newStep()
    await stopRegistry(laboratory().world, 'open.apkg.test')
    const { exitCode, rawLog } = await runScript(step, [
      { pipe: PIPE, variables: { IMAGE: 'open.apkg.test/acme/base:1.4', NO_COLOR: '1', MAX_ATTEMPTS: '2' } },
    ])
    await startRegistry(laboratory().world, 'open.apkg.test')
    expect(exitCode).toBe(8)
    expect(pipeLog(rawLog)).toContain('ERROR: PKG-NETWORK')
  })
})

describeInLaboratory('When the engine is gone the pipe', () => {
  const STORE = '.images'
  test.each([
    { at: 'pull', variables: {}, delay: 500 },
    { at: 'load', variables: { STORE }, delay: 0 },
    { at: 'attach', variables: { RUN: 'echo begun; sleep 5' }, delay: 1000 },
  ])('says what most often ends it, in mid-$at', async ({ at, variables, delay }) => {
    const { world } = laboratory()
    await pushBigImage(world, 'acme/big:2', 30_000_000, 2)
    await using step = await newStep({ front: true })
    if (at === 'pull') await setFaults(world, [{ path: '/v2/acme/big/blobs/', bytesPerSecond: 1_000_000 }])
    // The engine that runs the pipe's container has to stay, so what goes is the way to it.
    const relay = inStep(step, [process.execPath, '-e', RELAY], { reject: false })
    const { exitCode, rawLog } = await runScript(
      step,
      [{ pipe: PIPE, variables: { IMAGE: 'big:2', NO_COLOR: '1', ...variables } }],
      {
        runOptions: ['--env=DOCKER_HOST=tcp://host.docker.internal:2999'],
        during: async () => {
          for (let i = 0; i < 400; i++) {
            const all = await processes(step)
            if (
              all.some(
                ({ command, contained }) => contained && new RegExp(`docker.* ${at}( |$)`).test(command),
              )
            )
              break
            await sleep(25)
          }
          await sleep(delay)
          relay.kill('SIGKILL')
          await inStep(step, ['pkill', '-KILL', '-f', 'relay for a test'], { reject: false })
        },
      },
    )
    await relay
    await setFaults(world, [])
    expect({ exitCode, log: pipeLog(rawLog) }).toEqual({
      exitCode: 9,
      log: expect.stringMatching(/ERROR: PKG-ENGINE-UNREACHABLE(?:.|\n)*memory limit/),
    })
  })
})

const RELAY = `// relay for a test
const net = require('net')
net.createServer((from) => {
  const to = net.connect(2375, '127.0.0.1')
  for (const socket of [from, to]) socket.on('error', () => {})
  from.pipe(to).pipe(from)
}).listen(2999, '0.0.0.0')`
