import { connect } from 'node:net'
import { json } from 'node:stream/consumers'
import { describe, inject } from 'vitest'
import type { Answer } from './global-setup.ts'
import type { Laboratory } from './laboratory.ts'
import { openStep, type Step, type StepOptions } from './runner/step.ts'

// The first test file to come here waits until the laboratory is up.
const answer = (await json(connect(inject('laboratory')))) as Answer
if ('failed' in answer) throw new Error(`The laboratory could not be set up. ${answer.failed}`)

/** The laboratory that `global-setup.ts` started; throws where there is none. */
export const laboratory = (): Laboratory => {
  if ('none' in answer) throw new Error(`There is no laboratory: ${answer.none}`)
  return answer.laboratory
}

/** `describe` for tests that need the laboratory: skipped, with the reason in its title, where it cannot run. */
export const describeInLaboratory = (title: string, tests: () => void): void => {
  if ('none' in answer) describe.skip(`${title} (no laboratory: ${answer.none})`, tests)
  else describe(title, tests)
}

/** A step of the laboratory with the pipe's image in its engine; close it, or `await using` it. */
export const newStep = async (options: StepOptions = {}): Promise<Step & AsyncDisposable> => {
  const { world, pipeImage } = laboratory()
  const step = await openStep(world, { pipeImage, ...options })
  return { ...step, [Symbol.asyncDispose]: step.close }
}
