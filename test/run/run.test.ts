import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Answer } from '../fake-docker.ts'
import { idOf, imageManifest, serveBasic, servePackage } from '../fake-package.ts'
import { type FakeRegistry, startFake } from '../fake-registry.ts'
import { type PipeOptions, runPipe, TOKEN, USERNAME } from '../run-pipe.ts'

const MANIFEST = imageManifest('base')
const ID = idOf(MANIFEST)

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1': MANIFEST })
})
afterEach(() => registry.close())

const run = async (
  answers: Record<string, Answer>,
  variables: Record<string, string> = {},
  stop?: PipeOptions['stop'],
) => {
  const own = {
    BITBUCKET_CLONE_DIR: '/clone',
    BITBUCKET_DOCKER_HOST_INTERNAL: '172.17.0.1',
    IMAGE: 'base:1',
    RUN: 'npm test',
  }
  const ran = await runPipe({
    registry,
    answers,
    variables: { ...own, ...variables },
    ...(stop && { stop }),
  })
  const calls = ran.calls().filter(({ args }) => ['create', 'start', 'attach', 'rm'].includes(args[0] ?? ''))
  return { ...ran, calls }
}

const commands = (calls: Awaited<ReturnType<typeof run>>['calls']) => calls.map(({ args }) => args[0])

describe('RUN', () => {
  it('starts a container of the image that was delivered, talks to its shell, and removes it', async () => {
    const { exitCode, log, calls, result } = await run({})
    expect(exitCode).toBe(0)
    expect(commands(calls)).toEqual(['create', 'start', 'attach', 'rm'])
    const [create, start, , rm] = calls
    const name = start?.args[1] ?? ''
    expect(create?.args.slice(1)).toEqual([
      `--name=${name}`,
      '--rm',
      '--interactive',
      '--no-healthcheck',
      '--volume=/clone:/clone',
      '--workdir=/clone',
      '--add-host=host.docker.internal:172.17.0.1',
      '--entrypoint=/bin/sh',
      ID,
      '-c',
      'if command -v bash > /dev/null 2>&1; then bash -s; else /bin/sh -s; fi; exit $?',
      'sh',
    ])
    expect(rm?.args).toEqual(['rm', '--force', '--volumes', name])
    expect(log).toMatch(/\n✔ 1 image in the step's engine, RUN ended with exit code 0 \(\d\.\d s\)\n$/)
    expect(result()).toMatchObject({ outcome: 'success', run: { exitCode: 0 } })
    expect(calls.filter(({ config }) => existsSync(config.folder))).toEqual([])
  })

  it('hands values to the shell on standard input, and to nothing else', async () => {
    const { calls, log } = await run(
      {},
      { RUN_ENV_COUNT: '2', RUN_ENV_0: 'KEY', RUN_ENV_1: 'PATH=/x', KEY: 'value-of-key', DEBUG: 'true' },
    )
    const attach = calls.find(({ args }) => args[0] === 'attach')
    expect(attach?.args.slice(0, -1)).toEqual(['attach', '--sig-proxy=false'])
    expect(attach?.stdin).toContain("; export KEY='value-of-key'; export PATH='/x'; ")
    expect(calls.filter(({ args }) => args.join().includes('value-of-key'))).toEqual([])
    expect(new Set(calls.flatMap(({ env }) => env))).not.toContain('KEY')
    expect(log).not.toContain('value-of-key')
    expect(log).toContain('DEBUG: docker create')
  })

  it('that fails decides the exit code, and leaves images and outputs as they are', async () => {
    const { exitCode, log, read, result } = await run({ attach: { exitCode: 7 } })
    expect(exitCode).toBe(7)
    expect(log).toMatch(/\n✖ 1 image in the step's engine, RUN ended with exit code 7 \(/)
    expect(log).not.toContain('ERROR')
    expect(read('images.env')).toContain(`PACKAGES_IMAGE_0_ID=${ID}\n`)
    expect(result()).toMatchObject({
      outcome: 'run-failed',
      error: null,
      images: [{ id: ID }],
      run: { exitCode: 7 },
    })
  })

  it('does not start when an image is missing, nor with CHECK_ONLY', async () => {
    const missing = await run({}, { IMAGE: 'base:1 base:2' })
    expect(missing.exitCode).toBe(4)
    expect(missing.calls).toEqual([])
    expect(missing.result()).toMatchObject({ outcome: 'failure', run: null })
    const check = await run({}, { CHECK_ONLY: 'true' })
    expect(check.exitCode).toBe(0)
    expect(check.calls).toEqual([])
  })

  it('starts when images.env and result.json are there', async () => {
    const output = mkdtempSync(join(tmpdir(), 'run-early-'))
    const script = `[ -e ${output}/images.env ] && grep -q success ${output}/result.json || exit 9`
    const { exitCode } = await run({ attach: { script } }, { BITBUCKET_PIPE_STORAGE_DIR: output })
    expect(exitCode).toBe(0)
  })

  it.each([
    'Error response from daemon: OCI runtime create failed: runc create failed: unable to start container process: exec: "/bin/sh": stat /bin/sh: no such file or directory: unknown',
    'Error response from daemon: failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: error during container init: exec: "bash": executable file not found in $PATH: unknown',
  ])('tries bash where there is no /bin/sh, and says that the image has neither', async (stderr) => {
    const { exitCode, log, calls, result } = await run({ start: { stderr, exitCode: 1 } })
    expect(exitCode).toBe(2)
    expect(commands(calls)).toEqual(['create', 'start', 'rm', 'create', 'start', 'rm'])
    expect(calls[3]?.args).toContain('--entrypoint=bash')
    expect(log).toContain(`PKG-RUN-SHELL: ${registry.host}/acme/base:1 has neither /bin/sh nor bash.`)
    expect(result()).toMatchObject({ outcome: 'run-failed', error: { code: 'PKG-RUN-SHELL' }, run: null })
  })

  it('says what else the engine says when it cannot start', async () => {
    const stderr = 'Error response from daemon: mkdir /var/lib/docker/overlay2/x: no space left on device'
    const { exitCode, log, calls } = await run({ create: { stderr, exitCode: 1 } })
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-DISK-FULL: The container for RUN could not be made.')
    expect(commands(calls)).toEqual(['create', 'rm'])
  })

  it('says that the engine is gone, which ended the commands', async () => {
    const gone = {
      stderr:
        'Cannot connect to the Docker daemon at tcp://host.docker.internal:2375. Is the docker daemon running?',
      exitCode: 1,
    }
    const { exitCode, log } = await run({ attach: { exitCode: 1 }, rm: gone })
    expect(exitCode).toBe(9)
    expect(log).toContain('PKG-ENGINE-UNREACHABLE')
  })

  it('hints at the memory limit where a process was killed', async () => {
    const { exitCode, log } = await run({ attach: { exitCode: 137 } })
    expect(exitCode).toBe(137)
    expect(log).toContain('WARNING: A process was killed (137).')
  })

  it('waits for a container that the engine takes apart already', async () => {
    const flag = join(mkdtempSync(join(tmpdir(), 'rm-')), 'tried')
    const script = `[ -e ${flag} ] || { touch ${flag}; echo 'Error response from daemon: removal of container abc is already in progress' >&2; exit 1; }`
    const { exitCode, calls } = await run({ rm: { script } })
    expect(exitCode).toBe(0)
    expect(commands(calls)).toEqual(['create', 'start', 'attach', 'rm', 'rm'])
  })

  it('ends the input of the commands when the step is stopped, and then waits for them', async () => {
    const script = 'cat > /dev/null; sleep 0.5; exit 143'
    const stop = { signal: 'SIGTERM', at: 'attach' } as const
    const { exitCode, calls, result, seconds } = await run({ attach: { script } }, {}, stop)
    expect(exitCode).toBe(143)
    expect(seconds).toBeLessThan(6)
    expect(commands(calls)).toEqual(['create', 'start', 'attach', 'rm'])
    expect(result()).toMatchObject({ outcome: 'run-failed', error: { code: 'PKG-INTERRUPTED' }, run: null })
  })
})
