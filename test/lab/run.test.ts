import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { project } from './cache.ts'
import { bashOnly, nodeBase, noShell, perlBase } from './images/build-images.ts'
import { pipeContainers, processes, procOf, stopPipe } from './runner/observe.ts'
import { commandEnd, PIPE } from './runner/pipe.ts'
import { runPipeline } from './runner/pipeline.ts'
import { type RunOptions, runScript } from './runner/run.ts'
import { docker, type Step } from './runner/step.ts'

const NASTY = `a "double" and 'single' quote, a \\ backslash, \`ticks\`,\n\n $HOME $(id) \${X} ünïcödé 🎉 — end\t`

const files = {
  'package.json':
    '{ "name": "app", "version": "1.0.0", "type": "module", "scripts": { "test": "node --test" } }\n',
  'package-lock.json':
    '{ "name": "app", "version": "1.0.0", "lockfileVersion": 3, "packages": { "": { "name": "app", "version": "1.0.0" } } }\n',
  'src/sum.js': 'export const sum = (a, b) => a + b\n',
  'test/sum.test.js': `import assert from 'node:assert'
import { test } from 'node:test'
import { sum } from '../src/sum.js'
test('adds', () => assert.equal(sum(2, 3), 5))
`,
  'build.js': `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
mkdirSync('dist/deep', { recursive: true })
writeFileSync('dist/deep/bundle.js', readFileSync('src/sum.js'), { mode: 0o600 })
`,
  'lib/Sum.pm': 'package Sum; sub sum { $_[0] + $_[1] } 1;\n',
  't/sum.t': 'use Sum; print Sum::sum(2, 3) == 5 ? "ok 1\\n1..1\\n" : "not ok 1\\n";\n',
  'ci/test.sh':
    'set -eu\nfor name in one two; do echo "$name of $BITBUCKET_REPO_SLUG, CI=$CI, in $PWD"; done\n',
  'ci/stubborn.sh': "trap '' TERM\necho > started\nwhile :; do sleep 1; done\n",
  'ci/polite.pl': `$SIG{TERM} = sub { select(undef, undef, undef, 0.5); open F, '>polite'; exit 5 };
open F, '>started'; close F; sleep 1 while 1;
`,
  'ci/output.pl': `$| = 1; my ($out, $err) = map { $_ x 999 . "\\n" } 'x', 'y';
for (1 .. 50_000) { print $out; print STDERR $err } `,
}

describeInLaboratory('The commands of RUN', () => {
  let step: Step
  beforeAll(async () => {
    const { world } = laboratory()
    await Promise.all([nodeBase(world), perlBase(world), bashOnly(world), noShell(world)])
    step = await newStep({ files, variables: { NASTY, DEPLOY_TOKEN: 'tok-3f9a1c77', EMPTY: '' } })
  })
  afterAll(() => step.close())
  beforeEach(() => Promise.all(['started', 'polite', 'value'].map((name) => rm(file(name), { force: true }))))

  const file = (name: string) => join(step.build, name)
  const read = (name: string) => readFile(file(name), 'utf8')
  const result = async () => JSON.parse(await read('packages/result.json'))

  /** Runs the pipe, and script lines after it; `output` is what the commands and those lines wrote. */
  const run = async (
    variables: Record<string, string | string[]>,
    after: string[] = [],
    options: RunOptions = {},
  ) => {
    const item = { pipe: PIPE, variables: { NO_COLOR: '1', OUTPUT_DIR: 'packages', ...variables } }
    const { exitCode, rawLog, seconds } = await runScript(step, [item, ...after], options)
    const log = rawLog.slice(rawLog.indexOf(commandEnd))
    const output = log
      .replace(/^.*?\nINFO: Running the commands of RUN in \S+\n/s, '')
      // The pipe's own last lines begin after an end of line of its own.
      .replace(/(?<=\n)\n(?=(?:✔|✖|ERROR:|WARNING:) )/g, '')
      .replace(/^(?:✔|✖|ERROR:|WARNING:| {2}(?:Said|Why|To do|More): ).*\n/gm, '')
    return { exitCode, log, output, seconds }
  }

  const containers = async () => {
    const { stdout } = await docker(step, [
      'ps',
      '--all',
      '--format={{.Names}}',
      '--filter=name=packages-pull-run',
    ])
    return String(stdout)
  }

  const until = async (condition: () => boolean | Promise<boolean>) => {
    for (let i = 0; i < 600 && !(await condition()); i++) await sleep(50)
    expect(await condition()).toBe(true)
  }

  test('build a Node project in an image with a USER and an ENTRYPOINT, and leave files that later lines remove', async () => {
    const { exitCode, output } = await run(
      {
        IMAGE: 'node-base:26',
        RUN: [
          'id -un; echo "\\$FROM_IMAGE \\$BASH"',
          'node --test --test-reporter=tap',
          'node build.js',
          'echo more >> src/sum.js',
        ],
      },
      ['cat dist/deep/bundle.js', 'rm -r dist', 'git checkout src/sum.js'],
    )
    expect(output).toMatch(/^\+ id -un; echo "\$FROM_IMAGE \$BASH"\nnode\nyes \/bin\/bash\n\+ node --test /)
    expect(output).toContain('# pass 1')
    expect(output).toContain('\n+ node build.js\n+ echo more >> src/sum.js\n+ cat dist/deep/bundle.js\n')
    expect(exitCode).toBe(0)
    expect(await result()).toMatchObject({ outcome: 'success', error: null, run: { exitCode: 0 } })
    expect(existsSync(file('dist'))).toBe(false)
    expect(await containers()).toBe('')
  })

  test('test a Perl project by a script, in the /bin/sh of an image without bash', async () => {
    const { exitCode, output } = await run({
      IMAGE: 'perl-base:5',
      RUN: 'cd lib\nperl -I. ../t/sum.t\necho "bash: \\${BASH_VERSION:-none}, \\$(id -u)"\n',
    })
    expect(output).toBe('ok 1\n1..1\nbash: none, 0\n')
    expect(exitCode).toBe(0)
  })

  test('run a shell script of the repository, from the folder where the step is', async () => {
    const { rawLog } = await runScript(step, [
      'cd ci',
      { pipe: PIPE, variables: { IMAGE: 'base:1.4', RUN: 'sh ./test.sh' } },
    ])
    expect(rawLog).toContain('\none of app, CI=true, in /opt/atlassian/pipelines/agent/build/ci\ntwo of app')
  })

  test.each([
    ['exit 0', 0, 'success'],
    ['false\necho not reached', 1, 'run-failed'],
    ['(exit 7)\necho not reached', 7, 'run-failed'],
    ['no-such-command\necho not reached', 127, 'run-failed'],
    ['kill -KILL \\$\\$', 137, 'run-failed'],
    ['kill -TERM \\$\\$', 143, 'run-failed'],
  ])('decide the exit code of the pipe: %j is %i', async (script, code, outcome) => {
    const { exitCode, output, log } = await run({ IMAGE: 'base:1.4', RUN: script })
    expect(exitCode).toBe(code)
    expect(output).not.toContain('not reached')
    expect(log).toContain(`RUN ended with exit code ${code} (`)
    expect(await result()).toMatchObject({ outcome, error: null, images: [{}], run: { exitCode: code } })
    expect(await read('packages/images.env')).toContain('PACKAGES_IMAGE_0=crg.apkg.io/acme/base:1.4\n')
    expect(await containers()).toBe('')
  })

  test.each(['base:1.4', 'node-base:26'])(
    'are shown one by one, share one shell, and end with the first that fails (%s)',
    async (IMAGE) => {
      const RUN = [
        'cd src; X="1  2"',
        "echo 'a\n  b'",
        'echo "\\$X \\$PWD"',
        'cat; wait; echo "<\\$(jobs)>"',
        'true && false',
        'echo not reached',
      ]
      const { exitCode, output } = await run({ IMAGE, RUN })
      expect(output).toBe(
        `+ cd src; X="1  2"\n+ echo 'a\n  b'\na\n  b\n+ echo "$X $PWD"\n1  2 /opt/atlassian/pipelines/agent/build/src\n+ cat; wait; echo "<$(jobs)>"\n<>\n+ true && false\n`,
      )
      expect(exitCode).toBe(1)
    },
  )

  test('write 100 MB to both streams without loss, and the pipe does not grow', async () => {
    let most = 0
    const { exitCode } = await run({ IMAGE: 'perl-base:5', RUN: 'perl ci/output.pl' }, [], {
      arguments: ['> stdout.log'],
      during: async () => {
        await until(() => existsSync(file('stdout.log')) && statSync(file('stdout.log')).size > 100_000)
        while ((await pipeContainers(step)).length > 0) {
          const now = await memory()
          most = Math.max(most, now)
        }
      },
    })
    expect(exitCode).toBe(0)
    const lines = (await readFile(file('stdout.log'), 'utf8')).split('\n')
    for (const letter of ['x', 'y']) {
      const written = lines.filter((line) => line.startsWith(letter)).join('')
      expect(digest(Buffer.from(written))).toBe(digest(Buffer.from(letter.repeat(999 * 50_000))))
    }
    expect(lines.at(-2)).toMatch(/^✔ /)
    console.log(`RUN with 100 MB of output: the pipe and its docker CLI took at most ${most} MB`)
    expect(most).toBeGreaterThan(0)
    expect(most).toBeLessThanOrEqual(150)
  })

  const digest = (data: Buffer | undefined) =>
    createHash('sha256')
      .update(data ?? '')
      .digest('hex')

  /** What the pipe's own processes hold at most so far, in megabytes. */
  const memory = async () => {
    const own = (await processes(step)).filter(
      ({ contained, command }) => contained && command.includes('packages-pull'),
    )
    const peaks = await Promise.all(
      own.map(async ({ pid }) => {
        const status = await readFile(join(procOf(step), `${pid}`, 'status'), 'utf8').catch(() => '')
        return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0)
      }),
    )
    return Math.round(peaks.reduce((sum, each) => sum + each, 0) / 1000)
  }

  test('are asked to end when the step is stopped, and take their time for it', async () => {
    const { exitCode, log } = await run(
      { IMAGE: 'perl-base:5', RUN: ['perl ci/polite.pl', 'echo not reached'] },
      [],
      {
        during: async () => {
          await until(() => existsSync(file('started')))
          await stopPipe(step)
        },
      },
    )
    expect(exitCode).toBe(143)
    expect(existsSync(file('polite'))).toBe(true)
    expect(log).not.toContain('\nnot reached')
    expect(log).toContain('PKG-INTERRUPTED')
    expect(await result()).toMatchObject({
      outcome: 'run-failed',
      error: { code: 'PKG-INTERRUPTED' },
      images: [{}],
      run: null,
    })
    expect(await containers()).toBe('')
  })

  test('are killed within ten seconds when they do not end', async () => {
    let stopped = 0
    const { exitCode } = await run({ IMAGE: 'base:1.4', RUN: 'sh ci/stubborn.sh' }, [], {
      during: async () => {
        await until(() => existsSync(file('started')))
        stopped = performance.now()
        await stopPipe(step)
      },
    })
    const took = performance.now() - stopped
    expect(exitCode).toBe(143)
    expect(took).toBeGreaterThan(5500)
    expect(took).toBeLessThan(10_000)
    expect(await containers()).toBe('')
  })

  test('end even when the pipe is killed outright, and their container with them', async () => {
    const { exitCode } = await run({ IMAGE: 'perl-base:5', RUN: 'perl ci/polite.pl' }, [], {
      during: async () => {
        await until(() => existsSync(file('started')))
        await stopPipe(step, 'KILL')
      },
    })
    expect(exitCode).toBe(137)
    await until(async () => (await containers()) === '')
    expect(existsSync(file('polite'))).toBe(true)
  })

  test('need a shell: an image without one is a clear error', async () => {
    const { exitCode, log } = await run({ IMAGE: 'no-shell:1', RUN: 'true' })
    expect(exitCode).toBe(2)
    expect(log).toContain('PKG-RUN-SHELL: crg.apkg.io/acme/no-shell:1 has neither /bin/sh nor bash.')
    expect(await result()).toMatchObject({
      outcome: 'run-failed',
      error: { code: 'PKG-RUN-SHELL' },
      images: [{}],
      run: null,
    })
    expect(await containers()).toBe('')
  })

  test('run in the shell of RUN_SHELL, or say that the image has none of that name', async () => {
    const dash = await run({
      IMAGE: 'node-base:26',
      RUN: 'echo "<\\$BASH_VERSION>"; echo \\$0',
      RUN_SHELL: 'sh',
    })
    expect(dash.output).toBe('<>\nsh\n')
    const options = await run({ IMAGE: 'node-base:26', RUN: 'shopt login_shell', RUN_SHELL: 'bash -l' })
    expect(options.output).toBe('login_shell    \ton\n')
    const none = await run({ IMAGE: 'base:1.4', RUN: 'true', RUN_SHELL: 'zsh' })
    expect(none.exitCode).toBe(2)
    expect(none.log).toContain('PKG-RUN-SHELL: crg.apkg.io/acme/base:1.4 has no program zsh.')
  })

  test('run in bash where the image has no /bin/sh', async () => {
    const { exitCode, output } = await run({ IMAGE: 'bash-only:1', RUN: 'echo "\\${BASH_VERSION%%.*}"' })
    expect(output).toMatch(/^\d\n$/)
    expect(exitCode).toBe(0)
  })

  test('get values as they are, whatever is in them, and no argument of a process holds one', async () => {
    const commands: string[] = []
    const { exitCode } = await run(
      {
        IMAGE: 'node-base:26',
        RUN: ['node -p "JSON.stringify(process.env)" > value', 'echo > started; sleep 2'],
        RUN_ENV: [
          'NASTY',
          'DEPLOY_TOKEN',
          'LIST=a b, c',
          'PATH=/usr/local/bin:/bin:/extra',
          'HOME=$BITBUCKET_CLONE_DIR/.home',
        ],
        NASTY: '$NASTY',
        DEPLOY_TOKEN: '$DEPLOY_TOKEN',
      },
      [],
      {
        during: async () => {
          await until(() => existsSync(file('started')))
          for (const { contained, command } of await processes(step)) if (contained) commands.push(command)
        },
      },
    )
    expect(exitCode).toBe(0)
    const env = JSON.parse(await read('value'))
    expect(env.NASTY).toBe(NASTY)
    expect(env).toMatchObject({
      DEPLOY_TOKEN: 'tok-3f9a1c77',
      LIST: 'a b, c',
      PATH: '/usr/local/bin:/bin:/extra',
      HOME: '/opt/atlassian/pipelines/agent/build/.home',
      CI: 'true',
      BITBUCKET_COMMIT: step.env.BITBUCKET_COMMIT,
      DOCKER_HOST: 'tcp://host.docker.internal:2375',
    })
    expect(existsSync(file('.home'))).toBe(true)
    expect(Object.keys(env).filter((name) => /TOKEN|SECRET/.test(name))).toEqual(['DEPLOY_TOKEN'])
    expect(commands.some((command) => command.includes('sleep 2'))).toBe(true)
    expect(
      commands.filter((command) => command.includes('tok-3f9a1c77') || command.includes('ünïcödé')),
    ).toEqual([])
  })

  test('get no variable that is not there: the pipe says so before it starts anything', async () => {
    const { exitCode, log } = await run({
      IMAGE: 'base:1.4',
      RUN: 'true',
      RUN_ENV: ['EMPTY'],
      EMPTY: '$EMPTY',
    })
    expect(exitCode).toBe(2)
    expect(log).toContain('- RUN_ENV: "EMPTY" is to be passed, but is empty; is the variable behind it set?')
  })

  test.each(['node-base:26', 'perl-base:5'])(
    'use git in a clone that belongs to another user (%s)',
    async (IMAGE) => {
      const { exitCode, output } = await run({
        IMAGE,
        RUN: 'git log --format=%s; git status --short src; git add src',
      })
      expect(output).toBe('first\n')
      expect(exitCode).toBe(0)
    },
  )

  test('build what the README builds, and find their cache again in the next pipeline', async () => {
    const readme = await readFile(join(project, 'README.md'), 'utf8')
    const [, plain = ''] = /<!-- run -->\n```yaml\n(.*?)```/s.exec(readme) ?? []
    const [, cached = ''] = /```yaml\n(definitions:\n {2}caches:\n.*?)```/s.exec(readme) ?? []
    const seen: boolean[] = []
    const options = {
      step: { files },
      carry: await mkdtemp(join(laboratory().world.dir, 'carry-')),
      during: async ({ build }: Step) => void seen.push(existsSync(join(build, '.cache/npm'))),
    }
    for (const yaml of [plain, cached, cached]) {
      const [outcome] = await runPipeline(laboratory(), yaml, options)
      expect(outcome?.log).toContain('\n+ npm ci\n')
      expect(outcome?.log).toContain('pass 1\n')
      expect(outcome?.exitCode).toBe(0)
    }
    expect(seen).toEqual([false, false, true])
  })

  test('run in runtime 3 as well, where no id is mapped', async () => {
    await using modern = await newStep({ runtime: 3, files })
    const { exitCode, rawLog } = await runScript(modern, [
      {
        pipe: PIPE,
        variables: {
          IMAGE: 'node-base:26',
          RUN: ['id -u', 'echo more >> src/sum.js', 'mkdir made && echo 1 > made/it'],
        },
      },
      'rm -r made',
    ])
    expect(rawLog).toContain('\n+ id -u\n1000\n')
    expect(exitCode).toBe(0)
  })

  test('reach the engine and the services of the step under host.docker.internal', async () => {
    const RUN = [
      'wget -qO- http://host.docker.internal:2375/version | head -c 12',
      'nc host.docker.internal 5432',
    ]
    const { rawLog } = await runScript(step, [
      'echo the database | busybox nc -l -p 5432 &',
      { pipe: PIPE, variables: { IMAGE: 'base:1.4', RUN } },
    ])
    expect(rawLog).toContain('\n{"Platform":+ nc host.docker.internal 5432\nthe database\n')
  })
})
