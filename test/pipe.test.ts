import { existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { PipeError } from '../src/errors.ts'
import { pipe } from '../src/pipe.ts'
import { fakeDocker } from './fake-docker.ts'

const TOKEN = 'tok-3f9a1c77'
const DIGEST = `sha256:${'a'.repeat(64)}`
const ID = `sha256:${'b'.repeat(64)}`

const inspected = {
  stdout: JSON.stringify({
    Id: ID,
    RepoDigests: [`crg.apkg.io/acme/base@${DIGEST}`],
    Os: 'linux',
    Architecture: 'arm64',
    Variant: 'v8',
  }),
}
const fine = { login: {}, pull: {}, tag: {}, 'image inspect': inspected, logout: {} }

const run = async (
  answers: Parameters<typeof fakeDocker>[0],
  variables: Record<string, string> = {},
  signal = new AbortController().signal,
) => {
  const docker = fakeDocker(answers)
  const output = mkdtempSync(join(tmpdir(), 'pipe-output-'))
  let log = ''
  const env = {
    PATH: docker.path,
    NO_COLOR: '1',
    BITBUCKET_WORKSPACE: 'acme',
    BITBUCKET_PACKAGES_USERNAME: 'x-packages',
    BITBUCKET_PACKAGES_TOKEN: TOKEN,
    BITBUCKET_PIPE_STORAGE_DIR: output,
    IMAGE: 'base:1.4',
    ...variables,
  }
  const exitCode = await pipe(env, { write: (text) => (log += text), signal })
  const read = (name: string) => readFileSync(join(output, name), 'utf8')
  return { exitCode, log, calls: docker.calls, read, result: () => JSON.parse(read('result.json')) }
}

describe('the pipe', () => {
  it('signs in, pulls, and tells later script lines what it pulled', async () => {
    const { exitCode, log, calls, read, result } = await run(fine)
    expect(exitCode).toBe(0)
    expect(calls().map(({ args }) => args.join(' '))).toEqual([
      'login --username x-packages --password-stdin crg.apkg.io',
      'pull crg.apkg.io/acme/base:1.4',
      'image inspect --format {{json .}} crg.apkg.io/acme/base:1.4',
      'logout crg.apkg.io',
    ])
    expect(log).toMatch(/^INFO: Signed in to crg\.apkg\.io with the step's own credentials \(\d\.\d s\)\n/)
    expect(log).toMatch(/\n✔ 1 image in the step's engine \(\d\.\d s\)\n$/)
    expect(read('images.env')).toBe(
      `PACKAGES_IMAGE_0=crg.apkg.io/acme/base:1.4\nPACKAGES_IMAGE_0_DIGEST=${DIGEST}\nPACKAGES_IMAGE_0_ID=${ID}\n`,
    )
    expect(result()).toMatchObject({
      outcome: 'success',
      error: null,
      images: [
        {
          reference: 'crg.apkg.io/acme/base:1.4',
          digest: DIGEST,
          id: ID,
          platform: 'linux/arm64/v8',
          credential: 'built-in',
        },
      ],
    })
  })

  it('gives the secret to docker login on standard input, and to nothing else', async () => {
    const { calls, log, read } = await run(fine, { DEBUG: 'true' })
    expect(
      calls()
        .filter(({ stdin }) => stdin === TOKEN)
        .map(({ args }) => args[0]),
    ).toEqual(['login'])
    expect(
      calls().some(
        ({ args, env }) => args.join().includes(TOKEN) || env.some((name) => name.startsWith('BITBUCKET')),
      ),
    ).toBe(false)
    expect(log + read('result.json') + read('images.env')).not.toContain(TOKEN)
  })

  it('keeps the login in a private config, which is gone at the end', async () => {
    const { calls } = await run(fine)
    const [{ config }] = calls() as [ReturnType<typeof calls>[number]]
    expect(config).toMatchObject({ mode: '600', text: '{"auths":{"crg.apkg.io":{}}}' })
    expect(existsSync(config.folder)).toBe(false)
  })

  it('puts the tag on an image that is named by tag and digest', async () => {
    const { calls, read } = await run(fine, { IMAGE: `base:1.4@${DIGEST}` })
    expect(calls().map(({ args }) => args.join(' '))).toContain(
      `tag crg.apkg.io/acme/base@${DIGEST} crg.apkg.io/acme/base:1.4`,
    )
    expect(read('images.env')).toContain('PACKAGES_IMAGE_0=crg.apkg.io/acme/base:1.4\n')
  })

  it('pulls images of other registries without any login', async () => {
    const other = { stdout: inspected.stdout.replace('crg.apkg.io/acme/base', 'registry.example.com/a/b') }
    const { exitCode, calls, result } = await run(
      { ...fine, 'image inspect': other },
      { IMAGE: 'registry.example.com/a/b:2' },
    )
    expect(exitCode).toBe(0)
    expect(calls().map(({ args }) => args[0])).toEqual(['pull', 'image'])
    expect(result().images[0].credential).toBeNull()
  })

  it('goes on with the other images when one fails, and ends with the exit code of the first failure', async () => {
    const failing = {
      ...fine,
      'pull crg.apkg.io/acme/other:1': {
        stderr:
          'Error response from daemon: manifest for crg.apkg.io/acme/other:1 not found: manifest unknown: manifest unknown',
        exitCode: 1,
      },
      pull: {},
    }
    const { exitCode, log, read, result } = await run(
      Object.fromEntries(Object.entries(failing).sort(([a], [b]) => b.length - a.length)),
      { IMAGE: 'other:1 base:1.4' },
    )
    expect(exitCode).toBe(4)
    expect(log).toContain(
      'ERROR: PKG-TAG-UNKNOWN: crg.apkg.io/acme/other:1 could not be pulled.\n  Said: Error response from daemon: manifest for',
    )
    expect(log).toMatch(/\n✖ PKG-TAG-UNKNOWN: 1 of 2 images delivered \(/)
    expect(read('images.env')).toContain('PACKAGES_IMAGE_1=crg.apkg.io/acme/base:1.4\n')
    expect(read('images.env')).not.toContain('PACKAGES_IMAGE_0')
    expect(result()).toMatchObject({
      outcome: 'failure',
      error: { code: 'PKG-TAG-UNKNOWN', side: 'image' },
      images: [null, {}],
    })
  })

  it('says what is wrong with its variables in result.json too, and starts nothing', async () => {
    const { exitCode, result, log } = await run({}, { IMAGE: 'Base' })
    expect(exitCode).toBe(2)
    expect(result()).toMatchObject({ outcome: 'failure', error: { code: 'PKG-CONFIG' }, images: [] })
    expect(log).toContain('README.md#markdown-header-pkg-config')
  })

  it('says that there is no docker program', async () => {
    const { exitCode, log } = await run(fine, { PATH: '/nonexistent' })
    expect(exitCode).toBe(9)
    expect(log).toContain('PKG-CLI-MISSING')
  })

  it('masks a secret that an engine repeats, and takes its control characters away', async () => {
    const stderr = `Error response from daemon: bad header ${TOKEN}\u001b[2K\r✔ all fine`
    const { log } = await run({ ...fine, login: { stderr, exitCode: 1 } })
    expect(log).toContain('bad header ****')
    expect(log).not.toContain(TOKEN)
    expect(log).not.toMatch(/^✔/m)
  })

  it('stops at a signal: the command ends, the config goes, the exit code is the signal’s', async () => {
    const stop = new AbortController()
    const reason = new PipeError('PKG-INTERRUPTED', 'The pipe was ended by SIGINT.', { exitCode: 130 })
    setTimeout(() => stop.abort(reason), 700)
    const { exitCode, log, calls } = await run(
      { ...fine, pull: { script: 'exec sleep 30' } },
      {},
      stop.signal,
    )
    expect(exitCode).toBe(130)
    expect(log).toContain('✖ PKG-INTERRUPTED')
    expect(existsSync(calls()[0]?.config.folder ?? '/')).toBe(false)
  })

  it('appends the image variables to the output-variables file where that is writable', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'variables-')), 'variables')
    writeFileSync(path, 'MINE=1\n')
    const { read } = await run(fine, { BITBUCKET_PIPELINES_VARIABLES_PATH: path })
    expect(readFileSync(path, 'utf8')).toBe(`MINE=1\n${read('images.env')}`)
  })

  it('does not make an output-variables file that is not there', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'variables-')), 'variables')
    expect((await run(fine, { BITBUCKET_PIPELINES_VARIABLES_PATH: path })).exitCode).toBe(0)
    expect(existsSync(path)).toBe(false)
  })

  it('makes the output folder, and fails clearly where it cannot', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'out-')), 'a', 'b')
    await run(fine, { OUTPUT_DIR: folder })
    expect(statSync(join(folder, 'result.json')).isFile()).toBe(true)
    const { exitCode, log } = await run(fine, { OUTPUT_DIR: '/dev/null/x' })
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-OUTPUT')
  })
})
