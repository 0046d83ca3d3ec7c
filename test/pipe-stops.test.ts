import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageManifest, serveBasic, servePackage } from './fake-package.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { type PipeOptions, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

let registry: FakeRegistry
beforeAll(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
})
afterAll(() => registry.close())

const run = (options: Omit<PipeOptions, 'registry'>) => runPipe({ registry, ...options })

// Each begins when the CLI has read the secret.
const write = `umask 022; mkdir -p "$config"; echo '{"auths":{}}' > "$config/config.json"`
const slow: Record<string, string> = {
  'ends its write a second after the signal': `trap '' TERM; sleep 1; ${write}`,
  'leaves its write to a helper that outlives it': `(trap '' TERM; sleep 1; ${write}) > /dev/null 2>&1 & wait`,
  'hears no signal': `trap '' TERM; sleep 30; ${write}`,
  'has a helper that hears no signal and keeps its streams': `(trap '' TERM; sleep 30; ${write}) & wait`,
  'has a helper in a group of its own': `setsid sh -c "trap '' TERM; sleep 5" & wait`,
}

const ways = {
  SIGTERM: [143, { stop: { signal: 'SIGTERM', at: 'login', hasRead: true } }],
  SIGINT: [130, { stop: { signal: 'SIGINT', at: 'login', hasRead: true } }],
  TIMEOUT: [124, { variables: { TIMEOUT: '1s' } }],
} as const

describe.each(Object.entries(slow))('A docker login that %s', (_name, script) => {
  it.each(Object.entries(ways))('leaves nothing after %s', async (_way, [code, how]) => {
    const { exitCode, seconds, calls } = await run({ ...how, answers: { login: { script } } })
    expect(exitCode).toBe(code)
    expect(seconds).toBeLessThan(code === 124 ? 3 : 8)
    const logins = calls().filter(({ args }) => args[0] === 'login')
    expect(logins.length).toBeGreaterThan(0)
    await sleep(1200)
    expect(calls().filter(({ config }) => existsSync(config.folder))).toEqual([])
  })
})

it('What a docker command makes is for this user alone', async () => {
  const script =
    'mkdir "$config/own"; : > "$config/own/file"; stat -c %a "$config/own" "$config/own/file" >&2; exit 1'
  const { log } = await run({ answers: { login: { script } }, variables: { MAX_ATTEMPTS: '1' } })
  expect(log).toMatch(/700\s+600/)
})

it('A login that waits for its input hears no signal, and is ended all the same', async () => {
  const slowly = await startFake({ fallback: { delayMs: 20_000 } })
  const { exitCode, seconds, calls } = await runPipe({
    registry: slowly,
    stop: { signal: 'SIGTERM', at: 'login' },
  })
  await slowly.close()
  expect(exitCode).toBe(143)
  expect(seconds).toBeLessThan(8)
  expect(calls().filter(({ config }) => existsSync(config.folder))).toEqual([])
})

it('A registry that is asked while there is no engine is asked no more after the last line', async () => {
  const slowly = await startFake({ fallback: { delayMs: 3000, status: 503 } })
  const unreachable = {
    stderr: 'Cannot connect to the Docker daemon at tcp://127.0.0.1:2375. Is the docker daemon running?',
    exitCode: 1,
  }
  const { exitCode, log, seconds } = await runPipe({
    registry: slowly,
    variables: { MAX_ATTEMPTS: '20' },
    answers: { image: unreachable, version: unreachable, login: unreachable, pull: unreachable },
  })
  await slowly.close()
  expect([exitCode, log]).toEqual([9, expect.stringContaining('PKG-ENGINE-UNREACHABLE')])
  expect(seconds).toBeLessThan(9)
})

it('A container that a slow engine makes long after the signal is removed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'clone-'))
  const { exitCode, seconds, calls } = await run({
    cwd: folder,
    variables: { RUN: 'true', BITBUCKET_CLONE_DIR: folder },
    answers: {
      create: {
        script: `(trap '' TERM; exec setsid sh -c 'sleep 5; : > ${folder}/made') > /dev/null 2>&1 & sleep 20`,
      },
      // There is no container before the engine has made it.
      rm: {
        script: `[ -e ${folder}/made ] && rm ${folder}/made || { echo "Error response from daemon: No such container: x" >&2; exit 1; }`,
      },
    },
    stop: { signal: 'SIGTERM', at: 'create' },
  })
  expect(exitCode).toBe(143)
  expect(seconds).toBeLessThan(8)
  await sleep(1000)
  expect([calls().at(-1)?.args[0], existsSync(join(folder, 'made'))]).toEqual(['rm', false])
})
