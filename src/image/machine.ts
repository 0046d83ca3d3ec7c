// The names are those of Go's src/internal/syslist.
const systems =
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris windows zos'.split(
    ' ',
  )

/** Every architecture by Go's names, which images use. */
export const architectures: readonly string[] =
  '386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm'.split(
    ' ',
  )

/** Whether this is an operating system by Go's names. */
export const isSystem = (os: string): boolean => systems.includes(os)

/** Whether this is an architecture by Go's names. */
export const isArchitecture = (architecture: string): boolean => architectures.includes(architecture)

/** A kind of machine: an architecture and its variant, `arm` and `v7`. */
export interface Machine {
  architecture: string
  variant: string
}

/** The name that Go has for an operating system. */
export const normalizeOs = (os: string): string => {
  const lower = os.toLowerCase()
  return lower === 'macos' ? 'darwin' : lower
}

/**
 * Go's names for an architecture and its variant. The usual variant is left out, except on arm, where no variant has
 * always meant v7.
 */
export const normalizeArchitecture = (architecture: string, variant: string | undefined): Machine => {
  const named = architecture.toLowerCase()
  const version = (variant ?? '')
    .toLowerCase()
    .replace(/^(?=\d)/, 'v')
    .replace(/\.0$/, '')
  switch (named) {
    case 'i386':
      return { architecture: '386', variant: '' }
    case 'x86_64':
    case 'x86-64':
    case 'amd64':
      return { architecture: 'amd64', variant: version === 'v1' ? '' : version }
    case 'aarch64':
    case 'arm64':
      return { architecture: 'arm64', variant: version === 'v8' ? '' : version }
    case 'armhf':
      return { architecture: 'arm', variant: 'v7' }
    case 'armel':
      return { architecture: 'arm', variant: 'v6' }
    case 'arm':
      return { architecture: 'arm', variant: version === '' ? 'v7' : version }
    default:
      return { architecture: named, variant: (variant ?? '').toLowerCase() }
  }
}
