import { describe, expect, it } from 'vitest'
import { itemsOf, lookUp, lookUpRaw } from '../../src/settings/environment.ts'

describe('a variable', () => {
  it.each([
    ['that is absent', undefined],
    ['that is empty', ''],
    ['that is white space', ' \n'],
    ['whose reference Bitbucket did not expand', '$BITBUCKET_PACKAGES_TOKEN'],
    ['whose braced reference Bitbucket did not expand', '${BITBUCKET_PACKAGES_TOKEN}'],
  ])('%s is unset', (_, value) => {
    expect(lookUp({ X: value }, 'X')).toBeUndefined()
  })

  it.each(['a$B', '$B c', '$1', '$', '${a b}', '\\$A'])('of the value %s is set', (value) => {
    expect(lookUp({ X: value }, 'X')).toBe(value)
  })

  it('is taken without the white space around it, which YAML block scalars leave', () => {
    expect(lookUp({ X: ' a b\n' }, 'X')).toBe('a b')
  })
})

describe('a list variable', () => {
  it('arrives as a count and numbered items', () => {
    expect(lookUpRaw({ X_COUNT: '2', X_0: 'a', X_1: 'b c' }, 'X')).toEqual(['a', 'b c'])
  })

  it('leaves unset items out', () => {
    expect(lookUpRaw({ X_COUNT: '3', X_0: 'a', X_1: '$B', X_2: '' }, 'X')).toEqual(['a'])
  })

  it.each([
    ['an empty list', { X_COUNT: '0' }],
    ['a list of unset items', { X_COUNT: '1', X_0: '${B}' }],
    ['neither form', {}],
  ])('is unset with %s', (_, env) => {
    expect(lookUpRaw(env, 'X')).toBeUndefined()
  })

  it.each([
    ['a count that is no number', { X_COUNT: 'two', X_0: 'a' }, 'X_COUNT is "two"'],
    ['a count beyond reason', { X_COUNT: '9999' }, 'not a number of items up to 1000'],
    ['a missing item', { X_COUNT: '2', X_0: 'a' }, 'but X_1 is missing'],
    ['both forms', { X_COUNT: '1', X_0: 'a', X: 'b' }, 'both as one value and as a list'],
  ])('is refused with %s', (_, env, message) => {
    expect(() => lookUpRaw(env, 'X')).toThrow(message)
  })

  it.each([
    ['newlines', 'a\nb\r\nc', ['a', 'b', 'c']],
    ['commas', 'a,b, c,', ['a', 'b', 'c']],
    ['white space', ' a  b\tc ', ['a', 'b', 'c']],
  ])('as one string is split at %s', (_, text, items) => {
    expect(itemsOf(text)).toEqual(items)
  })
})
