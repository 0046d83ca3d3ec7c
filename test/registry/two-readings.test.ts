import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { keyOfTwoReadings } from '../../src/registry/two-readings.ts'

describe('a document that two programs read as two', () => {
  it.each([
    ['a key twice', '{"layers":[],"layers":null}', 'layers'],
    ['a key twice, once with escaped letters', '{"layers":[],"\\u006cayers":[]}', 'layers'],
    ['a key in capital letters', '{"Config":{}}', 'Config'],
    ['a key in other letters beside the right one', '{"mediaType":"a","mediatype":"b"}', 'mediatype'],
    ['letters that Go folds: a long s', '{"layer\u017f":[]}', 'layer\u017f'],
    ['letters that Go folds: the sign of Kelvin', '{"config":{},"\u212aonfig":1,"a":{"a":1,"a":2}}', 'a'],
    ['a key deep inside', '{"layers":[{"digest":"a"},{"digest":"b","Digest":"c"}]}', 'Digest'],
    ['a key far before its colon', `{"layers"${' '.repeat(1000)}:[],"layers"\n:1}`, 'layers'],
    ['a key behind a text with brackets', '{"a":"}{\\"","Size":1}', 'Size'],
    ['an annotation twice', '{"annotations":{"a":"1","a":"2"}}', 'a'],
  ])('is found by %s', (_name, text, key) => {
    expect(keyOfTwoReadings(text)).toBe(key)
  })

  it.each([
    ['an index', '{"manifests":[{"platform":{"os":"linux","os.version":"1"}},{"platform":{"os":"linux"}}]}'],
    ['annotations that differ in their case', '{"annotations":{"Config":"a","config":"b"}}'],
    ['labels that differ in their case', '{"config":{"Labels":{"Size":"a","size":"b"},"Cmd":["a"]}}'],
    [
      'the keys of docker in a configuration',
      '{"config":{"User":"","Env":[],"Volumes":{"/a":{},"/A":{}}},"os":"linux"}',
    ],
    ['texts that look like keys', '["layers","layers",{"a":"Config"}]'],
  ])('is not %s', (_name, text) => {
    expect(keyOfTwoReadings(text)).toBeUndefined()
  })

  it('is no document that JSON.stringify wrote from lower-case keys', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, (_key, each) =>
          each !== null && typeof each === 'object' && !Array.isArray(each)
            ? Object.fromEntries(Object.entries(each).map(([key, item], at) => [`k${at}-${key}`, item]))
            : each,
        )
        expect(keyOfTwoReadings(text)).toBeUndefined()
      }),
    )
  })

  it('is looked for in a text of 10 MB, and in one of quotes and backslashes', () => {
    expect(keyOfTwoReadings(JSON.stringify({ a: 'b'.repeat(1e7), layers: 1 }))).toBeUndefined()
    expect(keyOfTwoReadings(JSON.stringify({ a: '"\\'.repeat(1e6), Layers: 1 }))).toBe('Layers')
  })

  it('is always found where a key stands twice', () => {
    fc.assert(
      fc.property(fc.string(), fc.jsonValue(), (key, value) => {
        const pair = `${JSON.stringify(key)}:${JSON.stringify(value)}`
        // What is inside of the value may be found before.
        expect(keyOfTwoReadings(`[{${pair},${pair}}]`)).toBeDefined()
      }),
    )
  })
})
