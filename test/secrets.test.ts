import { describe, expect, it } from 'vitest'
import { createSecrets } from '../src/secrets.ts'

describe('secrets', () => {
  it('are masked raw and encoded, the longer one first; what is too short is no secret', () => {
    const secrets = createSecrets()
    for (const secret of ['p@ss/word', 'p@ss/word-and-more', 'ab']) secrets.add(secret)
    expect(secrets.mask('p@ss/word-and-more p@ss/word p%40ss%2Fword about')).toBe('**** **** **** about')
  })

  it('that come later are masked from then on', () => {
    const secrets = createSecrets()
    secrets.add('first-secret')
    expect(secrets.mask('second-secret')).toBe('second-secret')
    secrets.add('second-secret')
    expect(secrets.mask('second-secret')).toBe('****')
  })
})
