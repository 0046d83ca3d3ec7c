import { realpath, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { project } from '../cache.ts'
import type { World } from '../world/world.ts'
import { busybox, type Fill, programs, textFile } from './layers.ts'
import { pushImage } from './test-images.ts'

// Images that teams build in: private packages of `acme/app`, made of this machine's own programs.

/** Node, npm, git and bash, for a user of its own, with an ENTRYPOINT that is in the way. */
export const nodeBase = (world: World) =>
  push(world, 'acme/node-base:26', [busybox, users, node, npm, tools, entrypoint], {
    User: 'node',
    Entrypoint: ['/bin/entrypoint'],
    Env: ['PATH=/usr/local/bin:/bin', 'FROM_IMAGE=yes'],
  })

/** Perl and no bash, for root, with a git that knows as little as those before 2.38. */
export const perlBase = (world: World) => push(world, 'acme/perl-base:5', [busybox, users, perl, oldGit])

/** Bash, and not even a /bin/sh besides. */
export const bashOnly = (world: World) =>
  push(world, 'acme/bash-only:1', [programs({ 'bin/bash': '/bin/bash' })])

/** One program that is no shell. */
export const noShell = (world: World) =>
  push(world, 'acme/no-shell:1', [programs({ 'bin/true': '/bin/busybox' })])

const push = (world: World, name: string, layers: Fill[], config: Record<string, unknown> = {}) =>
  pushImage(world, ['crg.apkg.io'], name, { layers, level: 1, config })

const users = async (dir: string): Promise<void> => {
  await textFile('etc/passwd', 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/bash\n')(dir)
  await textFile('etc/group', 'root:x:0:\nnode:x:1000:\n')(dir)
  await execa('install', ['--directory', '--mode=777', join(dir, 'home/node'), join(dir, 'root')])
}

const node = programs({ 'usr/local/bin/node': join(project, 'node_modules/node/bin/node') })

// The npm of this machine: what runs the tests came with it.
const npm = async (dir: string): Promise<void> => {
  const { stdout: program } = await execa('which', ['npm'])
  const folder = dirname(dirname(await realpath(program)))
  await execa('install', [
    '--directory',
    ...['usr/local/bin', 'usr/local/lib', 'usr/bin'].map((name) => join(dir, name)),
  ])
  await execa('cp', ['--recursive', folder, join(dir, 'usr/local/lib/npm')])
  await symlink('../lib/npm/bin/npm-cli.js', join(dir, 'usr/local/bin/npm'))
  await symlink('/bin/env', join(dir, 'usr/bin/env'))
}

const tools = programs({ 'bin/git': '/usr/bin/git', 'bin/bash': '/bin/bash' })

const entrypoint = textFile('bin/entrypoint', '#!/bin/sh\necho "the entrypoint ran: $*"\nexit 99\n', 0o755)

const perl = async (dir: string): Promise<void> => {
  const { stdout } = await execa('perl', ['-e', 'print grep { m:/perl-base$: } @INC'])
  await programs({ 'bin/perl': '/usr/bin/perl' }, stdout)(dir)
}

const oldGit = async (dir: string): Promise<void> => {
  await programs({ 'usr/lib/git': '/usr/bin/git' })(dir)
  await textFile('bin/git', '#!/bin/sh\nexec env -u GIT_CONFIG_COUNT /usr/lib/git "$@"\n', 0o755)(dir)
}
