import { describe, inject } from 'vitest'
import type { Laboratory } from './laboratory.ts'
import { openStep, type Step, type StepOptions } from './runner/step.ts'

const provided = inject('laboratory')

/** The laboratory that `global-setup.ts` started; throws where there is none. */
export const laboratory = (): Laboratory => {
  if (typeof provided === 'string') throw new Error(`There is no laboratory: ${provided}`)
  return provided
}

/** `describe` for tests that need the laboratory: skipped, with the reason in its title, where it cannot run. */
export const describeInLaboratory = (title: string, tests: () => void): void => {
  if (typeof provided === 'string') describe.skip(`${title} (no laboratory: ${provided})`, tests)
  else describe(title, tests)
}

/** A step of the laboratory with the pipe's image in its engine; close it, or `await using` it. */
export const newStep = async (options: StepOptions = {}): Promise<Step & AsyncDisposable> => {
  const { world, pipeImage } = laboratory()
  const step = await openStep(world, { pipeImage, ...options })
  return { ...step, [Symbol.asyncDispose]: step.close }
}
