import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import manifest from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')
const { account, image } = manifest.config
const made = new Set(['.git', 'node_modules', 'dist', '.lab', 'coverage'])

describe('the scripts of a release', { timeout: 60_000 }, () => {
  let project: string
  beforeEach(() => {
    project = mkdtempSync(join(tmpdir(), 'publisher-'))
    cpSync(ROOT, project, { recursive: true, filter: (path) => !made.has(basename(path)) })
  })
  afterEach(() => rmSync(project, { recursive: true, force: true }))

  const script = async (name: string, args: string[], env: Record<string, string> = {}) => {
    const command = [join(project, 'scripts', name), ...args]
    const { exitCode, stderr } = await execa(process.execPath, command, { cwd: project, env, reject: false })
    return { exitCode, stderr }
  }
  const publisher = (...args: string[]) => script('publisher.ts', args)
  const fine = { exitCode: 0, stderr: '' }

  const files = (): Record<string, string> =>
    Object.fromEntries(
      globSync('**', { cwd: project, withFileTypes: true, exclude: ['node_modules'] })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name))
        .map((path) => [path.slice(project.length + 1), readFileSync(path, 'utf8')]),
    )

  it('change account and image everywhere, and back, byte for byte', async () => {
    const before = files()
    expect(await publisher('some-team', 'registry.example.com:5000/pipes/pull')).toEqual(fine)
    const after = files()
    expect(parse(after['pipe.yml'] ?? '')).toMatchObject({
      image: `registry.example.com:5000/pipes/pull:${manifest.version}`,
      repository: 'https://bitbucket.org/some-team/packages-pull',
    })
    expect(after['README.md']).toContain(`pipe: some-team/packages-pull:${manifest.version}`)
    const former = [`pipe: ${account}/`, `bitbucket.org/${account}/`, `"account": "${account}"`, `${image}`]
    expect(former.flatMap((one) => Object.keys(after).filter((name) => after[name]?.includes(one)))).toEqual(
      [],
    )
    expect(await publisher(account, image)).toEqual(fine)
    expect(files()).toEqual(before)
  })

  it('change nothing when they are asked for the same again', async () => {
    await publisher('some-team')
    const once = files()
    expect(await publisher('some-team')).toEqual(fine)
    expect(files()).toEqual(once)
    expect(await publisher(account, image)).toEqual(fine)
    expect(await publisher('some-team')).toEqual(fine)
    expect(files()).toEqual(once)
  })

  // Whatever the names are, no other text is taken for them on the way back.
  it.each([
    ['some-team', 'acme/base'],
    ['docker', 'docker.io/library/base'],
    ['packages-pull', 'packages-pull/packages-pull'],
    ['acme', 'localhost:5000/acme/packages-pull'],
    ['README', 'registry.example.com/image'],
  ])('take no common word for a name of the publisher: %s %s', async (...names) => {
    const before = files()
    expect(await publisher(...names)).toEqual(fine)
    expect(files()).not.toEqual(before)
    expect(await publisher(account, image)).toEqual(fine)
    expect(files()).toEqual(before)
  })

  it.each([
    [[], 'Usage: npm run publisher -- <account> [<image>]'],
    [['--help'], 'Usage: npm run publisher -- <account> [<image>]'],
    [['my team'], '"my team" is not an account of Bitbucket'],
    [['my', 'team'], '"team" names no registry or account to publish to'],
    [['my', 'great/team', 'pipe'], '"pipe" is too much'],
    [['my/team'], '"my/team" is not an account of Bitbucket'],
    [['my-team', 'base'], '"base" names no registry or account to publish to'],
    [['my-team', 'registry.example.com/pipes/pull:1.0'], 'without its tag or digest'],
    [['my-team', `acme/pull@sha256:${'0'.repeat(64)}`], 'without its tag or digest'],
    [['my-team', 'acme/Pull'], '"acme/Pull" is not an image reference'],
    [['my-team', 'acme/pull\nx'], 'is not an image reference'],
    [['my-team', 'crg.apkg.io/my-team/pull'], 'cannot be in crg.apkg.io'],
  ])('refuse %j and change nothing', async (args, why) => {
    const before = files()
    expect(await publisher(...args)).toEqual({ exitCode: 2, stderr: expect.stringContaining(why) })
    expect(files()).toEqual(before)
  })

  it('leave the tests of the contract green', async () => {
    symlinkSync(join(ROOT, 'node_modules'), join(project, 'node_modules'))
    await publisher('some-team')
    const vitest = join(project, 'node_modules/vitest/vitest.mjs')
    const { stdout } = await execa(process.execPath, [vitest, 'run', '--project=unit', 'contract.test.ts'], {
      cwd: project,
      env: { NO_COLOR: '1' },
    })
    expect(stdout).toMatch(/\n[1-9]\d* passed, 0 failed, 0 skipped$/)
  })

  it('give what npm version made of package.json to all who quote it, and to nothing else', async () => {
    const { version } = manifest
    const env = { npm_old_version: version, npm_new_version: '12.3.4-rc.1', npm_package_config_image: image }
    const before = files()
    expect(await script('version.ts', [], env)).toEqual(fine)
    const after = files()
    const changed = Object.keys(after).filter((name) => after[name] !== before[name])
    expect(changed).toEqual(expect.arrayContaining(['README.md', 'pipe.yml']))
    expect(changed.filter((name) => !/\.(md|yml)$/.test(name))).toEqual([])
    // By the image's own name: it need not be called packages-pull.
    expect(parse(after['pipe.yml'] ?? '')).toMatchObject({ image: `${image}:12.3.4-rc.1` })
    const quoted = (text = '') => text.match(/pipe: [\w-]+\/packages-pull:[\w.-]+/g)
    expect(new Set(quoted(after['README.md']))).toEqual(
      new Set([`pipe: ${account}/packages-pull:12.3.4-rc.1`]),
    )
    const back = { ...env, npm_old_version: '12.3.4-rc.1', npm_new_version: version }
    expect(await script('version.ts', [], back)).toEqual(fine)
    expect(files()).toEqual(before)
  })

  it('change no version by hand', async () => {
    const before = files()
    expect(await script('version.ts', [])).toMatchObject({ exitCode: 2 })
    expect(files()).toEqual(before)
  })
})
