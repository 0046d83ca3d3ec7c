import { existsSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VERSION as PIPE_VERSION } from '../src/identity.ts'
import type { Answer } from './fake-docker.ts'
import { idOf, imageIndex, imageManifest, serveBasic, servePackage, sha256 } from './fake-package.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { closedHost, runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const MANIFEST = imageManifest('base')
const DIGEST = sha256(MANIFEST)
const ID = idOf(MANIFEST)
const AUTH = Buffer.from(`${USERNAME}:${TOKEN}`).toString('base64')

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake({ fallback: manifestUnknown })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': MANIFEST })
})
afterEach(() => registry.close())

// The command lines of this machine's processes.
const ps = () =>
  readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return ''
      }
    })

const manifestUnknown = {
  status: 404,
  body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] },
}

const NO_ENGINE = {
  exitCode: 1,
  stderr:
    'Cannot connect to the Docker daemon at tcp://host.docker.internal:2375. Is the docker daemon running?',
}

const run = (variables: Record<string, string> = {}, answers: Record<string, Answer> = {}) =>
  runPipe({ registry, variables, answers })

describe('the pipe', () => {
  it('signs in, pulls, and tells later script lines what it pulled', async () => {
    const { exitCode, log, commands, read, result } = await run()
    expect(log).toMatch(/\n✔ 1 image in the step's engine \(\d\.\d s\)\n$/)
    expect(exitCode).toBe(0)
    const [login, pull, ...rest] = commands()
    expect([login, pull]).toEqual([
      'login --username x-packages --password-stdin REGISTRY',
      `pull REGISTRY/acme/base@${DIGEST}`,
    ])
    expect(rest.sort()).toEqual([
      `image inspect --format {{json .}} REGISTRY/acme/base@${DIGEST}`,
      `tag REGISTRY/acme/base@${DIGEST} REGISTRY/acme/base:1.4`,
    ])
    expect(read('images.env')).toBe(
      `PACKAGES_IMAGE_0=${registry.host}/acme/base:1.4\nPACKAGES_IMAGE_0_DIGEST=${DIGEST}\nPACKAGES_IMAGE_0_ID=${ID}\n`,
    )
    expect(result()).toMatchObject({
      version: PIPE_VERSION,
      outcome: 'success',
      error: null,
      images: [
        {
          reference: `${registry.host}/acme/base:1.4`,
          digest: DIGEST,
          manifestDigest: DIGEST,
          id: ID,
          platform: 'linux/arm64/v8',
          compressedSize: 2_001_000,
          credential: 'built-in',
          attempts: 1,
        },
      ],
    })
  })

  it('says what each phase did and how long it took', async () => {
    const { log } = await run()
    expect(
      log
        .replaceAll(registry.host, 'REGISTRY')
        .replaceAll(/\d+\.\d s/g, 'TIME')
        .split('\n')
        .slice(0, 4),
    ).toEqual([
      `INFO: packages-pull ${PIPE_VERSION}`,
      'INFO: Found 1 of 1 in the registry: 2.0 MB in 1 layers (TIME)',
      "INFO: Signed in to REGISTRY with the step's own credentials (TIME)",
      `INFO: Pulled REGISTRY/acme/base:1.4 with the step's own credentials: ${DIGEST}, linux/arm64/v8, 2.0 MB transferred (TIME)`,
    ])
  })

  it('gives the secret to docker login on standard input, and to nothing else', async () => {
    const proxy = { HTTPS_PROXY: 'http://user:word@proxy.example.com', API_TOKEN_OF_ANOTHER: 'another' }
    const { calls, log, read } = await run({ DEBUG: 'true', ...proxy })
    expect(
      new Set(calls().flatMap(({ env }) => env.filter((name) => /PROXY|TOKEN|PACKAGES/.test(name)))),
    ).toEqual(new Set())
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

  it('keeps each login in a private config, which is gone at the end', async () => {
    const { calls } = await run()
    const seen = (commands: string[]) =>
      calls()
        .filter(
          ({ args }) => commands.includes(args.slice(0, 2).join(' ')) || commands.includes(args[0] ?? ''),
        )
        .map(({ config: { mode, text } }) => [mode, JSON.parse(text)])
    const before = ['600', { auths: { [registry.host]: {} } }]
    const after = ['600', { auths: { [registry.host]: { auth: AUTH } } }]
    expect(seen(['image ls', 'login', 'version'])).toEqual([before, before, before])
    expect(seen(['pull', 'tag', 'image inspect'])).toEqual([after, after, after])
    expect(calls()).toHaveLength(6)
    expect(calls().filter(({ config }) => existsSync(config.folder))).toEqual([])
  })

  it('puts the tag on an image that is named by tag and digest', async () => {
    const { commands, read } = await run({ IMAGE: `base:1.4@${DIGEST}` })
    expect(commands()).toContain(`tag REGISTRY/acme/base@${DIGEST} REGISTRY/acme/base:1.4`)
    expect(read('images.env')).toContain(`PACKAGES_IMAGE_0=${registry.host}/acme/base:1.4\n`)
  })

  it('puts no tag on an image that is named by digest alone', async () => {
    const { commands, read } = await run({ IMAGE: `base@${DIGEST}` })
    expect(commands().filter((command) => command.startsWith('tag'))).toEqual([])
    expect(read('images.env')).toContain(`PACKAGES_IMAGE_0=${registry.host}/acme/base@${DIGEST}\n`)
  })

  it('takes the platform of the engine from an index, or the one of PLATFORM', async () => {
    const [arm, amd] = [imageManifest('arm', [10]), imageManifest('amd', [20], 'linux/amd64')]
    const index = imageIndex({ 'linux/amd64': amd, 'linux/arm64/v8': arm })
    servePackage(registry, 'acme/multi', { '1': index }, [arm, amd])
    const own = await run({ IMAGE: 'multi:1' })
    expect(own.commands()).toContain(`pull REGISTRY/acme/multi@${sha256(index)}`)
    expect(own.result().images[0]).toMatchObject({
      digest: sha256(index),
      manifestDigest: sha256(arm),
      compressedSize: 1010,
    })
    const chosen = await run({ IMAGE: 'multi:1', PLATFORM: 'linux/amd64' })
    expect(chosen.commands()).toContain(`pull REGISTRY/acme/multi@${sha256(amd)}`)
    expect(chosen.result().images[0]).toMatchObject({
      digest: sha256(index),
      manifestDigest: sha256(amd),
      compressedSize: 1020,
    })
  })

  it('names the platforms that exist where the wanted one does not', async () => {
    const amd = imageManifest('amd')
    servePackage(
      registry,
      'acme/multi',
      { '1': imageIndex({ 'linux/amd64': amd, 'unknown/unknown': '{}' }) },
      [amd],
    )
    const { exitCode, log, commands } = await run({ IMAGE: 'multi:1', PLATFORM: 'linux/s390x' })
    expect(exitCode).toBe(5)
    expect(log).toContain('PKG-PLATFORM')
    expect(log).toContain('It was built for linux/amd64.')
    expect(commands()).toEqual([])
  })

  it('pulls images of other registries without any login', async () => {
    const other = await startFake({ fallback: manifestUnknown })
    try {
      other.on('GET /v2/', { status: 200, body: {} })
      servePackage(other, 'a/b', { '2': MANIFEST })
      const { exitCode, commands, result } = await run({ IMAGE: `${other.host}/a/b:2` })
      expect(exitCode).toBe(0)
      expect(commands().some((command) => command.startsWith('login'))).toBe(false)
      expect(other.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([])
      expect(result().images[0].credential).toBeNull()
    } finally {
      await other.close()
    }
  })

  it('starts a login that is likely while it asks the registry, and gives it the secret only then', async () => {
    registry.on('GET /v2/acme/base/manifests/1.4', () => {
      // By now the command is there, and has got nothing.
      expect(running('login')).toBe(true)
      return { status: 403, body: { errors: [{ code: 'DENIED', message: 'denied' }] } }
    })
    // With its own registry: other tests have logins of theirs at the same time.
    const running = (word: string) =>
      ps().some((command) => command.includes(` ${word} `) && command.includes(registry.host))
    const { calls, exitCode } = await run()
    expect(exitCode).toBe(3)
    expect(
      calls()
        .filter(({ args }) => args[0] === 'login')
        .map(({ stdin }) => stdin),
    ).toEqual([''])
    expect(running('login')).toBe(false)
  })

  it('uses the API token for the image that the built-in pair may not read, and says so', async () => {
    const denied = { status: 403, body: { errors: [{ code: 'DENIED', message: 'denied' }] } }
    const other = imageManifest('other')
    servePackage(registry, 'acme/other', { '1': other })
    const pairs = { 'x-packages': TOKEN, 'reader@example.com': 'ATATT-reader' }
    serveBasic(registry, pairs)
    registry.on('GET /v2/acme/other/manifests/1', ({ headers }) =>
      String(headers.authorization) ===
      `Basic ${Buffer.from('reader@example.com:ATATT-reader').toString('base64')}`
        ? {
            status: 200,
            headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' },
            body: other,
          }
        : denied,
    )
    const { exitCode, log, calls, result } = await run({
      IMAGE: 'base:1.4 other:1',
      API_TOKEN_USERNAME: 'reader@example.com',
      API_TOKEN: 'ATATT-reader',
    })
    expect(exitCode).toBe(0)
    expect(result().images.map(({ credential }: { credential: string }) => credential)).toEqual([
      'built-in',
      'api-token',
    ])
    expect(log).toContain(`${registry.host}/acme/other:1 with the API token: `)
    const logins = calls().filter(({ args }) => args[0] === 'login')
    expect(logins.map(({ stdin }) => stdin).sort()).toEqual(['ATATT-reader', TOKEN].sort())
    expect(new Set(logins.map(({ config }) => config.folder)).size).toBe(2)
  })

  it('explains every cause that fits where the registry denies a package, and starts no login', async () => {
    registry.on('GET /v2/acme/other/manifests/1', {
      status: 403,
      body: { errors: [{ code: 'DENIED', message: 'requested access is denied' }] },
    })
    const { exitCode, log, commands } = await run({ IMAGE: 'other:1' })
    expect(exitCode).toBe(3)
    expect(log).toContain('PKG-ACCESS-DENIED')
    expect(log).toContain('requested access is denied')
    expect(log).toContain('"other" is linked to another repository than acme/app')
    expect(log).toContain('there is no package "other" in the workspace "acme"')
    expect(log).toContain('API_TOKEN')
    expect(commands()).toEqual([])
  })

  it('never shows a refused credential again: neither for the next image nor to docker login', async () => {
    const { exitCode, log, commands } = await run({
      BITBUCKET_PACKAGES_TOKEN: 'tok-of-yesterday',
      IMAGE: Array.from({ length: 20 }, (_, index) => `image-${index}:1`).join(),
    })
    expect(exitCode).toBe(3)
    expect(log.match(/ERROR: PKG-AUTH-REFUSED/g)).toHaveLength(1)
    expect(registry.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(1)
    expect(commands()).toEqual([])
  })

  it('says that there is no such package where the registry has no tags of it either', async () => {
    registry.on('GET /v2/acme/nothing/tags/list', {
      status: 404,
      body: { errors: [{ code: 'NAME_UNKNOWN', message: 'repository name not known to registry' }] },
    })
    const { exitCode, log } = await run({ IMAGE: 'nothing:1' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-PACKAGE-UNKNOWN')
    expect(log).toContain('there is no package "nothing" in the workspace "acme"')
  })

  it('names the tags that exist, nearest first', async () => {
    servePackage(registry, 'acme/base', {
      '1.4': MANIFEST,
      '1.4.1': MANIFEST,
      '2.0': MANIFEST,
      nightly: MANIFEST,
    })
    const { exitCode, log } = await run({ IMAGE: 'base:1.5' })
    expect(exitCode).toBe(4)
    expect(log).toContain('PKG-TAG-UNKNOWN')
    expect(log).toContain('nearest first: 1.4, 1.4.1, 2.0, nightly.')
  })

  it('goes on with the other images when one fails, and ends with the exit code of the first failure', async () => {
    const { exitCode, log, read, result } = await run({ IMAGE: 'other:1 base:1.4' })
    expect(exitCode).toBe(4)
    expect(log).toMatch(/\n✖ PKG-TAG-UNKNOWN: 1 of 2 images delivered \(/)
    expect(read('images.env')).toContain(`PACKAGES_IMAGE_1=${registry.host}/acme/base:1.4\n`)
    expect(read('images.env')).not.toContain('PACKAGES_IMAGE_0')
    expect(result()).toMatchObject({
      outcome: 'failure',
      error: { code: 'PKG-TAG-UNKNOWN', side: 'image' },
      images: [null, {}],
    })
  })

  it('lets the engine try where the pipe itself cannot reach the registry', async () => {
    const host = await closedHost()
    const { exitCode, log, commands } = await runPipe({
      registry: { ...registry, host },
      engine: { routes: { [host]: registry.host } },
      variables: { MAX_ATTEMPTS: '1' },
    })
    expect(log).toContain(`WARNING: ${host}/acme/base could not be looked up, the engine will try`)
    expect(exitCode).toBe(0)
    expect(commands()).toContain('pull REGISTRY/acme/base:1.4')
  })

  it('tries a pull again whose connection broke, and says why and when', async () => {
    const flag = join(mkdtempSync(join(tmpdir(), 'pull-')), 'tried')
    const broken = `[ -e ${flag} ] || { touch ${flag}; echo 'error pulling image: unexpected EOF' >&2; exit 1; }`
    const { exitCode, log, result } = await run({}, { pull: { script: broken } })
    expect(exitCode).toBe(0)
    expect(log).toMatch(
      /WARNING: PKG-NETWORK: .* could not be pulled\. \(.*unexpected EOF\); next try in 0\.\d s, attempt 2 of 5/,
    )
    expect(result().images[0].attempts).toBe(2)
  })

  it('ends with its own exit code when TIMEOUT is over', async () => {
    const { exitCode, log, calls } = await run({ TIMEOUT: '2s' }, { pull: { script: 'exec sleep 30' } })
    expect(exitCode).toBe(124)
    expect(log).toContain('PKG-TIMEOUT: The images were not delivered within TIMEOUT (2.0 s).')
    expect(calls().filter(({ config }) => existsSync(config.folder))).toEqual([])
  })

  it('waits a moment for an engine that does not accept connections yet', async () => {
    const flag = join(mkdtempSync(join(tmpdir(), 'engine-')), 'asked')
    const script = `[ -e ${flag} ] || { touch ${flag}; echo 'Cannot connect to the Docker daemon at tcp://host.docker.internal:2375. Is the docker daemon running?' >&2; exit 1; }`
    expect((await run({}, { 'image ls': { script } })).exitCode).toBe(0)
  })

  describe('with CHECK_ONLY', () => {
    const check = (variables: Record<string, string> = {}, answers: Record<string, Answer> = {}) =>
      run({ CHECK_ONLY: 'true', ...variables }, answers)

    it('says that everything is in order, and pulls nothing', async () => {
      const { exitCode, log, commands } = await check()
      expect(exitCode).toBe(0)
      expect(commands()).toEqual([])
      const lines = log.replaceAll(registry.host, 'REGISTRY').split('\n')
      expect(lines).toContain('INFO: engine                      ok: 25.0.5, linux/arm64, docker CLI 28.2.2')
      expect(lines).toContain("INFO: the step's own credentials  ok: accepted by REGISTRY")
      expect(lines.find((line) => line.startsWith('INFO: disk'))).toMatch(/ free, 2\.0 MB to transfer/)
      expect(log).toMatch(
        new RegExp(`base:1\\.4 +2\\.0 MB +1 +linux/arm64/v8 +the step's own credentials +ok: ${DIGEST}`),
      )
      expect(log).toMatch(/✔ 1 of 1 image can be delivered/)
    })

    it('looks at every image, and ends with the exit code of the first problem', async () => {
      const { exitCode, log } = await check({ IMAGE: 'other:1 base:1.5 base:1.4' })
      expect(exitCode).toBe(4)
      expect(log).toMatch(/other:1 +PKG-TAG-UNKNOWN/)
      expect(log).toMatch(/base:1\.5 +PKG-TAG-UNKNOWN/)
      expect(log).toMatch(/base:1\.4 .* ok: sha256/)
      expect(log.match(/ERROR: PKG-TAG-UNKNOWN/g)).toHaveLength(2)
      expect(log).toContain('1 of 3 images can be delivered')
    })

    it('looks at the images even where the engine is not there', async () => {
      const stderr =
        'Cannot connect to the Docker daemon at tcp://host.docker.internal:2375. Is the docker daemon running?'
      const { exitCode, log } = await check({}, { version: { stderr, exitCode: 1 } })
      expect(exitCode).toBe(9)
      expect(log).toContain('PKG-ENGINE-UNREACHABLE')
      expect(log).toMatch(/base:1\.4 .* ok: sha256/)
    })

    it('shows a refused credential once, and says it once', async () => {
      const { exitCode, log } = await check({
        BITBUCKET_PACKAGES_TOKEN: 'tok-of-yesterday',
        IMAGE: 'base:1.4 other:1',
      })
      expect(exitCode).toBe(3)
      expect(log.match(/ERROR: PKG-AUTH-REFUSED/g)).toHaveLength(1)
      expect(registry.requests.filter(({ headers }) => headers.authorization !== undefined)).toHaveLength(1)
    })

    it('warns of images that are too large for an artifact or a cache', async () => {
      servePackage(registry, 'acme/large', { '1': imageManifest('large', [600_000_000, 450_000_000]) })
      const { log } = await check({ IMAGE: 'large:1' })
      expect(log).toContain('WARNING: 1.1 GB is more than the 1 GB that one artifact or one cache may hold')
    })

    it('counts it as an error that the registry cannot be asked', async () => {
      const { host } = registry
      await registry.close()
      const { exitCode, log } = await check({ REGISTRY: host, MAX_ATTEMPTS: '1' })
      expect(exitCode).toBe(8)
      expect(log).toContain('PKG-NETWORK')
    })
  })

  it('says what is wrong with its variables in result.json too, and starts nothing', async () => {
    const { exitCode, result, log, commands } = await run({ IMAGE: 'Base' })
    expect(exitCode).toBe(2)
    expect(result()).toMatchObject({ outcome: 'failure', error: { code: 'PKG-CONFIG' }, images: [] })
    expect(log).toContain('README.md#markdown-header-pkg-config')
    expect(commands()).toEqual([])
  })

  it('says that there is no docker program', async () => {
    const { exitCode, log } = await run({ PATH: '/nonexistent' })
    expect(exitCode).toBe(9)
    expect(log).toContain('PKG-CLI-MISSING')
  })

  it('masks a secret that an engine repeats, and takes its control characters away', async () => {
    const stderr = `Error response from daemon: bad header ${TOKEN}\u001b[2K\r✔ all fine`
    const { log } = await run({}, { login: { stderr, exitCode: 1 } })
    expect(log).toContain('bad header ****')
    expect(log).not.toContain(TOKEN)
    expect(log).not.toMatch(/^✔/m)
  })

  it('waits for a container that the engine is making when the step is stopped, and removes it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'clone-'))
    const { exitCode, seconds, calls } = await runPipe({
      registry,
      cwd: folder,
      variables: { RUN: 'true', BITBUCKET_CLONE_DIR: folder },
      // The engine does not hear that the client is gone.
      answers: { create: { script: `sleep 0.7; : > ${folder}/made` } },
      stop: { signal: 'SIGTERM', at: 'create' },
    })
    expect([exitCode, existsSync(join(folder, 'made'))]).toEqual([143, true])
    expect(calls().at(-1)?.args[0]).toBe('rm')
    expect(seconds).toBeLessThan(8)
  })

  it('stops at a signal: the command ends, the config goes, the exit code is the signal’s', async () => {
    const { exitCode, log, calls } = await runPipe({
      registry,
      answers: { pull: { script: 'exec sleep 30' } },
      stop: { signal: 'SIGINT', at: 'pull' },
    })
    expect(exitCode).toBe(130)
    expect(log).toContain('PKG-INTERRUPTED: The pipe was ended by SIGINT.')
    expect(log).toContain('✖ PKG-INTERRUPTED')
    expect(calls().filter(({ config }) => existsSync(config.folder))).toEqual([])
  })

  it.each([
    ['a whole last line', 'MINE=1\n'],
    ['a last line without an end', 'MINE=1'],
  ])('appends the image variables, when asked, to an output-variables file with %s', async (_, text) => {
    const path = join(mkdtempSync(join(tmpdir(), 'variables-')), 'variables')
    writeFileSync(path, text)
    const variables = { BITBUCKET_PIPELINES_VARIABLES_PATH: path, OUTPUT_VARIABLES: 'true' }
    const { read } = await run(variables)
    expect(readFileSync(path, 'utf8')).toBe(`MINE=1\n${read('images.env')}`)
  })

  it('leaves the output-variables file alone unless asked: a step fails for a name that it does not list', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'variables-')), 'variables')
    writeFileSync(path, 'MINE=1')
    await run({ BITBUCKET_PIPELINES_VARIABLES_PATH: path })
    expect(readFileSync(path, 'utf8')).toBe('MINE=1')
  })

  it('does not make an output-variables file that is not there, and says so where it was asked for', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'variables-')), 'variables')
    const { exitCode, log } = await run({
      BITBUCKET_PIPELINES_VARIABLES_PATH: path,
      OUTPUT_VARIABLES: 'true',
    })
    expect(exitCode).toBe(0)
    expect(existsSync(path)).toBe(false)
    expect(log).toContain("WARNING: The step's file of output variables cannot be written")
  })

  it('says where the outputs are only where the user chose the place', async () => {
    expect((await run()).log).not.toContain('Wrote ')
    const folder = mkdtempSync(join(tmpdir(), 'out-'))
    expect((await run({ OUTPUT_DIR: folder })).log).toContain(`Wrote images.env and result.json to ${folder}`)
  })

  it('has one entry an image in result.json also where all failed at once', async () => {
    const { exitCode, result } = await run({ IMAGE: 'base:1.4 base:1.5' }, { 'image ls': NO_ENGINE })
    expect([exitCode, result().images]).toEqual([9, [null, null]])
  })

  it('says nothing after its last line, and ends with it', async () => {
    // The lookup goes on trying while the engine is found to be missing.
    registry.on('GET /v2/', { status: 503 })
    const { log, seconds } = await run({ MAX_ATTEMPTS: '20' }, { 'image ls': NO_ENGINE })
    expect(seconds).toBeLessThan(10)
    expect(log.trimEnd().split('\n').at(-1)).toMatch(/^✖ PKG-ENGINE-UNREACHABLE/)
  })

  it('makes the output folder, and fails clearly where it cannot', async () => {
    const folder = join(mkdtempSync(join(tmpdir(), 'out-')), 'a', 'b')
    await run({ OUTPUT_DIR: folder })
    expect(statSync(join(folder, 'result.json')).isFile()).toBe(true)
    const { exitCode, log } = await run({ OUTPUT_DIR: '/dev/null/x' })
    expect(exitCode).toBe(10)
    expect(log).toContain('PKG-OUTPUT')
  })
})
