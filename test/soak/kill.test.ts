import { expect, it } from 'vitest'
import { killPipes } from './kill.ts'

it('A pipe that is ended at any moment leaves nothing, and the same command then succeeds', async () => {
  const killed = await killPipes(6, () => {})
  expect(killed.filter(({ faults }) => faults.length > 0)).toEqual([])
}, 60_000)
