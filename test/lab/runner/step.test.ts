import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInLaboratory, laboratory, newStep } from '../attach.ts'
import { setRules } from '../world/grants.ts'
import { served, startRegistry, stopRegistry } from '../world/registry.ts'
import { processes } from './observe.ts'
import { runScript } from './run.ts'
import { docker, type Step } from './step.ts'

const login =
  'echo "$BITBUCKET_PACKAGES_TOKEN" | docker login --username "$BITBUCKET_PACKAGES_USERNAME" --password-stdin'

describeInLaboratory('A step of the laboratory', () => {
  let step: Step
  beforeAll(async () => {
    step = await newStep()
  })
  afterAll(() => step.close())

  const script = (...items: string[]) => runScript(step, items)

  test('does not sign in with a token that was not issued', async () => {
    const { exitCode, log } = await script(
      'echo wrong | docker login --username someone --password-stdin crg.apkg.io',
    )
    expect(exitCode).toBe(1)
    expect(log).toContain('unauthorized')
  })

  test('signs in with its own pair and reads the packages of its repository from Bearer, Basic and open registries', async () => {
    const { log } = await script(
      `${login} crg.apkg.io`,
      `${login} basic.apkg.test`,
      'docker pull --quiet crg.apkg.io/acme/base:1.4',
      'docker pull --quiet basic.apkg.test/acme/base:1.4',
      'docker pull --quiet open.apkg.test/acme/base:1.4',
      'docker run --rm crg.apkg.io/acme/base:1.4 cat /proc/self/uid_map',
    )
    expect(log).toMatch(/ +0 +165536 +65536\n$/)
    const { digest } = laboratory().images['acme/base:1.4']
    const { stdout } = await docker(step, [
      'image',
      'inspect',
      '--format={{json .RepoDigests}}',
      'crg.apkg.io/acme/base:1.4',
    ])
    expect(JSON.parse(String(stdout))).toContain(`crg.apkg.io/acme/base@${digest}`)
  })

  test.each([
    ['unscoped', 'denied: requested access to the resource is denied'],
    [401, 'unauthorized: requested access to the resource is denied'],
    [403, 'acme/other/manifests/1": denied'],
  ] as const)('is refused the package of another repository (%s)', async (foreign, message) => {
    await setRules(laboratory().world, { foreign })
    const { exitCode, log } = await script(`${login} crg.apkg.io`, 'docker pull crg.apkg.io/acme/other:1')
    await setRules(laboratory().world, { foreign: 'unscoped' })
    expect(exitCode).toBe(1)
    expect(log).toContain(message)
  })

  test.each([
    ['--privileged', '--privileged=true is not allowed'],
    ['--mount=type=tmpfs,destination=/x', '--mounts is not allowed'],
    ['-v=/etc:/x', '-v only supports $BITBUCKET_CLONE_DIR and its subdirectories'],
    ['-v=$BITBUCKET_CLONE_DIR/../..:/x', '-v only supports $BITBUCKET_CLONE_DIR and its subdirectories'],
    ['--platform=linux/arm64', 'Command not supported.'],
  ])('may not run a container with %s', async (flag, why) => {
    const { exitCode, log } = await script(`docker run --rm "${flag}" crg.apkg.io/acme/base:1.4 true`)
    expect(exitCode).not.toBe(0)
    expect(log).toContain(`Error response from daemon: authorization denied by plugin pipelines: ${why}`)
  })

  test('may mount folders of its clone', async () => {
    const { log } = await script(
      'docker run --rm -v=$PWD:/x crg.apkg.io/acme/base:1.4 touch /x/made && ls -ln made',
    )
    expect(log).toMatch(/ 165536 165536 /)
  })

  test('may build with BuildKit, which asks the engine by /session and /grpc', async () => {
    const { exitCode, log } = await script(
      `${login} crg.apkg.io`,
      'docker pull --quiet crg.apkg.io/acme/base:1.4',
      'printf "FROM crg.apkg.io/acme/base:1.4\nRUN cp /etc/platform /made\n" > Dockerfile',
      'DOCKER_BUILDKIT=1 docker build --progress=plain --tag built .',
      'docker run --rm built cat /made',
      'rm Dockerfile',
    )
    expect([exitCode, log]).toEqual([0, expect.stringMatching(/\nlinux\/\w+\n\+ rm Dockerfile\n$/)])
    expect(log).toContain('load build definition from Dockerfile')
  })

  test('cannot pull an image with an id that the engine cannot map', async () => {
    const { log } = await script(`${login} crg.apkg.io`, 'docker pull crg.apkg.io/acme/biguid:1')
    expect(log).toContain('70000 cannot be mapped to a host ID')
  })

  test('has its token masked in the log, but not when it is encoded', async () => {
    const { log, rawLog } = await script(
      'echo "$BITBUCKET_PACKAGES_TOKEN"; echo "$BITBUCKET_PACKAGES_TOKEN" | base64 -w0',
    )
    expect(log).toContain('\n$BITBUCKET_PACKAGES_TOKEN\n')
    expect(rawLog).toContain(step.grant.password)
    expect(log).toContain(Buffer.from(`${step.grant.password}\n`).toString('base64'))
  })

  test('shows what runs in it, containers apart', async () => {
    let seen: Awaited<ReturnType<typeof processes>> = []
    await runScript(step, ['docker run --rm crg.apkg.io/acme/base:1.4 sleep 1.5'], {
      during: async () => {
        for (let i = 0; i < 100 && !seen.some(({ command }) => command === 'sleep 1.5'); i++) {
          await pause(50)
          seen = await processes(step)
        }
      },
    })
    expect(seen.filter(({ contained }) => contained).map(({ command }) => command)).toEqual(['sleep 1.5'])
    expect(seen.map(({ command }) => command.split(' ')[0])).toContain('dockerd')
  })

  test('finds a registry refusing connections while that is stopped', async () => {
    const { world } = laboratory()
    await stopRegistry(world, 'open.apkg.test')
    const down = await script('docker pull open.apkg.test/acme/base:1.4')
    await startRegistry(world, 'open.apkg.test')
    const up = await script('docker pull open.apkg.test/acme/base:1.4')
    expect(down.log).toContain('connection refused')
    expect(up.exitCode).toBe(0)
  })

  test('is seen by the registry, request by request', async () => {
    const before = (await served(laboratory().world, 'crg.apkg.io')).length
    await script(`${login} crg.apkg.io`, 'docker pull --quiet crg.apkg.io/acme/tools:2')
    const requests = (await served(laboratory().world, 'crg.apkg.io')).slice(before)
    const blobs = requests.filter(({ uri, status }) => uri.includes('/blobs/') && status === 200)
    const [size] = Object.values(laboratory().images['acme/tools:2'].sizes)
    expect(blobs.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(size ?? 0)
    expect(blobs.length).toBeGreaterThan(0)
  })
})

describeInLaboratory('The clone of a step', () => {
  test('is a repository whose origin is reached by the proxy that its git config names', async () => {
    await using step = await newStep({ docker: false, gitProxy: true, files: { 'src/a.txt': 'a\n' } })
    const { log } = await runScript(step, [
      'git status --short; git rev-parse HEAD; echo $BITBUCKET_COMMIT; git branch --show-current',
      'git config --get "http.$BITBUCKET_GIT_HTTP_ORIGIN.proxy"',
      'echo b > b.txt; git add b.txt; git -c user.name=a -c user.email=a commit --quiet --message=second',
      'git push --quiet origin main; git fetch origin; git log --format=%s origin/main',
    ])
    const lines = log
      .split('\n')
      .filter((line) => !line.startsWith('+ ') && !/^From |FETCH_HEAD|^ \*/.test(line))
    const commit = step.env.BITBUCKET_COMMIT
    expect(lines).toEqual([commit, commit, 'main', 'http://localhost:29418/', 'second', 'first', ''])
  })
})

describeInLaboratory('A step with little memory', () => {
  test('has a container killed that exceeds what the docker service may use', async () => {
    await using step = await newStep({ memory: 256 })
    const { exitCode } = await runScript(step, [
      'docker run --rm open.apkg.test/acme/base:1.4 tail /dev/zero',
    ])
    expect(exitCode).toBe(137)
  })
})

describeInLaboratory('A step that was closed', () => {
  test('leaves no process, mount, network, control group or file', async () => {
    const step = await newStep()
    const own = namespaceOf(`${step.pid}`)
    // The step's first process, its engine and containerd at the least.
    const before = processesIn(own)
    expect(before.length).toBeGreaterThan(2)
    await step.close()
    // Those and no others, for the next namespace of this machine may get the same number; and who entered from
    // outside is there until its parent, out there, has noticed its end.
    await expect
      .poll(() => processesIn(own).filter((pid) => before.includes(pid)), { timeout: 5000 })
      .toEqual([])
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(step.dir)
    expect(readFileSync('/proc/self/net/dev', 'utf8')).not.toMatch(/\b(lab0|s\d+):/)
    expect(() => statSync(step.dir)).toThrow()
    expect(filesNamed('/sys/fs/cgroup', step.dir.split('/').at(-1) ?? '')).toEqual([])
  })

  // By namespace and not by name: another laboratory may run on this machine.
  const namespaceOf = (pid: string): string => {
    try {
      return readlinkSync(join('/proc', pid, 'ns/pid'))
    } catch {
      return ''
    }
  }

  const processesIn = (namespace: string) =>
    readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && namespaceOf(pid) === namespace)

  const filesNamed = (dir: string, name: string): string[] =>
    readdirSync(dir, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap((entry) => {
        const path = join(dir, entry.name)
        return entry.name === name ? [path] : filesNamed(path, name)
      })
})

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
