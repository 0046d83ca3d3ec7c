import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { tarEnd, tarHeader, tarPadding } from '../src/store/tar.ts'
import { type FakeDockerOptions, fakeDocker } from './fake-docker.ts'
import { fakeImage, tarLayer } from './fake-image.ts'
import { idOf, imageIndex, imageManifest, serveBasic, servePackage, sha256 } from './fake-package.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { TOKEN, USERNAME } from './run-pipe.ts'

const MANIFEST = imageManifest('base')
const DIGEST = sha256(MANIFEST)
const LISTING = '{{.ID}} {{.Repository}} {{.Tag}} {{.Digest}}'

let registry: FakeRegistry
beforeEach(async () => {
  registry = await startFake({
    fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] } },
  })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': MANIFEST })
})
afterEach(() => registry.close())

// With REAL_DOCKER the program of that path is asked in place of the fake, as far as no engine is needed.
const real = process.env.REAL_DOCKER

const open = (options: FakeDockerOptions = {}) => {
  const program = join(fakeDocker(options).path.split(':')[0] ?? '', 'docker')
  const config = mkdtempSync(join(tmpdir(), 'fake-config-'))
  writeFileSync(join(config, 'config.json'), '{"auths":{}}')
  const begin = (args: readonly string[], options: { stdin?: 'pipe'; input?: string | Buffer }) =>
    execa(real ?? program, ['--config', config, ...args], { ...options, reject: false })
  const start = (args: readonly string[], input: string | Buffer) => begin(args, { input })
  const docker = async (...args: string[]) => {
    const { exitCode, stdout, stderr } = await start(args, '')
    return { exitCode, stdout, stderr }
  }
  const login = (secret: string) =>
    start(['login', '--username', USERNAME, '--password-stdin', registry.host], secret)
  return { config, begin, start, docker, login }
}

// As docker 28.2.2 answers, each checked with REAL_DOCKER.
describe('what stands in for the docker CLI refuses what the CLI refuses:', () => {
  it.each([
    [['frobnicate'], 1, 'docker: unknown command: docker frobnicate'],
    [['image', 'frobnicate'], 1, 'docker: unknown command: docker image frobnicate'],
    [['version', '--frob'], 125, 'unknown flag: --frob'],
    [['pull', '-x', 'a'], 125, "unknown shorthand flag: 'x' in -x"],
    [['image', 'inspect', '--format'], 125, 'flag needs an argument: --format'],
    [['pull'], 1, "docker: 'docker pull' requires 1 argument"],
    [['pull', 'a', 'b'], 1, "docker: 'docker pull' requires 1 argument"],
    [['tag', 'a'], 1, "docker: 'docker tag' requires 2 arguments"],
    [['image', 'inspect'], 1, "docker: 'docker image inspect' requires at least 1 argument"],
    [['create', '--rm'], 1, "docker: 'docker create' requires at least 1 argument"],
    [['login', 'a', 'b'], 1, "docker: 'docker login' requires at most 1 argument"],
    [['load', 'a'], 1, "docker: 'docker load' accepts no arguments"],
    [['login', '--password-stdin', 'a'], 1, 'the --password-stdin option requires --username to be set'],
    [
      ['login', '--username', 'u', '--password-stdin', 'a'],
      1,
      'Error: Cannot perform an interactive login from a non TTY device',
    ],
  ])('%s', async (args, exitCode, said) => {
    const ended = await open().docker(...args)
    expect([ended.exitCode, ended.stderr.split('\n')[0]]).toEqual([exitCode, said])
  })

  it.skipIf(real !== undefined).each([
    [
      ['image', 'inspect', '--format', '{{json .}}', 'a:1'],
      1,
      'Error response from daemon: no such image: a:1: No such image: a:1',
    ],
    [['tag', 'a:1', 'b:1'], 1, 'Error response from daemon: No such image: a:1'],
    [['start', 'a'], 1, 'Error response from daemon: No such container: a'],
    [['attach', 'a'], 1, 'Error response from daemon: No such container: a'],
    [['rm', 'a'], 1, 'Error response from daemon: No such container: a'],
    [['rm', '--force', 'a'], 0, 'Error response from daemon: No such container: a'],
    [['create', '--name=a', 'b:1'], 1, "Unable to find image 'b:1' locally"],
    [
      ['version', '--format', '{{.Nope}}'],
      1,
      'template: version:1:7: executing "version" at <.Nope>: can\'t evaluate field Nope in type system.versionInfo',
    ],
    [
      ['info', '--format', '{{json .DriverStatus'],
      1,
      'template parsing error: template: :1: unclosed action',
    ],
    [['load'], 1, 'open /var/lib/docker/tmp/docker-import-1/repositories: no such file or directory'],
  ])('%s', async (args, exitCode, said) => {
    const ended = await open().docker(...args)
    expect([ended.exitCode, ended.stderr.split('\n')[0]]).toEqual([exitCode, said])
  })
})

it('does not end a login by a signal before its input ends, but by the third', async () => {
  const args = ['login', '--username', USERNAME, '--password-stdin', registry.host]
  const login = open().begin(args, { stdin: 'pipe' })
  await sleep(500)
  login.kill('SIGTERM')
  expect(await Promise.race([login.then(() => 'ended'), sleep(300, 'alive')])).toBe('alive')
  login.kill('SIGTERM')
  await sleep(100)
  login.kill('SIGTERM')
  const { exitCode, stderr } = await login
  expect([exitCode, stderr]).toEqual([1, '\ngot 3 SIGTERM/SIGINTs, forcefully exiting'])
})

// As an engine 20.10.24 answers.
describe.skipIf(real !== undefined)('what stands in for the engine', () => {
  it('signs in with what the registry accepts, and writes that into the config', async () => {
    const { login, config } = open()
    const refused = await login('wrong')
    expect([refused.exitCode, refused.stderr]).toEqual([
      1,
      `Error response from daemon: login attempt to http://${registry.host}/v2/ failed with status: 401 Unauthorized`,
    ])
    expect(readFileSync(join(config, 'config.json'), 'utf8')).toBe('{"auths":{}}')
    expect((await login(`${TOKEN}\n`)).stdout).toBe('Login Succeeded')
    expect(JSON.parse(readFileSync(join(config, 'config.json'), 'utf8'))).toEqual({
      auths: { [registry.host]: { auth: Buffer.from(`${USERNAME}:${TOKEN}`).toString('base64') } },
    })
  })

  it('pulls what the registry gives this login, and knows it by all its names', async () => {
    const { docker, login } = open()
    const name = `${registry.host}/acme/base`
    registry.on('GET /v2/acme/base/manifests/1.4', ({ headers }) =>
      headers.authorization === undefined ? { status: 401 } : { body: MANIFEST },
    )
    expect((await docker('pull', `${name}:1.4`)).stderr).toBe(
      `Error response from daemon: Head "http://${name.replace('/', '/v2/')}/manifests/1.4": no basic auth credentials`,
    )
    await login(TOKEN)
    expect((await docker('pull', `${name}:9`)).stderr).toBe('Error response from daemon: manifest unknown')
    expect((await docker('pull', `${name}@${DIGEST}`)).stdout.split('\n').slice(1)).toEqual([
      ...['Pulling fs layer', 'Verifying Checksum', 'Download complete', 'Pull complete'].map(
        (state) => `${sha256('base layer 0').slice(7, 19)}: ${state}`,
      ),
      `Digest: ${DIGEST}`,
      `Status: Downloaded newer image for ${name}@${DIGEST}`,
      `${name}@${DIGEST}`,
    ])
    const listed = async () =>
      (await docker('image', 'ls', '--no-trunc', '--digests', '--format', LISTING)).stdout.split('\n')
    expect(await listed()).toEqual([`${idOf(MANIFEST)} ${name} <none> ${DIGEST}`])
    await docker('tag', `${name}@${DIGEST}`, `${name}:1.4`)
    await docker('tag', `${name}:1.4`, 'other:2')
    expect((await listed()).sort()).toEqual([
      `${idOf(MANIFEST)} ${name} 1.4 ${DIGEST}`,
      `${idOf(MANIFEST)} other 2 <none>`,
    ])
    const inspected = await docker('image', 'inspect', '--format', '{{json .}}', 'other:2')
    expect(JSON.parse(inspected.stdout)).toMatchObject({
      Id: idOf(MANIFEST),
      RepoTags: [`${name}:1.4`, 'other:2'],
      RepoDigests: [`${name}@${DIGEST}`],
      ...{ Os: 'linux', Architecture: 'arm64', Variant: 'v8' },
    })
    expect((await docker('create', '--name=a', 'other:2', 'sh')).stdout).toMatch(/^[0-9a-f]{64}$/)
    expect((await docker('create', '--name=a', 'other:2')).stderr).toContain(
      'Conflict. The container name "/a"',
    )
    expect((await docker('attach', 'a')).stderr).toBe(
      'You cannot attach to a stopped container, start it first',
    )
  })

  it('pulls no other bytes than those of the digest, and nothing for another platform', async () => {
    const { docker } = open({ engine: { platform: 'linux/s390x' } })
    registry.on(`GET /v2/acme/base/manifests/${DIGEST}`, { body: imageManifest('another') })
    servePackage(registry, 'acme/multi', { '1': imageIndex({ 'linux/arm64/v8': MANIFEST }) })
    expect((await docker('pull', `${registry.host}/acme/base@${DIGEST}`)).stderr).toBe(
      `Error response from daemon: manifest verification failed for digest ${DIGEST}`,
    )
    expect((await docker('pull', `${registry.host}/acme/multi:1`)).stderr).toBe(
      'Error response from daemon: no matching manifest for linux/s390x in the manifest list entries',
    )
  })

  it('loads an archive whose layers are those of the configuration, and no part of one', async () => {
    const image = fakeImage([tarLayer(1000)])
    const archive = (layer: Buffer) => {
      const config = image.blobs.get(image.configDigest) ?? Buffer.alloc(0)
      const manifest = JSON.stringify([{ Config: 'config', RepoTags: ['a/b:1'], Layers: ['layer'] }])
      const files = { config, layer, 'manifest.json': Buffer.from(manifest) }
      return Buffer.concat([
        ...Object.entries(files).flatMap(([name, { length }]) => [
          tarHeader(name, length),
          files[name as keyof typeof files],
          tarPadding(length),
        ]),
        tarEnd(),
      ])
    }
    const { start, docker } = open()
    const [layer = Buffer.alloc(0)] = [...image.blobs.values()].slice(1)
    const whole = archive(layer)
    expect((await start(['load'], archive(tarLayer(1000)))).stderr).toMatch(
      /^invalid diffID for layer 0: expected/,
    )
    expect((await start(['load'], whole.subarray(0, 3000))).stderr).toBe(
      'Error processing tar file(exit status 1): unexpected EOF',
    )
    expect((await docker('image', 'ls', '--format', LISTING)).stdout).toBe('')
    expect((await start(['load', '--quiet'], whole)).stdout).toBe('Loaded image: a/b:1')
    expect((await docker('image', 'inspect', '--format', '{{.Id}}', 'a/b:1')).stdout).toBe(image.configDigest)
  })
})
