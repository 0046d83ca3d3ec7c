import { describe, expect, it } from 'vitest'
import { zstdWords } from '../../src/engine/classes.ts'
import { engineError } from '../../src/engine/failure.ts'

const LIST = ['image', 'ls', '--no-trunc', '--digests', '--format', '{{.ID}}']
const PULL = ['pull', 'crg.apkg.io/acme/base:1.4']

describe('a missing engine', () => {
  it.each([
    LIST,
    ['info', '--format', '{{json .DriverStatus}}'],
    ['version'],
    PULL,
    ['load', '--quiet'],
    ['tag', 'a', 'b'],
  ])('is told by the service that the step needs, not by the command %s %s', (...args) => {
    const { code, message } = engineError(
      args,
      'Cannot connect to the Docker daemon at tcp://192.0.2.1:2375. Is the docker daemon running?',
    )
    expect([code, message]).toEqual([
      'PKG-ENGINE-UNREACHABLE',
      'No Docker engine answers: the step needs "services: [docker]".',
    ])
  })

  it('is not one that memory ended while it worked', () => {
    const { code, message } = engineError(PULL, 'failed to register layer: signal: killed')
    expect([code, message]).toEqual([
      'PKG-ENGINE-UNREACHABLE',
      'crg.apkg.io/acme/base:1.4 could not be pulled.',
    ])
  })
})

describe('a failure whose code has several causes', () => {
  it.each([
    [
      'failed to register layer: Error processing tar file(exit status 1): unexpected EOF',
      /Engines before 23 .*zstd/,
      /23 or later.*gzip/,
    ],
    ['failed to register layer: unexpected EOF', /not a complete tar archive/, /push it again/],
    ['Error response from daemon: unknown blob', /lost a part of it/, /Push the image again/],
    ['failed to register layer: max depth exceeded', /more layers than/, /fewer layers/],
    [
      'Error response from daemon: Encountered remote "application/vnd.cncf.helm.config.v1+json"(unknown) when fetching',
      /not a container image/,
      /program that made them/,
    ],
  ])('is explained by its own words: %s', (stderr, why, hint) => {
    const error = engineError(PULL, stderr)
    expect([error.code, error.retryable, error.said]).toEqual(['PKG-MANIFEST', false, stderr])
    expect(error.why).toMatch(why)
    expect(error.hint).toMatch(hint)
  })

  it('names the version of the engine where it is known', () => {
    expect(zstdWords('20.10.24').why).toBe(
      'This engine is 20.10.24; it cannot read layers that are compressed with zstd, which needs 23 or later.',
    )
  })
})

describe('the archive of a load', () => {
  it('is at fault where it ends too early, and is not loaded again', () => {
    const error = engineError(['load', '--quiet'], 'Error response from daemon: unexpected EOF')
    expect([error.code, error.retryable]).toEqual(['PKG-ENGINE', false])
    expect(error.hint).toContain('STORE')
  })
})
