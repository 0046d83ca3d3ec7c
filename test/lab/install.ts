import { rm, writeFile } from 'node:fs/promises'
import { execa } from 'execa'
import { exists } from './cache.ts'

// What the laboratory calls: a program, and the Debian package that brings it.
const programs = {
  '/usr/sbin/dockerd': 'docker.io',
  '/usr/bin/docker': 'docker.io',
  '/usr/bin/docker-registry': 'docker-registry',
  '/usr/bin/htpasswd': 'apache2-utils',
  '/usr/sbin/iptables': 'iptables',
  '/usr/sbin/debootstrap': 'debootstrap',
  '/usr/sbin/dnsmasq': 'dnsmasq-base',
  '/bin/busybox': 'busybox-static',
  '/sbin/ip': 'iproute2',
  '/usr/bin/git': 'git',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/skopeo': 'skopeo',
  '/usr/bin/zstd': 'zstd',
  '/usr/bin/nsenter': 'util-linux',
  '/usr/bin/xz': 'xz-utils',
  '/etc/ssl/certs/ca-certificates.crt': 'ca-certificates',
  '/usr/share/keyrings/debian-archive-keyring.gpg': 'debian-archive-keyring',
}

/** Why the laboratory cannot run on this machine, or undefined when it can. */
export const whyNot = async (): Promise<string | undefined> => {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}`
  if (process.getuid?.() !== 0) return 'it needs root, for namespaces and a Docker engine of its own'
  if (!(await exists('/usr/bin/apt-get'))) return 'it needs Debian: there is no apt-get here'
  const namespace = await execa(
    'unshare',
    ['--net', '--mount', '--propagation=unchanged', '--pid', '--fork', 'true'],
    { reject: false },
  )
  return namespace.failed ? `no namespaces can be made here: ${namespace.stderr}` : undefined
}

/** Installs the Debian packages of the laboratory that are missing, without starting their services. */
export const installPackages = async (): Promise<void> => {
  const missing = new Set<string>()
  for (const [path, name] of Object.entries(programs)) if (!(await exists(path))) missing.add(name)
  if (missing.size === 0) return
  console.log(`laboratory: installing ${[...missing].join(' ')}`)
  await withoutServices(async () => {
    const env = { DEBIAN_FRONTEND: 'noninteractive' }
    const install = ['install', '--yes', '--quiet', '--no-install-recommends', ...missing]
    const first = await execa('apt-get', install, { env, reject: false })
    if (!first.failed) return
    await execa('apt-get', ['update', '--quiet'], { env })
    await execa('apt-get', install, { env })
  })
}

// Debian starts a service when its package is installed, unless this script forbids it.
const policy = '/usr/sbin/policy-rc.d'

const withoutServices = async (action: () => Promise<void>): Promise<void> => {
  if (await exists(policy)) return action()
  await writeFile(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    await action()
  } finally {
    await rm(policy)
  }
}
