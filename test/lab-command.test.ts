import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const ROOT = join(import.meta.dirname, '..')
const program = join(ROOT, manifest.scripts.lab.split(' ').at(-1) ?? '')

const lab = async (args: string[], files: Record<string, string> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), 'lab-command-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const env = { INIT_CWD: folder }
  const { exitCode, stdout, stderr } = await execa(process.execPath, [program, ...args], {
    env,
    reject: false,
  })
  return { exitCode, stdout, stderr: stderr.replaceAll(`${folder}/`, '') }
}

// What needs no laboratory, for it is said before one is started.
describe('npm run lab', () => {
  it('explains how a pipeline is run in it', async () => {
    const { exitCode, stdout } = await lab(['--help'])
    expect(exitCode).toBe(0)
    expect(stdout).toContain('npm run lab -- run FILE.yml [STEP…]')
  })

  it.each([
    [['walk'], 'There is no "walk" here.\nnpm run lab '],
    [['run'], 'Which file?\nnpm run lab '],
  ])('shows how it is called where it is called wrongly: %j', async (args, message) => {
    expect(await lab(args)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) })
  })

  it.each([
    ['pipelines:\n\tdefault: []', 'is not YAML: Tabs are not allowed as indentation at line 2, column 1.'],
    ['a: *nothing', 'is not YAML: Unresolved alias (the anchor must be set before the alias): nothing.'],
    ['', 'has no default pipeline.'],
    ['[]', 'has no default pipeline.'],
    ['pipelines: { branches: {}, custom: {} }', 'has no default pipeline; it has branches, custom.'],
    ['text', 'has no default pipeline.'],
    ['pipelines: { default: { step: {} } }', 'has something in place of a list of steps.'],
    ['pipelines: { default: [echo] }', 'has an entry that is neither a step nor a stage nor parallel.'],
    ['pipelines: { default: [parallel: {}] }', 'has something in place of a list of steps.'],
  ])('says in a sentence why it cannot run %j', async (text, why) => {
    expect(await lab(['run', 'file.yml'], { 'file.yml': text })).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `file.yml ${why}`,
    })
  })

  it('says which steps there are, where one is asked for that is not', async () => {
    const text = 'pipelines: { default: [step: { name: one }, parallel: [step: {}, step: { name: three }]] }'
    const { exitCode, stderr } = await lab(['run', 'file.yml', 'one', '2', '4'], { 'file.yml': text })
    expect([exitCode, stderr]).toEqual([2, 'file.yml has no step "4"; it has "one", "Step 2", "three".'])
  })

  it('says that there is no such file', async () => {
    expect(await lab(['run', 'absent.yml'])).toMatchObject({
      exitCode: 2,
      stderr: 'There is no file absent.yml.',
    })
  })
})
