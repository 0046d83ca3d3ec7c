import type { Code } from '../../../src/errors.ts'
import { type Fault, registryError } from '../world/faults.ts'

/** What one run of the soak does, and what goes wrong around it. */
export interface Plan {
  number: number
  /** Which of the images, each of which only one run at a time asks for. */
  lane: number
  mode: Mode
  /** Whether the image is taken out of the engine before. */
  fresh: boolean
  fault: FaultName
  /** How often the fault happens; always unless told. */
  times: number | undefined
  /** A signal to the pipe so long after its container began. STOP is taken back a second later. */
  stop: { signal: Signal; after: number } | undefined
}

const modes = ['pull', 'store', 'missing', 'run'] as const
export type Mode = (typeof modes)[number]

const signals = ['INT', 'TERM', 'KILL', 'STOP'] as const
export type Signal = (typeof signals)[number]

interface Kind {
  fault: Omit<Fault, 'id' | 'path'>
  /** Which requests: those for blobs, or any. */
  at: 'blobs' | 'manifests'
  /** With what a run may end that met it more often than it tries again. */
  codes: readonly Code[]
}

/** How long nothing comes, in milliseconds: longer than a run waits. */
export const STALL = 30_000

/** What a registry and the way to it do wrong. */
export const kinds = {
  none: { fault: {}, at: 'blobs', codes: [] },
  // The engine waits longer and longer before it tries again, so that the time may be over first.
  'cut at once': { fault: { cutAfter: 0 }, at: 'blobs', codes: ['PKG-NETWORK', 'PKG-TIMEOUT'] },
  'truncated blob': { fault: { cutAfter: 300_000 }, at: 'blobs', codes: ['PKG-NETWORK', 'PKG-TIMEOUT'] },
  stall: { fault: { delay: STALL }, at: 'blobs', codes: ['PKG-TIMEOUT', 'PKG-NETWORK'] },
  slow: { fault: { bytesPerSecond: 1_500_000 }, at: 'blobs', codes: [] },
  '500 for a blob': {
    fault: { status: 500 },
    at: 'blobs',
    codes: ['PKG-REGISTRY-UNAVAILABLE', 'PKG-TIMEOUT'],
  },
  '503 for a manifest': { fault: { status: 503 }, at: 'manifests', codes: ['PKG-REGISTRY-UNAVAILABLE'] },
  '429 for a manifest': {
    fault: {
      status: 429,
      headers: { 'retry-after': '0' },
      body: registryError('TOOMANYREQUESTS', 'slow down'),
    },
    at: 'manifests',
    codes: ['PKG-RATE-LIMIT'],
  },
  'damaged blob': { fault: { flipAt: 1000 }, at: 'blobs', codes: ['PKG-INTEGRITY'] },
} as const satisfies Record<string, Kind>
export type FaultName = keyof typeof kinds

/**
 * What the runs of a soak do, the same for the same seed. Half of them meet a fault, a third are ended or held up by a
 * signal; a fault happens once, twice or always.
 */
export const plansOf = (seed: number, count: number, lanes: number): Plan[] => {
  const random = randomOf(seed)
  const among = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const faults = (Object.keys(kinds) as FaultName[]).filter((name) => name !== 'none')
  return Array.from({ length: count }, (_, number) => ({
    number,
    lane: number % lanes,
    mode: among(modes),
    fresh: random() < 0.7,
    fault: random() < 0.5 ? among(faults) : 'none',
    times: among([1, 2, undefined]),
    stop: random() < 0.33 ? { signal: among(signals), after: Math.floor(random() * 2500) } : undefined,
  }))
}

// mulberry32: small, and the same everywhere.
const randomOf = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
