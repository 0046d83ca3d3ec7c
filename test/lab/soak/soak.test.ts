import { describe, expect, test } from 'vitest'
import { describeInLaboratory, laboratory } from '../attach.ts'
import { judge } from './judge.ts'
import { type Plan, plansOf } from './plan.ts'
import { soak } from './soak.ts'

describeInLaboratory('A soak of 8 runs', () => {
  test('ends with no failure that is not explained, and nothing left behind', async () => {
    const { success, explained, unexplained, leaks, failures } = await soak(laboratory(), {
      runs: 8,
      seed: 6,
    })
    expect({ unexplained, leaks, failures }).toEqual({ unexplained: 0, leaks: [], failures: [] })
    expect(success).toBeGreaterThan(0)
    expect(success + explained).toBe(8)
  })
})

describe('A soak', () => {
  test('does the same for the same seed, and something else for another', () => {
    expect(plansOf(7, 50, 2)).toEqual(plansOf(7, 50, 2))
    expect(plansOf(7, 50, 2)).not.toEqual(plansOf(8, 50, 2))
  })

  const plan: Plan = {
    number: 0,
    lane: 0,
    mode: 'pull',
    fresh: true,
    fault: 'none',
    times: undefined,
    stop: undefined,
  }
  const network = { exitCode: 8, log: 'ERROR: PKG-NETWORK: gone\n', seconds: 1, stopped: false, held: false }
  const killed = { ...plan, stop: { signal: 'TERM', after: 1 } } as const
  const cut = { ...plan, fault: 'cut at once' } as const

  test.each([
    ['success', plan, { ...network, exitCode: 0, log: '' }],
    ['explained', cut, network],
    // Nothing was wrong with the network, or no longer; or the exit code is of another code; or no code is named.
    ['unexplained', plan, network],
    ['unexplained', { ...cut, times: 1 }, network],
    ['unexplained', cut, { ...network, exitCode: 9 }],
    ['unexplained', cut, { ...network, log: 'gone\n' }],
    ['unexplained', cut, { ...network, exitCode: 1, log: 'ERROR: PKG-INTERNAL: oh\n' }],
    ['unexplained', cut, { ...network, seconds: 60 }],
    ['unexplained', plan, { ...network, exitCode: 0, log: 'ok\n    at read (file:///a.mjs:1:2)\n' }],
    [
      'explained',
      killed,
      { exitCode: 143, log: 'ERROR: PKG-INTERRUPTED: x\n', seconds: 1, stopped: true, held: false },
    ],
    ['unexplained', killed, { exitCode: 143, log: '', seconds: 1, stopped: true, held: false }],
    [
      'unexplained',
      killed,
      { exitCode: 143, log: 'ERROR: PKG-INTERRUPTED: x\n', seconds: 1, stopped: false, held: false },
    ],
  ] as const)('calls a run %s: %j %j', (verdict, planned, ended) => {
    expect(judge(planned, ended)).toBe(verdict)
  })
})
