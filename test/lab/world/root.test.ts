import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { expect, test } from 'vitest'
import { describeInLaboratory, newStep } from '../attach.ts'
import { docker } from '../runner/step.ts'
import { inside, type Namespace, runInside } from './namespace.ts'
import { rootOf } from './root.ts'
import { trustRegistries } from './world.ts'

describeInLaboratory('The root of a step', () => {
  const folders = [
    '/etc',
    '/opt',
    '/usr/local/bin',
    '/usr/share',
    '/var/lib',
    '/srv',
    '/root',
    '/home',
    '/tmp',
  ]

  test('takes every write, and the machine stays as it was', async () => {
    const before = await machine()
    await using step = await newStep()
    const names = folders.map((folder) => join(folder, `written-in-${step.dir.split('/').at(-1)}`))
    await runInside(step, [
      'sh',
      '-ec',
      'for path; do echo here > "$path"; cat "$path"; done',
      'sh',
      ...names,
    ])
    await docker(step, ['pull', '--quiet', 'open.apkg.test/acme/base:1.4'])
    await docker(step, ['run', '--rm', 'open.apkg.test/acme/base:1.4', 'true'])
    expect(names.filter((name) => existsSync(name))).toEqual([])
    expect(await machine()).toEqual(before)
  })

  // Of mounts and the network what bears the laboratory's names: another engine may run on this machine.
  const machine = async () => ({
    settings: await listing('/etc'),
    programs: await listing('/usr/local/bin'),
    opt: readdirSync('/opt'),
    mounts: readFileSync('/proc/self/mountinfo', 'utf8').match(/.*packages-pull-lab-.*/g),
    links: readFileSync('/proc/self/net/dev', 'utf8').match(/\b(lab0|s\d+):/g),
  })

  const listing = async (folder: string) => {
    const { stdout } = await execa('find', [folder, '-xdev', '-printf', '%p %y %m %s %C@ %l\n'])
    return stdout.split('\n').sort()
  }

  test('is refused where it is not the one that the laboratory made', async () => {
    await using step = await newStep({ docker: false })
    // Another process than the namespace's, as after its end, when the number is given anew.
    const stranger: Namespace = { pid: process.pid, dir: step.dir }
    const refusal = 'is not in the root that the laboratory made for it'
    expect(() => inside(stranger, ['true'])).toThrow(refusal)
    expect(() => rootOf(stranger)).toThrow(refusal)
    await expect(trustRegistries(stranger)).rejects.toThrow(refusal)
    // The line itself refuses too, whenever it is used.
    const [file, ...args] = inside(step, ['echo', 'entered'])
    const elsewhere = args.map((arg) => (arg === `--target=${step.pid}` ? `--target=${process.pid}` : arg))
    const { exitCode, stdout, stderr } = await execa(file, elsewhere, { reject: false })
    expect([exitCode, stdout]).toEqual([127, ''])
    expect(stderr).toContain('/run/lab/enter-')
  })
})

describeInLaboratory('A laboratory in a chroot', () => {
  test('writes neither to the root of that nor to the one outside of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chroot-'))
    try {
      const program = [process.execPath, '--input-type=module', '--eval', PROBE]
      const unshare = ['--mount', '--propagation=unchanged', 'sh', '-ec', OUTSIDE, folder]
      const { stdout } = await execa('unshare', [...unshare, ...program], { cwd: import.meta.dirname })
      expect(stdout).toBe('written inside')
      expect(existsSync('/etc/packages-pull-probe')).toBe(false)
    } finally {
      await rmdir(folder)
    }
  })

  // Out there all is read-only: who breaks out fails, and harms nothing. Where these tests run in a chroot
  // themselves, its root may be no mount, which can neither be private nor read-only by itself.
  const OUTSIDE = `nsenter --mount=/proc/self/ns/mnt --wd=/ ./bin/busybox mount --make-rprivate /
mount --rbind / "$0"
mount -o remount,bind,ro / || true
exec chroot "$0" "$@"`

  const PROBE = `
import { openNamespace, runInside } from '${import.meta.dirname}/namespace.ts'
const namespace = await openNamespace('chroot')
const script = 'echo written inside > /etc/packages-pull-probe; cat /etc/packages-pull-probe'
const { stdout } = await runInside(namespace, ['sh', '-ec', script])
console.log(stdout)
await namespace.close()`
})
