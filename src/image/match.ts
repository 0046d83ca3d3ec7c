import type { Machine } from './machine.ts'
import { formatPlatform, normalizePlatform, type Platform } from './platform.ts'

export interface Matcher {
  /** Whether a machine of the wanted platform runs images of this one. */
  matches: (platform: Platform) => boolean
  /** For sorting: puts the better of two platforms first; 0 if neither is better, so that their order stays. */
  compare: (a: Platform, b: Platform) => number
}

/**
 * Judges platforms by what a machine of the wanted platform runs, as containerd's `platforms.Only` does: older
 * variants, 32-bit arm on arm64, 386 on amd64.
 */
export const matchPlatform = (wanted: Platform): Matcher => {
  const own = normalizePlatform(wanted)
  const runnable = runnableBy(own).map(machineName)
  const rank = (platform: Platform) => {
    const normal = normalizePlatform(platform)
    const position = normal.os === own.os ? runnable.indexOf(machineName(normal)) : -1
    return position < 0 ? NEVER : position
  }
  return {
    matches: (platform) => rank(platform) < NEVER,
    compare: (a, b) => rank(a) - rank(b),
  }
}

/**
 * The descriptor of an index that a machine of the wanted platform pulls, or undefined. As in the engine, one
 * without a platform is taken if no other fits: only its configuration tells what it is for.
 */
export const choosePlatform = <T extends { platform?: Platform | undefined }>(
  descriptors: readonly T[],
  wanted: Platform,
): T | undefined => {
  const { matches, compare } = matchPlatform(wanted)
  const fitting = descriptors.flatMap((descriptor) =>
    descriptor.platform !== undefined && matches(descriptor.platform)
      ? [{ descriptor, platform: descriptor.platform }]
      : [],
  )
  fitting.sort((a, b) => compare(a.platform, b.platform))
  return fitting[0]?.descriptor ?? descriptors.find(({ platform }) => platform === undefined)
}

/** The platforms that an index offers, written out, each once, without attestations (`unknown/unknown`). */
export const listPlatforms = (descriptors: readonly { platform?: Platform | undefined }[]): string[] => {
  const named = descriptors.flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
  return [...new Set(named.filter(({ os }) => os !== 'unknown' && os !== '').map(formatPlatform))]
}

/** Whether two platforms are one, however each is spelt. */
export const isSamePlatform = (a: Platform, b: Platform): boolean =>
  formatPlatform(normalizePlatform(a)) === formatPlatform(normalizePlatform(b))

// Ranks after everything that runs.
const NEVER = 1000

const machineName = ({ architecture, variant }: Machine) => `${architecture}/${variant}`

/** What a machine runs, best first: its own kind, older variants, then the 32-bit sibling. */
const runnableBy = (machine: Machine): Machine[] => {
  const { architecture } = machine
  const [major, minor] = versionOf(machine.variant)
  const variants = (list: string[]) => list.map((variant) => normalize({ architecture, variant }))
  switch (architecture) {
    case 'amd64':
      return [machine, ...variants(down(major - 1, 1).map((each) => `v${each}`)), X86]
    case 'arm':
      return [machine, ...variants(down(major - 1, 5).map((each) => `v${each}`))]
    case 'arm64': {
      const generation = machine.variant === '' ? 8 : major
      const same = down(minor - 1, 0).map((each) => `v${generation}.${each}`)
      // Armv9.0 began as Armv8.5, and the line of Armv8 ended with 8.9.
      const before = generation === 9 ? down(Math.min(minor + 5, 9), 0).map((each) => `v8.${each}`) : []
      return [machine, ...variants([...same, ...before]), ...runnableBy(ARM_V8)]
    }
    default:
      return [machine]
  }
}

const X86: Machine = { architecture: '386', variant: '' }
const ARM_V8: Machine = { architecture: 'arm', variant: 'v8' }

const normalize = (machine: Machine): Machine => normalizePlatform({ os: '', ...machine })

const versionOf = (variant: string): [number, number] => {
  const [, major, minor] = /^v(\d{1,2})(?:\.(\d))?$/.exec(variant) ?? []
  return [Number(major ?? 0), Number(minor ?? 0)]
}

const down = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, from - to + 1) }, (_, index) => from - index)
