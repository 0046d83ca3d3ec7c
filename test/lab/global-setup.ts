import type { TestProject } from 'vitest/node'
import { whyNot } from './install.ts'
import { type Laboratory, openLaboratory } from './laboratory.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The laboratory, or why there is none. */
    laboratory: Laboratory | string
  }
}

/** Starts the laboratory once for all test files; it ends with the test run, however that ends. */
export const setup = async (project: TestProject): Promise<(() => Promise<void>) | undefined> => {
  const reason = await whyNot()
  if (reason !== undefined) {
    if (process.env.CI === 'true') throw new Error(`The laboratory must run where CI=true, but ${reason}`)
    project.provide('laboratory', reason)
    return undefined
  }
  const { laboratory, close } = await openLaboratory()
  project.provide('laboratory', laboratory)
  return close
}
