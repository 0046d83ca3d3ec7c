import { describe, expect, it } from 'vitest'
import { type Code, PipeError } from '../../src/errors.ts'
import { isDefinite } from '../../src/lookup/definite.ts'

describe('a failure of the look-up', () => {
  it.each<Code>([
    'PKG-ACCESS-DENIED',
    'PKG-TAG-UNKNOWN',
    'PKG-PLATFORM',
    'PKG-INTEGRITY',
    'PKG-MANIFEST',
    'PKG-QUOTA',
    'PKG-REALM-REFUSED',
    'PKG-INTERNAL',
  ])('%s is the last word', (code) => {
    expect(isDefinite(new PipeError(code, 'failed'))).toBe(true)
  })

  it.each<Code>(['PKG-NETWORK', 'PKG-DNS', 'PKG-TLS-CA', 'PKG-NOT-A-REGISTRY', 'PKG-REGISTRY-UNAVAILABLE'])(
    '%s leaves it to the engine',
    (code) => {
      expect(isDefinite(new PipeError(code, 'failed'))).toBe(false)
    },
  )

  it('leaves it to the engine where something was not understood, also when more is said of it', () => {
    const error = new PipeError('PKG-MANIFEST', 'failed', { unclear: true })
    expect(isDefinite(error)).toBe(false)
    expect(isDefinite(error.with({ hint: 'Do something.' }))).toBe(false)
  })
})
