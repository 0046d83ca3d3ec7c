import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build } from 'rolldown'
import { describe, expect, it } from 'vitest'
import lock from '../package-lock.json' with { type: 'json' }
import config from '../rolldown.config.ts'
import { NOTICES, noticesOf } from '../scripts/third-party.ts'
import { BUNDLE } from './run-pipe.ts'

const ROOT = join(import.meta.dirname, '..')
const notices = () => readFileSync(join(dirname(BUNDLE), NOTICES), 'utf8')
const packages = lock.packages as Record<
  string,
  { version: string; license?: string; dev?: boolean; hasInstallScript?: boolean }
>

describe('what is shipped', () => {
  it('has the notice of every package whose code is in the bundle', async () => {
    const { output } = await build({ ...config, cwd: ROOT, write: false, plugins: [] } as object)
    const folders = new Set(
      output[0].moduleIds.flatMap((id) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? []),
    )
    expect(folders.size).toBeGreaterThan(10)
    for (const folder of folders) {
      const { version, license } = packages[folder] ?? {}
      expect(notices()).toContain(`\n${folder.replace('node_modules/', '')} ${version} (${license})\n`)
    }
  })

  it('has their texts, word for word', () => {
    for (const file of ['undici/LICENSE', 'zod/LICENSE', 'tar/LICENSE.md', 'human-signals/LICENSE'])
      expect(notices()).toContain(readFileSync(join(ROOT, 'node_modules', file), 'utf8').trim())
  })

  it('names in the label of the image every license that is in the bundle', () => {
    const label = /image\.licenses="([^"]+)"/.exec(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'))?.[1]
    const licenses = new Set([...notices().matchAll(/^\S+ [\d.]+ \((.+)\)$/gm)].map(([, license]) => license))
    expect(licenses.size).toBeGreaterThan(2)
    expect([...licenses].filter((license) => !label?.split(' AND ').includes(license ?? ''))).toEqual([])
  })
})

describe('the notices', () => {
  const made = (files: Record<string, string>): string => {
    const folder = join(mkdtempSync(join(tmpdir(), 'notices-')), 'node_modules', '@acme', 'tool')
    mkdirSync(join(folder, 'dist'), { recursive: true })
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
    return join(folder, 'dist', 'index.js')
  }
  const manifest = JSON.stringify({ name: '@acme/tool', version: '1.2.3', license: 'MIT' })

  it('are of the package, once, however many of its files are in the bundle', () => {
    const file = made({ 'package.json': manifest, 'LICENCE.txt': 'Be kind.', NOTICE: 'By Acme.' })
    const text = noticesOf([file, '/project/src/main.ts', '\0node:fs', join(dirname(file), 'other.js')])
    expect(text.match(/@acme\/tool 1\.2\.3 \(MIT\)\n\nBe kind\.\n\nBy Acme\.\n/g)).toHaveLength(1)
  })

  it.each([
    [{ 'package.json': manifest }, 'no file with its license'],
    [{ 'package.json': manifest, NOTICE: 'By Acme.' }, 'no file with its license'],
    [
      { 'package.json': JSON.stringify({ name: 'a', version: '1' }), LICENSE: 'Be kind.' },
      'what its license is',
    ],
  ])('fail the build where they would not be whole: %j', (files, why) => {
    expect(() => noticesOf([made(files as Record<string, string>)])).toThrow(why)
  })
})

describe('the dependencies', () => {
  // `node` downloads nothing then: its script links what npm has installed. It is not shipped.
  it('run nothing when they are installed, but the one that package.json allows', () => {
    const scripted = Object.keys(packages).filter((name) => packages[name]?.hasInstallScript)
    const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    expect(scripted).toEqual(['node_modules/node'])
    expect(packages['node_modules/node']?.dev).toBe(true)
    expect(allowScripts).toEqual({ node: true })
  })

  it('that are shipped are few', () => {
    const shipped = Object.values(packages).filter(({ dev }) => !dev)
    expect(shipped.length).toBeLessThan(40)
  })
})
