import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { commandOf } from '../src/run/program.ts'
import { imageManifest, serveBasic, servePackage } from './fake-package.ts'
import { type FakeRegistry, type Seen, startFake } from './fake-registry.ts'
import { runPipe, TOKEN, USERNAME } from './run-pipe.ts'

const LONG = `ATATT3xFfGF0${'Ab9_x-Qz7'.repeat(20)}`

let registry: FakeRegistry
const starting = async (fallback: (request: Seen) => object) => {
  registry = await startFake({ fallback: fallback as never })
}
beforeEach(() => starting(() => ({ status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } })))
afterEach(() => registry.close())

const serve = () => {
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
}

/** No twelve characters of a secret, in whatever case. */
const hasPieces = (text: string, secret: string) =>
  Array.from({ length: secret.length - 11 }, (_, at) => secret.slice(at, at + 12)).some((piece) =>
    text.toLowerCase().includes(piece.toLowerCase()),
  )

// Besides what `runPipe` looks for in every test.
describe('nothing of a secret comes out of the pipe', () => {
  it.each([
    ['API_TOKEN_USERNAME', { API_TOKEN_USERNAME: LONG, API_TOKEN: 'me@example.com' }, LONG],
    [
      'API_TOKEN_USERNAME',
      { API_TOKEN_USERNAME: 'k9Xw2Pq7Lm4Rt8Vb', API_TOKEN: 'me@example.com' },
      'k9Xw2Pq7Lm4Rt8Vb',
    ],
    [
      'BITBUCKET_PACKAGES_USERNAME',
      { BITBUCKET_PACKAGES_USERNAME: TOKEN, BITBUCKET_PACKAGES_TOKEN: USERNAME },
      TOKEN,
    ],
    ['IMAGE', { IMAGE: `base:${TOKEN}` }, TOKEN],
    ['PLATFORM', { PLATFORM: TOKEN }, TOKEN],
    ['REGISTRY', { REGISTRY: `${TOKEN}.example.com` }, TOKEN],
  ])('where it stands in %s by mistake', async (name, variables, secret) => {
    serve()
    const { exitCode, log, calls, read } = await runPipe({ registry, variables })
    expect(exitCode).toBe(2)
    expect(log).toContain(`${name}: its value (not shown)`)
    expect(hasPieces(log + read('result.json') + JSON.stringify(calls()), secret)).toBe(false)
  })

  it('where a gateway echoes the request, cut wherever it likes', async () => {
    await registry.close()
    for (const cut of [150, 250, 400]) {
      await starting(({ headers }) => ({
        status: headers.authorization === undefined ? 401 : 403,
        headers: { 'www-authenticate': 'Basic realm="x"' },
        body: `request was: GET /v2/ ${'x'.repeat(60)} Authorization: ${headers.authorization}`.slice(0, cut),
      }))
      const variables = { BITBUCKET_PACKAGES_TOKEN: LONG.replace('ATATT', 'tok-'), DEBUG: 'true' }
      const { log, read } = await runPipe({ registry, variables })
      const code = Buffer.from(`${USERNAME}:${variables.BITBUCKET_PACKAGES_TOKEN}`).toString('base64')
      expect(log).toMatch(/Authorization: Basic \S*\*{4}/)
      expect(hasPieces(log + read('result.json'), code.slice(16))).toBe(false)
      if (cut < 400) await registry.close()
    }
  })

  it.each([
    ['across a cut', `${'x'.repeat(1980)}${TOKEN}`],
    ['in a page of 3 MB', `${'word '.repeat(600_000)}${TOKEN}`],
    ['in lines of its own making', `no\n✔ 1 image\rINFO: ${TOKEN}\u202e\u{e0041}`],
    ['across a line', `tok-3f9a\n   1c77`],
  ])('where the engine says it %s', async (_, stderr) => {
    serve()
    const { log, result, seconds } = await runPipe({
      registry,
      answers: { pull: { stderr: `Error response from daemon: ${stderr}\n`, exitCode: 1 } },
      variables: { DEBUG: 'true', MAX_ATTEMPTS: '2' },
    })
    expect(result().outcome).toBe('failure')
    expect(log.length).toBeLessThan(60_000)
    expect(Math.max(...log.split('\n').map(({ length }) => length))).toBeLessThan(2100)
    expect(log.match(/^✔/gm)).toBeNull()
    expect(log).not.toMatch(/[\p{Cf}\r]/u)
    expect(seconds).toBeLessThan(10)
  })

  it.each(['', 'bash -x', 'bash -xv', 'sh -v', 'bash -i'])(
    'where RUN_SHELL is "%s": the commands have RUN_ENV, and their trace is theirs',
    async (RUN_SHELL) => {
      serve()
      const clone = mkdtempSync(join(tmpdir(), 'clone-'))
      const shell = commandOf(RUN_SHELL === '' ? undefined : RUN_SHELL.split(' '))
      const quoted = shell.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
      // A real shell, without the guard that ends every process of a container: here, that is this machine.
      const script = `IFS= read -r line
        line=$(printf '%s' "$line" | sed 's/( ( exec <&3.* ) & )/:/')
        case $line in *'kill -s'*) echo 'the guard is still there'; exit 99;; esac
        printf '%s\\n}\\n' "$line" | ${quoted}`
      const { exitCode, log } = await runPipe({
        registry,
        answers: { attach: { script, stdout: '' } },
        variables: {
          BITBUCKET_CLONE_DIR: clone,
          ...(RUN_SHELL && { RUN_SHELL }),
          RUN: '[ ${#DEPLOY_KEY} = 16 ] && echo "got it"',
          RUN_ENV: 'DEPLOY_KEY NPM_TOKEN',
          DEPLOY_KEY: 'dk-0123-4567-89a',
          NPM_TOKEN: 'npm-s3cr3t-9999',
        },
      })
      expect(log).toMatch(/^got it$/m)
      expect(exitCode).toBe(0)
      expect(log).not.toMatch(/dk-0123|npm-s3cr3t/)
      expect(/^\++ echo 'got it'/m.test(log)).toBe(RUN_SHELL.includes('x'))
    },
  )
})
