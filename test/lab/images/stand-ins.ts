import { appendFile, chmod, copyFile, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { cached, project } from '../cache.ts'
import { authority } from '../world/certificates.ts'

/** The base images of the project's Dockerfile, made from Debian's packages: their names and root tars. */
export const baseImages = async (): Promise<Record<string, string>> => {
  const [node, cli] = await Promise.all([nodeImage(), cliImage()])
  return { 'node:26-trixie': node, 'docker:28-cli': cli }
}

// Debian trixie, the Node of this project, and the laboratory's authority among those that are trusted.
const nodeImage = () =>
  cached('node_26-trixie.tar', async (temporary) => {
    console.log('laboratory: making a stand-in for node:26-trixie (once, half a minute)')
    const root = join(temporary, 'root')
    const packages = '--include=ca-certificates,binutils,libatomic1,libstdc++6'
    await execa('debootstrap', ['--variant=minbase', packages, 'trixie', root, (await mirror()).uri])
    const node = join(root, 'usr/local/bin/node')
    await copyFile(join(project, 'node_modules/node/bin/node'), node)
    await chmod(node, 0o755)
    const certificate = await execa('cat', [join(await authority(), 'ca.crt')])
    await appendFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), `\n${certificate.stdout}\n`)
    return tarOf(root, [
      '--exclude=./var/cache/apt',
      '--exclude=./var/lib/apt/lists',
      '--exclude=./usr/share/doc',
    ])
  })

// Nothing but the CLI, which Debian builds in this version for sid, for every libc since bookworm's.
const cliImage = () =>
  cached('docker_28-cli.tar', async (temporary) => {
    console.log('laboratory: making a stand-in for docker:28-cli (once)')
    const apt = aptIn(temporary)
    await mkdir(join(temporary, 'lists/partial'), { recursive: true })
    const { uri, options } = await mirror()
    await writeFile(join(temporary, 'sources.list'), `deb ${options} ${uri} sid main\n`)
    await execa('apt-get', [...apt, 'update', '--quiet'])
    await execa('apt-get', [...apt, 'download', 'docker-cli'], { cwd: temporary })
    const file = (await readdir(temporary)).find((name) => name.endsWith('.deb')) ?? ''
    await execa('dpkg-deb', ['--extract', file, 'deb'], { cwd: temporary })
    const root = join(temporary, 'root')
    await mkdir(join(root, 'usr/local/bin'), { recursive: true })
    await cp(join(temporary, 'deb/usr/bin/docker'), join(root, 'usr/local/bin/docker'))
    return tarOf(root)
  })

// apt with lists, sources and a cache of its own, so that the machine's stay as they are.
const aptIn = (dir: string): string[] =>
  [
    `Dir::Etc::sourcelist=${dir}/sources.list`,
    'Dir::Etc::sourceparts=-',
    'Dir::Etc::trustedparts=/usr/share/keyrings',
    `Dir::State::lists=${dir}/lists`,
    `Dir::Cache=${dir}`,
    'APT::Sandbox::User=root',
  ].map((option) => `--option=${option}`)

// The mirror that this machine itself is configured for, trusted as the machine trusts it.
const mirror = async (): Promise<{ uri: string; options: string }> => {
  const format = '$(ORIGIN)|$(COMPONENT)|$(LABEL)|$(TRUSTED)|$(REPO_URI)'
  const { stdout } = await execa('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  const main = stdout.split('\n').map((line) => line.split('|'))
  const [, , , trusted, uri] =
    main.find(([origin, part, label]) => origin === 'Debian' && part === 'main' && label === 'Debian') ?? []
  if (!uri) throw new Error('apt knows no Debian mirror: run apt-get update')
  return { uri, options: trusted === 'yes' ? '[trusted=yes]' : '' }
}

const tarOf = async (root: string, options: string[] = []): Promise<string> => {
  await execa('tar', [...options, '--numeric-owner', '-C', root, '-cf', `${root}.tar`, '.'])
  return `${root}.tar`
}
