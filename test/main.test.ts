import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { fakeDocker } from './fake-docker.ts'

it.each(['SIGTERM', 'SIGINT'] as const)(
  'the process ends by itself after %s, with its report and the exit code of the signal',
  async (signal) => {
    const docker = fakeDocker({ version: { script: 'exec sleep 30' } })
    const child = spawn(process.execPath, [new URL('../src/main.ts', import.meta.url).pathname], {
      env: { PATH: docker.path, NO_COLOR: '1', IMAGE: 'localhost:1/a/b:1', MAX_ATTEMPTS: '1' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const log = text(child.stdout)
    const ended = once(child, 'exit')
    for (let i = 0; i < 200 && docker.calls().length === 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    child.kill(signal)
    expect(await ended).toEqual([signal === 'SIGTERM' ? 143 : 130, null])
    expect(await log).toContain(`PKG-INTERRUPTED: The pipe was ended by ${signal}.`)
  },
)
