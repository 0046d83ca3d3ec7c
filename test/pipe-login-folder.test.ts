import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { imageManifest, serveBasic, servePackage } from './fake-package.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { runPipe, TOKEN, USERNAME } from './run-pipe.ts'

let registry: FakeRegistry
beforeAll(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  servePackage(registry, 'acme/base', { '1.4': imageManifest('base') })
})
afterAll(() => registry.close())

/** Runs the pipe in a mount namespace of its own, after a shell has changed what is mounted there. */
const runWhere = (script: string, variables: Record<string, string> = {}) =>
  runPipe({
    registry,
    variables: { TMPDIR: '/tmp', ...variables },
    wrapper: ['/usr/bin/unshare', '--mount', '/bin/sh', '-ec', `${script}\nexec "$0" "$@"`],
  })

const SHM = 'PATH=/usr/bin:/bin:/sbin mount -t tmpfs'
const unusable: Record<string, string> = {
  'that is read-only': `${SHM} -o ro tmpfs /dev/shm`,
  'that is full': `${SHM} -o size=4k tmpfs /dev/shm; /usr/bin/head -c 4096 /dev/zero > /dev/shm/full`,
  'that is a link to a folder': `${SHM} tmpfs /mnt; /bin/mkdir /mnt/dev /mnt/elsewhere; for each in null urandom random zero; do : > /mnt/dev/$each; /bin/mount --bind /dev/$each /mnt/dev/$each; done; /bin/ln -s /mnt/elsewhere /mnt/dev/shm; /bin/mount --rbind /mnt/dev /dev`,
  'without room for files': `${SHM} -o nr_inodes=1 tmpfs /dev/shm`,
  'that is not there': `/bin/umount /dev/shm 2> /dev/null || :; ${SHM} tmpfs /mnt; /bin/mkdir /mnt/dev; for each in null urandom random zero; do : > /mnt/dev/$each; /bin/mount --bind /dev/$each /mnt/dev/$each; done; /bin/mount --rbind /mnt/dev /dev`,
}

// Only root may mount.
describe.runIf(process.getuid?.() === 0)('the folder of a login, with a /dev/shm', () => {
  it.each(Object.entries(unusable))('%s, is where temporary files are', async (_name, script) => {
    const { exitCode, log, calls } = await runWhere(script)
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Signed in')])
    const login = calls().find(({ args }) => args[0] === 'login')
    expect(dirname(login?.config.folder ?? '')).toBe('/tmp')
    expect(login?.config.mode).toBe('600')
  })

  it('of another user, is where temporary files are', async () => {
    // Without the right of root to write anywhere.
    const drop = 'exec /usr/bin/setpriv --bounding-set=-dac_override "$0" "$@"'
    const { exitCode, log, calls } = await runWhere(`${SHM} -o mode=755,uid=65534 tmpfs /dev/shm; ${drop}`)
    expect([exitCode, log]).toEqual([0, expect.stringContaining('Signed in')])
    const login = calls().find(({ args }) => args[0] === 'login')
    expect(dirname(login?.config.folder ?? '')).toBe('/tmp')
  })

  it.each(Object.entries(unusable))(
    '%s, and no place for temporary files, is an error',
    async (_name, script) => {
      const { exitCode, log } = await runWhere(script, { TMPDIR: '/nowhere' })
      expect([exitCode, log]).toEqual([
        10,
        expect.stringContaining('ERROR: PKG-TEMP-FOLDER: There is no place'),
      ])
    },
  )
})
