import { describe, expect, it } from 'vitest'
import { createLog, seconds, size } from '../../src/report/log.ts'

const lines = (options: { debug?: boolean; colours?: boolean }) => {
  const written: string[] = []
  const log = createLog({
    write: (text) => written.push(text),
    redact: (text) => text.replaceAll('secret', '****'),
    debug: options.debug ?? false,
    colours: options.colours ?? false,
  })
  return { log, written }
}

describe('the log', () => {
  it('writes lines in the style of Atlassian’s pipes, with secrets masked', () => {
    const { log, written } = lines({})
    log.info('a secret')
    log.warning('b')
    log.error('c')
    log.success('d')
    log.fail('e')
    expect(written).toEqual(['INFO: a ****\n', 'WARNING: b\n', 'ERROR: c\n', '✔ d\n', '✖ e\n'])
  })

  it('is quiet about details until DEBUG asks for them', () => {
    const quiet = lines({})
    quiet.log.debug('a')
    const loud = lines({ debug: true })
    loud.log.debug('a')
    expect([quiet.written, loud.written]).toEqual([[], ['DEBUG: a\n']])
  })

  it('has the colours that Bitbucket renders, line by line', () => {
    const { log, written } = lines({ colours: true })
    log.error('a\n  b')
    expect(written).toEqual(['\u001b[31mERROR: a\u001b[0m\n\u001b[31m  b\u001b[0m\n'])
  })
})

describe('figures', () => {
  it.each([
    [0, '0.0 s'],
    [449, '0.4 s'],
    [9_949, '9.9 s'],
    [12_400, '12 s'],
    [125_000, '2 min 5 s'],
  ])('show %d ms as %s', (milliseconds, text) => {
    expect(seconds(milliseconds)).toBe(text)
  })

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [2_148_000, '2.1 MB'],
    [488_000_000, '488 MB'],
    [1_160_000_000, '1.2 GB'],
  ])('show %d bytes as %s', (bytes, text) => {
    expect(size(bytes)).toBe(text)
  })
})
