import { execa } from 'execa'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { onEngine } from './runner/engine.ts'

describeInLaboratory('The image of the pipe', () => {
  test('carries the notices of all that was copied into it, and says what it is', async () => {
    await using step = await newStep()
    const { pipe } = laboratory()
    const { stdout: id } = await onEngine(step, ['create', pipe])
    const { stdout: tar } = await onEngine(step, ['export', String(id)], {
      encoding: 'buffer',
      maxBuffer: 500_000_000,
    })
    const { stdout: names } = await execa('tar', ['-t'], { input: tar as Uint8Array })
    const libraries = names.split('\n').filter((name) => /\.so(\.|$)/.test(name))
    expect(libraries.length).toBeGreaterThan(4)
    for (const name of [
      'packages-pull/LICENSE',
      'packages-pull/THIRD-PARTY.txt',
      'node/LICENSE',
      'docker-cli/NOTICE',
      'ca-certificates/copyright',
      'libc6/copyright',
      'libstdc++6/copyright',
      'libatomic1/copyright',
    ])
      expect(names.split('\n')).toContain(`usr/share/doc/${name}`)
    for (const name of ['Apache-2.0', 'LGPL-2.1', 'GPL-3'])
      expect(names.split('\n')).toContain(`usr/share/common-licenses/${name}`)

    const { stdout } = await onEngine(step, ['image', 'inspect', '--format={{json .Config.Labels}}', pipe])
    const labels = JSON.parse(String(stdout))
    expect(labels).toMatchObject({
      'org.opencontainers.image.title': 'Packages Pull',
      'org.opencontainers.image.licenses': expect.stringMatching(/^MIT AND Apache-2\.0 AND /),
    })
    for (const name of ['source', 'revision', 'version'])
      expect(labels).toHaveProperty([`org.opencontainers.image.${name}`])
    expect(manifest.scripts.image).toMatch(/REVISION=\$\(git rev-parse HEAD\).*SOURCE=https:/)
  })
})
