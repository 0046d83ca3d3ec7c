import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeInLaboratory, laboratory } from '../attach.ts'
import { PIPE } from './pipe.ts'
import { runFile } from './run-file.ts'

describeInLaboratory('A file of the user', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'packages-pull-user-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write = async (name: string, text: string | Buffer) => {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), text)
  }

  const run = async (yaml: string, ...steps: string[]) => {
    await write('bitbucket-pipelines.yml', yaml)
    let log = ''
    const path = join(folder, 'bitbucket-pipelines.yml')
    const exitCode = await runFile(laboratory(), { path, steps }, (text) => {
      log += text
    })
    return { exitCode, log }
  }

  test('runs its default pipeline with the pipe in it, to the first step that fails', async () => {
    const yaml = `
definitions:
  steps:
    - step: &pull
        services: [docker]
        script:
          - pipe: ${PIPE}
            variables: { IMAGE: 'base:1.4', NO_COLOR: '1' }
          - docker run --rm crg.apkg.io/acme/base:1.4 echo from the image
          - cmp binary /dev/stdin < binary && stat -c %A run.sh && cat "a name/ü"
pipelines:
  default:
    - step: { <<: *pull, name: Pull }
    - stage: { name: all, steps: [step: { script: [(exit 7)] }] }
    - step: { script: [echo never] }`
    await write('binary', Buffer.from([0, 255, 10]))
    await write('a name/ü', 'a file\n')
    await write('run.sh', '')
    await chmod(join(folder, 'run.sh'), 0o755)
    const { exitCode, log } = await run(yaml)
    expect(exitCode).toBe(7)
    expect(log).toMatch(/^\n=== Pull\n\+ docker container run /)
    expect(log).toContain("\n✔ 1 image in the step's engine")
    expect(log).toContain('\nfrom the image\n')
    expect(log).toContain('-rwx')
    expect(log).toContain('a file\n\n=== Step 2\n+ (exit 7)\n\nPull: exit code 0 after ')
    expect(log).toMatch(/\nStep 2: exit code 7 after \d+\.\d s\n$/)
    expect(log).not.toContain('never')
  })

  test('runs the steps alone that are asked for, each with the name that it has', async () => {
    const steps = ['one', 'two', 'three', 'four'].map((name) => `step: { script: [echo this is ${name}] }`)
    const { exitCode, log } = await run(
      `pipelines: { default: [${steps[0]}, parallel: [${steps[1]}, ${steps[2]}], ${steps[3]}] }`,
      'Step 3',
      '4',
    )
    expect(exitCode).toBe(0)
    expect(log.match(/^(===|this).*$/gm)).toEqual([
      '=== Step 3',
      'this is three',
      '=== Step 4',
      'this is four',
    ])
  })

  test('finds its folder as a repository of one commit', async () => {
    const { log } = await run(
      'pipelines: { default: [step: { script: [git log --format=%H, echo "$BITBUCKET_COMMIT", git ls-files] }] }',
    )
    const [first, second, ...files] = log
      .split('\n')
      .filter((line) => line !== '' && !/^[=+]|exit code/.test(line))
    expect(first).toMatch(/^[0-9a-f]{40}$/)
    expect(second).toBe(first)
    expect(files).toEqual(['bitbucket-pipelines.yml'])
  })

  test('finds a repository with its history and with what is not committed yet, but not what git ignores', async () => {
    await write('.gitignore', 'made/\n')
    await write('made/large', 'x')
    await write('gone', 'x')
    await write('kept', 'before\n')
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@example.com']
    for (const args of [
      ['init', '--quiet'],
      ['add', '.'],
      [...author, 'commit', '--quiet', '--message=mine'],
    ]) {
      await execa('git', args, { cwd: folder })
    }
    await rm(join(folder, 'gone'))
    await write('kept', 'after\n')
    await write('new', 'x')
    const { exitCode, log } = await run(
      'pipelines: { default: [step: { script: [git log --format=%s, ls, cat kept] }] }',
    )
    expect(exitCode).toBe(0)
    expect(log).toContain('\nmine\n+ ls\nbitbucket-pipelines.yml\nkept\nnew\n+ cat kept\nafter\n')
  })
})
