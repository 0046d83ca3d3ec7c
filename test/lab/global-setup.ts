import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { whyNot } from './install.ts'
import { type Laboratory, openLaboratory } from './laboratory.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** The socket at which `attach.ts` asks for the laboratory. */
    laboratory: string
  }
}

/** The laboratory; why there is none on this machine; or what failed where it has to be. */
export type Answer = { laboratory: Laboratory } | { none: string } | { failed: string }

/**
 * Lets the first test file that asks start the laboratory, for all of them: what is done here is done before any
 * unit test, which neither wait for a laboratory nor need one. It ends with the test run, however that ends.
 */
export const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const dir = await mkdtemp(join(tmpdir(), 'packages-pull-ask-'))
  let opening: ReturnType<typeof open> | undefined
  const server = createServer(async (asked) => {
    opening ??= open()
    asked.on('error', () => {}).end(JSON.stringify((await opening).answer))
  })
  await once(server.listen(join(dir, 'socket')), 'listening')
  project.provide('laboratory', join(dir, 'socket'))
  return async () => {
    server.close()
    await (await opening)?.close?.()
    await rm(dir, { recursive: true })
  }
}

const open = async (): Promise<{ answer: Answer; close?: () => Promise<void> }> => {
  try {
    const none = await whyNot()
    if (none === undefined) {
      const { laboratory, close } = await openLaboratory()
      return { answer: { laboratory }, close }
    }
    if (process.env.CI === 'true') return { answer: { failed: `It must run where CI=true, but ${none}` } }
    console.log(`laboratory: its tests are skipped, because ${none}`)
    return { answer: { none } }
  } catch (error) {
    return { answer: { failed: error instanceof Error ? error.message : String(error) } }
  }
}
