import { expect, it } from 'vitest'
import { start } from '../../src/engine/container.ts'

it('no container is made for a step that was stopped before', async () => {
  const commands: string[] = []
  const docker = async ([command = '']: readonly string[]) => {
    commands.push(command)
    return ''
  }
  const reason = new Error('SIGTERM')
  const container = {
    name: 'a',
    image: 'b',
    command: ['sh'],
    folder: '/c',
    workingFolder: '/c',
    host: undefined,
  }
  await expect(start(docker, { ...container, signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  expect(commands).toEqual([])
})
