import { expect, it } from 'vitest'
import { parseJson } from '../src/json.ts'

it.each([
  ['lists in lists', `${'['.repeat(600)}${']'.repeat(600)}`],
  ['two million levels', '['.repeat(2e6)],
  ['many numbers', `[${'0,'.repeat(200_001)}0]`],
  ['many objects', `[${'{},'.repeat(100_001)}{}]`],
  ['what is no JSON', 'no'],
])('reads nothing of %s', (_name, text) => {
  expect(parseJson(text)).toBeUndefined()
  expect(parseJson(Buffer.from(text))).toBeUndefined()
})

it('reads an index of ten thousand images', () => {
  const text = JSON.stringify(Array(10_000).fill({ mediaType: 'a', digest: 'b', platform: { os: 'c' } }))
  expect(parseJson(text)).toHaveLength(10_000)
})

it('reads less where less is expected', () => {
  expect(parseJson('[1,2,3]', { items: 3 })).toEqual([1, 2, 3])
  expect(parseJson('[1,2,3,4]', { items: 3 })).toBeUndefined()
  expect(parseJson('[[[]]]', { depth: 2 })).toBeUndefined()
})
