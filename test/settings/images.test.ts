import { describe, expect, it } from 'vitest'
import { failureOf, problemsOf, settingsOf } from './fixture.ts'

const A = `sha256:${'a'.repeat(64)}`
const B = `sha256:${'b'.repeat(64)}`

const names = (IMAGE: string) => settingsOf({ IMAGE }).images.map(({ name, tag }) => `${name}:${tag}`)

describe('IMAGE', () => {
  it.each([
    ['$UNSET', 'is "$UNSET": is that variable set, and its name spelt right?'],
    ['', 'is empty: is the variable behind it set'],
    [' \n', 'is empty: is the variable behind it set'],
    [undefined, 'is missing. Allowed:'],
    ['base:', 'is the variable behind it set?'],
    ['base:$TAG', 'was a variable not replaced?'],
    ['base:feature/login', 'make a slug of it before the pipe (${BITBUCKET_BRANCH//\\//-})'],
    ['crg.apkg.io/acme/base:feature/login', 'and write "crg.apkg.io/acme/base:feature-login"'],
    ['base:1234/fix', 'make a slug of it before the pipe'],
    ['base:1234/fix', 'if you mean that registry, write the tag: "base:1234/fix:latest"'],
    ['Acme/base:1.4', 'did you mean "acme/base:1.4"?'],
    ['acme/Base:1.4', 'did you mean "acme/base:1.4"?'],
    ['crg.apgk.io/acme/base:1.4', 'did you mean "crg.apkg.io/acme/base:1.4"?'],
    ['["base:1.4"]', 'is a list inside of quotes'],
    ['["base:1.4", "tools:2"]', 'is a list inside of quotes'],
    ['[base:1.4, tools:2]', 'is a list inside of quotes'],
    ['- base:1.4\n- tools:2', 'is a list after "|" or inside of quotes'],
    ['"base:1.4"', 'are there quotation marks inside of others?'],
    ["base:1.4'", 'are there quotation marks inside of others?'],
    ['https://crg.apkg.io/acme/base', 'it begins with "https://"; write it without'],
    [A, 'it is the id of an image in an engine'],
    ['a'.repeat(64), 'it is the id of an image in an engine'],
    ['1.2.3.256/x:1', '"1.2.3.256" is neither a host name nor an address'],
    ['example.com:99999/x:1', '"99999" is not a port'],
  ])('%j is explained', (IMAGE, words) => {
    expect(problemsOf({ IMAGE })).toContain(words)
    expect(problemsOf({ IMAGE }).split('\n')).toHaveLength(2)
  })

  it('has each of its problems once, and a mark at the end of each', () => {
    const lines = problemsOf({ IMAGE: 'base:1.4@x Acme/b base:1.4@x' }).split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[2]).toContain('"acme/b"? Allowed:')
    expect(lines.join('')).not.toMatch(/[?.]\./)
  })

  it.each([
    'localhost:5000/base',
    'registry:5000/acme/base:1',
    `registry:5000/acme/base@${A}`,
    '[::1]:5000/base',
    'ghcr.io/acme/base',
    'CRG.apkg.io/acme/base',
  ])('takes %s', (IMAGE) => {
    expect(names(IMAGE)).toHaveLength(1)
  })

  it('takes a registry without a dot where REGISTRY names it', () => {
    expect(settingsOf({ IMAGE: 'registry:5000/acme/base', REGISTRY: 'registry:5000' }).images).toHaveLength(1)
  })

  it('writes names of Docker Hub in their long form', () => {
    expect(names('docker.io/alpine:3.20 index.docker.io/acme/tools:2')).toEqual([
      'docker.io/library/alpine:3.20',
      'docker.io/acme/tools:2',
    ])
    expect(settingsOf({ IMAGE: 'base', REGISTRY: 'index.docker.io' })).toMatchObject({
      registry: 'docker.io',
      images: [{ name: 'docker.io/acme/base' }],
    })
  })

  it('takes what is listed twice once, however it is written', () => {
    expect(names('base:1.4 tools base:1.4 crg.apkg.io/acme/base:1.4 tools:latest')).toEqual([
      'crg.apkg.io/acme/base:1.4',
      'crg.apkg.io/acme/tools:latest',
    ])
    expect(settingsOf({ IMAGE: `base:1@${A} base:1@${A} base@${A} base@${B}` }).images).toHaveLength(3)
  })

  it.each([
    ['base:1', `base:1@${A}`],
    [`base:1@${A}`, `acme/base:1@${B}`],
    [`docker.io/alpine:3@${A}`, 'index.docker.io/library/alpine:3'],
  ])('refuses two images under one tag: %s and %s', (one, other) => {
    expect(problemsOf({ IMAGE: `${one} ${other}` })).toContain('would be two images under one tag')
  })

  it('is not blamed for a registry that no name can begin with', () => {
    const { message } = failureOf({ REGISTRY: 'example' })
    expect(message).toContain('REGISTRY: "example" is not a host name of a registry')
    expect(message).not.toContain('IMAGE')
  })
})
