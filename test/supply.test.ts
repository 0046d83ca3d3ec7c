import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterEach, describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { withFigures } from '../scripts/figures.ts'
import { errorReply, type FakeRegistry, imageOf, manifestReply, startFake } from './fake-registry.ts'

const ROOT = join(import.meta.dirname, '..')
const open: FakeRegistry[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()))
})

const folder = () => mkdtempSync(join(tmpdir(), 'supply-'))
const script = async (name: string, args: string[], { cwd = folder(), env = {} } = {}) => {
  const command = [join(ROOT, 'scripts', name), ...args]
  return execa(process.execPath, command, { cwd, env, reject: false })
}

describe('base-images', () => {
  const registry = async () => {
    const fake = await startFake({ fallback: errorReply(404, 'MANIFEST_UNKNOWN', 'no such tag') })
    open.push(fake)
    fake.on('GET /v2/', { body: {} })
    return fake
  }
  const written = (text: string) => {
    const cwd = folder()
    writeFileSync(join(cwd, 'Dockerfile'), text)
    return { cwd, read: () => readFileSync(join(cwd, 'Dockerfile'), 'utf8') }
  }
  const offer = (fake: FakeRegistry, repository: string, tag: string) => {
    const { body, digest } = imageOf(`${repository}:${tag}`)
    fake.on(`GET /v2/${repository}/manifests/${tag}`, manifestReply(body))
    return digest
  }

  it('writes the digest that each tag has now, and nothing else', async () => {
    const fake = await registry()
    const [cli, node] = [offer(fake, 'library/docker', '28-cli'), offer(fake, 'acme/node', '26')]
    const { cwd, read } = written(
      `# FROM x:1\nFROM ${fake.host}/library/docker:28-cli AS cli\n\nFROM  --platform=linux/amd64 ${fake.host}/acme/node:26@sha256:${'0'.repeat(64)} as files\nCOPY --from=cli /a /b\nFROM files\nFROM scratch\n`,
    )
    expect(await script('base-images.ts', [], { cwd })).toMatchObject({ exitCode: 0, stderr: '' })
    const expected = `# FROM x:1\nFROM ${fake.host}/library/docker:28-cli@${cli} AS cli\n\nFROM  --platform=linux/amd64 ${fake.host}/acme/node:26@${node} as files\nCOPY --from=cli /a /b\nFROM files\nFROM scratch\n`
    expect(read()).toBe(expected)
    expect(await script('base-images.ts', ['--check'], { cwd })).toMatchObject({ exitCode: 0, stderr: '' })
  })

  it('changes nothing where one of the tags is not there', async () => {
    const fake = await registry()
    offer(fake, 'acme/node', '26')
    const text = `FROM ${fake.host}/acme/node:26 AS a\nFROM ${fake.host}/acme/gone:1\n`
    const { cwd, read } = written(text)
    const { exitCode, stderr } = await script('base-images.ts', [], { cwd })
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: expect.stringContaining('acme/gone:1: PKG-'),
    })
    expect(stderr).toContain('no such tag')
    expect(read()).toBe(text)
  })

  it.each([
    ['FROM docker:28-cli AS cli\nFROM scratch\n', [], 'docker:28-cli has no digest', ['--check']],
    ['FROM node\nFROM a/b:1\n', [], 'node and a/b:1 have no digest', ['--check']],
    ['FROM 127.0.0.1:1/node\n', [], 'has no tag', []],
    ['FROM scratch\n', [], 'npm run base-images', ['--raise']],
  ])('refuses %j', async (text, _, why, args) => {
    const { cwd, read } = written(text)
    const { exitCode, stderr } = await script('base-images.ts', args, { cwd })
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringContaining(why) })
    expect(read()).toBe(text)
  })

  it('is asked before a version is given', () => {
    expect(manifest.scripts.preversion).toContain('node scripts/base-images.ts --check')
  })
})

describe('the linter of the Dockerfile', () => {
  const lint = async (text: string) => {
    const cwd = folder()
    writeFileSync(join(cwd, 'Dockerfile'), text)
    const { exitCode, stderr } = await script('lint-dockerfile.ts', [], { cwd })
    return { exitCode, stderr }
  }

  it('finds nothing in ours', async () => {
    expect(await lint(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))).toEqual({ exitCode: 0, stderr: '' })
  })

  it.each([
    ['FROM scratch\nCOPPY a b\n', 'Dockerfile:2: '],
    ['COPY a b\n', 'Dockerfile:1: '],
    ['FROM scratch\nMAINTAINER x\n', 'Dockerfile:2: '],
    ['FROM scratch\nWORKDIR a\n', 'Dockerfile:2: '],
  ])('finds what is wrong in %j', async (text, where) => {
    expect(await lint(text)).toEqual({ exitCode: 1, stderr: expect.stringContaining(where) })
  })
})

describe('the audit', () => {
  /** The audit with an npm that answers so. */
  const audit = async (answer: string, code: number) => {
    const cwd = folder()
    writeFileSync(join(cwd, 'npm'), `#!/bin/sh\ncat <<'END'\n${answer}\nEND\nexit ${code}\n`)
    chmodSync(join(cwd, 'npm'), 0o755)
    return script('audit.ts', [], { cwd, env: { PATH: `${cwd}:${process.env.PATH}` } })
  }
  const answered = (total: number) => JSON.stringify({ metadata: { vulnerabilities: { total } } })

  it.each([
    [answered(0), 0, 0],
    [answered(2), 1, 1],
    [JSON.stringify({ error: { code: 'ENOAUDIT' } }), 1, 2],
    ['<html>', 1, 2],
    ['', 0, 2],
  ])('tells "nothing known" from "not asked": %j', async (answer, code, expected) => {
    const { exitCode, stderr } = await audit(answer, code)
    expect(exitCode).toBe(expected)
    if (expected === 2) expect(stderr).toContain('gave no answer')
  })
})

describe('the bill of materials', () => {
  it('is one of CycloneDX, of what is shipped and nothing else', async () => {
    const { stdout } = await execa('npm', ['run', '--silent', 'sbom'], { cwd: ROOT })
    const { bomFormat, metadata, components } = JSON.parse(stdout)
    expect(bomFormat).toBe('CycloneDX')
    expect(metadata.component.purl).toBe(`pkg:npm/packages-pull@${manifest.version}`)
    const names = components.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(Object.keys(manifest.dependencies)))
    expect(names.filter((name: string) => name in manifest.devDependencies)).toEqual([])
  })
})

describe('the figures', () => {
  const page = 'a\n<!-- npm run soak -->\nold\n<!-- /npm run soak -->\nb\n'

  it('are written by the command that found them, in their place, again and again', () => {
    const once = withFigures(page, 'npm run soak', 'new $1')
    expect(once).toBe('a\n<!-- npm run soak -->\nnew $1\n<!-- /npm run soak -->\nb\n')
    expect(withFigures(once, 'npm run soak', 'new $1')).toBe(once)
  })

  it('are not lost where their place is gone', () => {
    expect(() => withFigures('a\n', 'npm run soak', 'new')).toThrow('no place')
  })

  it('have their places in docs/security.md', () => {
    const text = readFileSync(join(ROOT, 'docs/security.md'), 'utf8')
    for (const name of ['npm run security-figures', 'npm run soak'])
      expect(withFigures(text, name, 'figures')).toContain(`<!-- ${name} -->\nfigures\n`)
  })
})
