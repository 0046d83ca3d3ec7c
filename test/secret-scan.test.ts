import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { imageManifest, serveBasic, servePackage } from './fake-package.ts'
import { startFake } from './fake-registry.ts'
import { runPipe, TOKEN, USERNAME } from './run-pipe.ts'
import { leaksIn, scan, writers } from './secret-scan.ts'

describe('the scan for secrets', () => {
  const secret = "k9Xw/2Pq7+Lm4 R't8&VbZ"

  it.each(Object.entries(writers))('finds one in a text %s', (_, write) => {
    expect(leaksIn(`before ${write(secret)} after`, secret)).not.toEqual([])
    expect(leaksIn(`before ${write('another-1-secret-22-xy')} after`, secret)).toEqual([])
  })

  it('finds one in a file, however deep, and in its name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'scan-'))
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    writeFileSync(join(folder, 'a/b/c'), `x ${writers['in a Basic header']?.('tok-1234567')}`)
    writeFileSync(join(folder, 'tok-1234567'), '')
    expect(scan(['tok-1234567'], { texts: { 'the log': 'fine' }, folders: [folder, '/none'] })).toEqual([
      `in the name ${folder}/tok-1234567: as it is`,
      expect.stringMatching(/^in .*\/a\/b\/c: in base64/),
    ])
  })
})

describe('a run of the whole pipe', () => {
  const clone = mkdtempSync(join(tmpdir(), 'clone-'))
  const code = Buffer.from(`me:${TOKEN}`).toString('base64')

  it.each([
    ['the clone', { pull: { script: `cp $config/config.json ${clone}/kept` } }, /\/kept: in /],
    ['the log', { attach: { stdout: `see ${code}` } }, /^in the log: in base64/m],
  ])('does not pass a test where a credential comes into %s', async (_, answers, found) => {
    const manifest = imageManifest('base')
    const registry = await startFake()
    serveBasic(registry, { [USERNAME]: TOKEN })
    servePackage(registry, 'acme/base', { '1.4': manifest })
    const variables = { RUN: 'true', BITBUCKET_CLONE_DIR: clone }
    const run = runPipe({ registry, answers, cwd: clone, variables })
    await expect(run).rejects.toThrow('A credential was let out:')
    await expect(run).rejects.toThrow(found)
    await registry.close()
  })
})
