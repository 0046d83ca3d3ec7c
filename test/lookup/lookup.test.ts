import { describe, expect, it } from 'vitest'
import { PipeError } from '../../src/errors.ts'
import { expandReference } from '../../src/image/reference.ts'
import type { Clients } from '../../src/lookup/clients.ts'
import { createLookup } from '../../src/lookup/lookup.ts'

const find = (clients: Clients, image = 'base:1.4') =>
  createLookup({
    registry: 'crg.apkg.io',
    builtIn: { kind: 'built-in', username: 'x-packages', secret: 's' },
    apiToken: undefined,
    repository: 'acme/app',
    clients,
    wanted: async () => ({ os: 'linux', architecture: 'amd64' }),
    platform: undefined,
  }).find(expandReference(image, { registry: 'crg.apkg.io', workspace: 'acme' }))

const throwing = (error: unknown): Clients => ({
  get: () => {
    throw error
  },
  getOnce: () => {
    throw error
  },
  close: async () => {},
})

describe('whatever is thrown while an image is looked up', () => {
  it.each([new TypeError('Invalid URL'), new Error('anything'), 'a text'])(
    'is a failure of that image: %s',
    async (thrown) => {
      const { error } = await find(throwing(thrown))
      expect(error).toMatchObject({ code: 'PKG-INTERNAL' })
    },
  )

  it('keeps its code where it has one', async () => {
    const finding = await find(throwing(new PipeError('PKG-NETWORK', 'no route')))
    expect(finding).toMatchObject({ error: { code: 'PKG-NETWORK' }, definite: false })
  })
})
