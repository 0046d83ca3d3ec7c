import { appendFile, chmod, copyFile, mkdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { cached, project } from '../cache.ts'
import { authority } from '../world/certificates.ts'
import { downloadPackage, mirror } from './debian.ts'

/** The base images of the project's Dockerfile, made from Debian's packages: their names and root tars. */
export const baseImages = async (): Promise<Record<string, string>> => {
  const [node, cli] = await Promise.all([nodeImage(), cliImage()])
  return { 'node:26-trixie': node, 'docker:28-cli': cli }
}

// Debian trixie, the Node of this project, and the laboratory's authority among those that are trusted.
const nodeImage = () =>
  cached('node_26-trixie-licensed.tar', async (temporary) => {
    console.log('laboratory: making a stand-in for node:26-trixie (once, half a minute)')
    const root = join(temporary, 'root')
    const packages = '--include=ca-certificates,binutils,libatomic1,libstdc++6'
    await execa('debootstrap', ['--variant=minbase', packages, 'trixie', root, (await mirror()).uri])
    const node = join(root, 'usr/local/bin/node')
    await copyFile(join(project, 'node_modules/node/bin/node'), node)
    await chmod(node, 0o755)
    // The package `node` brings none, and the image of this name has it here.
    await writeFile(join(root, 'usr/local/LICENSE'), 'Of the stand-in: Node.js is under the MIT license.\n')
    const certificate = await execa('cat', [join(await authority(), 'ca.crt')])
    await appendFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), `\n${certificate.stdout}\n`)
    return tarOf(root, ['--exclude=./var/cache/apt', '--exclude=./var/lib/apt/lists'])
  })

// Nothing but the CLI, which Debian builds in this version for sid, for every libc since bookworm's.
const cliImage = async (): Promise<string> => {
  const made = await cached('docker_28-cli', async (temporary) => {
    console.log('laboratory: making a stand-in for docker:28-cli (once)')
    const file = await downloadPackage(temporary, 'sid', 'docker-cli')
    await execa('dpkg-deb', ['--extract', file, 'deb'], { cwd: temporary })
    const folder = join(temporary, 'image')
    const root = join(folder, 'root')
    await mkdir(join(root, 'usr/local/bin'), { recursive: true })
    await rename(join(temporary, 'deb/usr/bin/docker'), join(root, 'usr/local/bin/docker'))
    await tarOf(root)
    return folder
  })
  // sid moves on: the name says 28, and what it is has to be told.
  const { stdout } = await execa(join(made, 'root/usr/local/bin/docker'), ['--version'])
  console.log(`laboratory: docker:28-cli is ${stdout}, from Debian sid on the day it was made`)
  return join(made, 'root.tar')
}

const tarOf = async (root: string, options: string[] = []): Promise<string> => {
  await execa('tar', [...options, '--numeric-owner', '-C', root, '-cf', `${root}.tar`, '.'])
  return `${root}.tar`
}
