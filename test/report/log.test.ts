import { describe, expect, it } from 'vitest'
import { createLog } from '../../src/report/log.ts'

const lines = (options: { debug?: boolean; colours?: boolean }) => {
  const written: string[] = []
  const log = createLog({
    write: (text) => written.push(text),
    mask: (text) => text.replaceAll('secret', '****'),
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

  it('masks before it cleans and cuts: a secret across a cut, with white space, or of many lines', () => {
    const secret = `a\tb  c\n${'d'.repeat(100)}`
    const written: string[] = []
    const mask = (text: string) => text.replaceAll(secret, '****')
    const log = createLog({ write: (text) => written.push(text), mask, debug: false, colours: false })
    log.info(`it is ${secret}.`)
    log.warning(`${'x'.repeat(1950)}${secret}`)
    expect(written).toEqual(['INFO: it is ****.\n', `WARNING: ${'x'.repeat(1950)}****\n`])
  })

  it('lets no text from outside begin a line, draw, or fill the log', () => {
    const { log, written } = lines({ debug: true })
    log.warning('busy\n✔ all fine')
    log.error('failed\nINFO: forged\r✔ fine')
    log.debug('at a\nat b')
    log.info(`a\u001b[2Jb\u202ec\u00ad\u{e0041}`)
    log.info('x'.repeat(5000))
    expect(written.slice(0, 4)).toEqual([
      'WARNING: busy ✔ all fine\n',
      'ERROR: failed\n  INFO: forged\n  ✔ fine\n',
      'DEBUG: at a\n  at b\n',
      'INFO: abc\n',
    ])
    expect(written[4]).toMatch(/^INFO: x{1994}… \(3006 more characters\)\n$/)
  })

  it('sets tables in columns', () => {
    const { log, written } = lines({})
    log.table([
      ['a', 'bb'],
      ['ccc', 'a secret'],
    ])
    expect(written).toEqual(['INFO: a    bb\n', 'INFO: ccc  a ****\n'])
  })
})
