import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'

/** The mirror that this machine itself is configured for, trusted as the machine trusts it. */
export const mirror = async (): Promise<{ uri: string; options: string }> => {
  const format = '$(ORIGIN)|$(COMPONENT)|$(LABEL)|$(TRUSTED)|$(REPO_URI)'
  const { stdout } = await execa('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'])
  const main = stdout.split('\n').map((line) => line.split('|'))
  const [, , , trusted, uri] =
    main.find(([origin, part, label]) => origin === 'Debian' && part === 'main' && label === 'Debian') ?? []
  if (!uri) throw new Error('apt knows no Debian mirror: run apt-get update')
  return { uri, options: trusted === 'yes' ? '[trusted=yes]' : '' }
}

/** Downloads one package of a suite into an empty folder; answers the file's name, which tells the version. */
export const downloadPackage = async (dir: string, suite: string, name: string): Promise<string> => {
  const apt = await aptFor(dir, suite)
  await execa('apt-get', [...apt, 'download', name], { cwd: dir })
  return (await readdir(dir)).find((file) => file.endsWith('.deb')) ?? ''
}

/**
 * Unpacks packages of a suite, and all that they depend on, into the folder `root` below an empty folder. None
 * of them is configured, which is what takes the time of debootstrap: there are no users, and no alternatives.
 */
export const unpackPackages = async (
  dir: string,
  suite: string,
  names: readonly string[],
): Promise<string> => {
  const apt = await aptFor(dir, suite)
  const options = ['--yes', '--quiet', '--no-install-recommends', '--download-only']
  await execa('apt-get', [...apt, 'install', ...options, ...names])
  const root = join(dir, 'root')
  // Where the links of merged /usr are: packages must not make folders of these names.
  for (const folder of ['bin', 'sbin', 'lib', 'lib64'])
    await mkdir(join(root, 'usr', folder), { recursive: true })
  await execa('ln', ['--symbolic', ...['bin', 'sbin', 'lib', 'lib64'].map((name) => `usr/${name}`), root])
  const unpack = 'for deb; do dpkg-deb --fsys-tarfile "$deb" | tar -C "$0" -x --keep-directory-symlink; done'
  const files = (await readdir(join(dir, 'archives'))).filter((name) => name.endsWith('.deb'))
  await execa('sh', ['-ec', unpack, root, ...files.map((name) => join(dir, 'archives', name))])
  return root
}

// apt with lists, sources and a cache of its own, and with nothing installed, so that the machine's stay as they are.
const aptFor = async (dir: string, suite: string): Promise<string[]> => {
  const { uri, options } = await mirror()
  for (const folder of ['lists', 'archives']) await mkdir(join(dir, folder, 'partial'), { recursive: true })
  await writeFile(join(dir, 'sources.list'), `deb ${options} ${uri} ${suite} main\n`)
  await writeFile(join(dir, 'status'), '')
  const apt = [
    `Dir::Etc::sourcelist=${dir}/sources.list`,
    'Dir::Etc::sourceparts=-',
    'Dir::Etc::trustedparts=/usr/share/keyrings',
    `Dir::State::lists=${dir}/lists`,
    `Dir::State::status=${dir}/status`,
    `Dir::Cache=${dir}`,
    'APT::Sandbox::User=root',
  ].map((option) => `--option=${option}`)
  await execa('apt-get', [...apt, 'update', '--quiet'])
  return apt
}
