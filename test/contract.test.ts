import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { catalogue } from '../src/errors.ts'
import { VERSION } from '../src/identity.ts'
import { defaultOf, variableNames } from '../src/settings/variables.ts'

const ROOT = join(import.meta.dirname, '..')
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8')
const readme = read('README.md')
const pipeYml = parse(read('pipe.yml')) as {
  image: string
  repository: string
  variables: Array<{ name: string; default?: string }>
}
const packageJson = JSON.parse(read('package.json')) as {
  scripts: Record<string, string>
  homepage: string
  config: { account: string; image: string }
}
const contract = variableNames.map((name) => ({ name, default: defaultOf(name) }))

describe('the public contract', () => {
  it('has the same variables and defaults in the code and in pipe.yml', () => {
    expect(pipeYml.variables.map((variable) => ({ name: variable.name, default: variable.default }))).toEqual(
      contract,
    )
  })

  it('has the same variables and defaults in the code and in the README', () => {
    const rows = [...readme.matchAll(/^\| ([A-Z_]+)(?: \(\\\*\))? +\| (.*) +\|$/gm)]
    const documented = rows.map(([, name, usage]) => ({
      name,
      default: /Default: `([^`]*)`/.exec(usage ?? '')?.[1],
    }))
    expect(documented).toEqual(contract)
  })

  it('has a section of the README for every error code, with its exit code', () => {
    const sections = [...readme.matchAll(/^#### (PKG-[A-Z0-9-]+)\n\nExit code (\d+)/gm)].map(
      ([, code, exit]) => [code, Number(exit)],
    )
    expect(sections).toEqual(Object.entries(catalogue).map(([code, { exitCode }]) => [code, exitCode]))
  })

  it('has every exit code in the README’s table', () => {
    const table = new Set([...readme.matchAll(/^\| `(\d+)` +\|/gm)].map(([, code]) => Number(code)))
    const used = new Set(Object.values(catalogue).map(({ exitCode }) => exitCode))
    used.delete(catalogue['PKG-INTERRUPTED'].exitCode)
    expect([...used].filter((code) => !table.has(code))).toEqual([])
  })

  it('names one account, one image and one version everywhere', () => {
    const { account, image } = packageJson.config
    const references = [...readme.matchAll(/pipe: (\S+)\/packages-pull:(\S+)/g)]
    expect(references.length).toBeGreaterThan(1)
    for (const [, name, version] of references) expect([name, version]).toEqual([account, VERSION])
    expect(pipeYml.image).toBe(`${image}:${VERSION}`)
    expect(pipeYml.repository).toBe(`https://bitbucket.org/${account}/packages-pull`)
    expect(packageJson.homepage).toBe(pipeYml.repository)
  })

  it('has only scripts that work as the first one in a fresh clone: each begins with the setup', () => {
    const { scripts } = packageJson
    const first = (name: string): string | undefined =>
      /^npm run --silent ([\w:]+) &&/.exec(scripts[name] ?? '')?.[1]
    const beginsWithSetup = (name: string | undefined): boolean =>
      name === 'setup' || (name !== undefined && beginsWithSetup(first(name)))
    expect(Object.keys(scripts).length).toBeGreaterThan(5)
    expect(Object.keys(scripts).filter((name) => !beginsWithSetup(name))).toEqual([])
  })
})
