import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Code } from '../../src/errors.ts'
import { describeInLaboratory, laboratory, newStep } from './attach.ts'
import { pushBigImage } from './laboratory.ts'
import { onEngine } from './runner/engine.ts'
import { buildFolder } from './runner/layout.ts'
import { processes } from './runner/observe.ts'
import { PIPE, pipeLog } from './runner/pipe.ts'
import { runScript } from './runner/run.ts'
import type { Step } from './runner/step.ts'
import { setFaults } from './world/faults.ts'
import { runInside, stopService } from './world/namespace.ts'
import { startRegistry } from './world/registry.ts'

const IMAGE = 'crg.apkg.io/acme/big:faults'
const STORE = '.images'

interface Row {
  name: string
  /** Shell, run in the step as its root, before the pipe starts; `restore` takes it back. */
  before?: string
  restore?: string
  /** Done once blobs are on their way, which is a megabyte a second then. */
  during?: (step: Step) => Promise<void>
  runOptions?: string[]
  variables?: Record<string, string>
  /** With what the pipe ends; 0 and no code where it delivers all the same. */
  exitCode: number
  code?: Code
}

const inStepAsRoot = (step: Step, script: string) => runInside(step, ['sh', '-ec', script])

const rows: Row[] = [
  {
    name: 'a link cut within a blob, for good',
    during: async (step) => void (await inStepAsRoot(step, 'ip link set eth0 down')),
    restore: 'ip link set eth0 up; ip route add default via 192.0.2.1 2> /dev/null || :',
    variables: { STORE, TIMEOUT: '8s' },
    exitCode: 124,
    code: 'PKG-TIMEOUT',
  },
  {
    name: 'a link cut within a blob, for 2 s',
    during: async (step) => {
      await inStepAsRoot(
        step,
        'route=$(ip route show default); ip link set eth0 down; sleep 2; ip link set eth0 up; ip route add $route || :',
      )
    },
    variables: { STORE },
    exitCode: 0,
  },
  {
    name: 'a slow link',
    before: 'tc qdisc add dev eth0 root tbf rate 400kbit burst 16kbit latency 100ms',
    restore: 'tc qdisc del dev eth0 root',
    variables: { STORE },
    exitCode: 0,
  },
  {
    name: 'a link that loses 5 % of the packets',
    before:
      'for c in INPUT OUTPUT FORWARD; do iptables -I $c -p tcp ! -d 127.0.0.0/8 -m statistic --mode random --probability 0.05 -j DROP; done',
    restore:
      'for c in INPUT OUTPUT FORWARD; do iptables -D $c -p tcp ! -d 127.0.0.0/8 -m statistic --mode random --probability 0.05 -j DROP; done',
    variables: { STORE },
    exitCode: 0,
  },
  {
    name: 'a registry killed within a blob',
    during: async () => {
      await stopService(laboratory().world, 'crg.apkg.io', 'KILL')
      await sleep(3000)
      await startRegistry(laboratory().world, 'crg.apkg.io')
    },
    variables: { STORE },
    exitCode: 0,
  },
  {
    name: 'a disk full where the store is',
    before: `mkdir -m 777 -p ${STORE}; mount -t tmpfs -o size=2m,mode=777 tmpfs ${STORE}`,
    restore: `umount ${STORE}`,
    variables: { STORE },
    exitCode: 10,
    code: 'PKG-DISK-FULL',
  },
  {
    name: 'a clone that is read-only',
    runOptions: [
      '--volume=$BITBUCKET_CLONE_DIR:$BITBUCKET_CLONE_DIR/read-only:ro',
      '--env=STORE=read-only/images',
    ],
    exitCode: 10,
    code: 'PKG-STORE',
  },
  {
    name: 'a /dev/shm and a /tmp that are full',
    runOptions: ['--read-only', '--shm-size=4096', '--tmpfs=/tmp:size=4k'],
    variables: { STORE },
    exitCode: 0,
  },
  {
    name: 'too few descriptors',
    runOptions: ['--ulimit=nofile=24:24'],
    variables: { STORE },
    exitCode: 9,
    code: 'PKG-ENGINE',
  },
]

describeInLaboratory('In a world that fails the pipe', () => {
  let step: Step
  beforeAll(async () => {
    await pushBigImage(laboratory().world, 'acme/big:faults', 3_000_000, 3)
    step = await newStep({ front: true })
  })
  afterEach(() => setFaults(laboratory().world, []))
  afterAll(() => step.close())

  const run = async (row: Pick<Row, 'variables' | 'during' | 'runOptions'>) => {
    await onEngine(step, ['image', 'rm', '--force', IMAGE], { reject: false })
    await setFaults(
      laboratory().world,
      row.during ? [{ path: '/v2/acme/big/blobs/', bytesPerSecond: 1_000_000 }] : [],
    )
    const { exitCode, rawLog } = await runScript(
      step,
      [{ pipe: PIPE, variables: { IMAGE: 'big:faults', NO_COLOR: '1', ...row.variables } }],
      {
        ...(row.runOptions && { runOptions: row.runOptions }),
        during: async () => {
          if (row.during === undefined) return
          await isTransferring(step)
          await row.during(step)
        },
      },
    )
    return { exitCode, log: pipeLog(rawLog) }
  }

  test.each(rows)(
    'holds against, or explains, $name',
    async ({ before, restore, exitCode, code, ...row }) => {
      await inStepAsRoot(step, `cd ${buildFolder}; rm -rf ${STORE}; ${before ?? ':'}`)
      const outcome = await run(row).finally(() => inStepAsRoot(step, `cd ${buildFolder}; ${restore ?? ':'}`))
      expect(outcome).toEqual({ exitCode, log: expect.stringContaining(code ? `ERROR: ${code}: ` : IMAGE) })
      expect(outcome.log).not.toMatch(/PKG-INTERNAL|\n\s+at .+:\d+:\d+/)
      expect(await runningIn(step)).toEqual([])
      // Whatever it was, it is over: the same command works, and goes on with the parts that are there.
      expect(await run({ variables: { STORE } })).toMatchObject({ exitCode: 0 })
      expect([...(await runningIn(step)), ...(await partsIn(step))]).toEqual([])
    },
  )
})

const isTransferring = async (step: Step): Promise<void> => {
  const log = join(laboratory().world.dir, 'front.log')
  const count = async () => (await readFile(log, 'utf8')).split('/v2/acme/big/blobs/').length
  const before = await count()
  for (let i = 0; i < 200 && (await count()) === before; i++) await sleep(50)
  await sleep(700)
  expect((await processes(step)).some(({ contained }) => contained)).toBe(true)
}

const runningIn = async (step: Step): Promise<string[]> =>
  (await processes(step)).filter(({ contained }) => contained).map(({ command }) => command)

const partsIn = async (step: Step): Promise<string[]> =>
  (await readdir(join(step.build, STORE, 'blobs/sha256'))).filter((name) => name.endsWith('.part'))
