import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { PipeError } from '../src/errors.ts'
import { failureText } from '../src/report/failure.ts'
import { createLog, type Log } from '../src/report/log.ts'
import { createSecrets } from '../src/secrets.ts'
import { shown } from '../src/text.ts'
import { writers } from './secret-scan.ts'

const maskOf = (secret: string, username?: string) => {
  const secrets = createSecrets()
  secrets.add(secret, username)
  return secrets.mask
}

const piecesIn = (text: string, secret: string) =>
  Array.from({ length: Math.max(0, secret.length - 11) }, (_, at) => secret.slice(at, at + 12)).filter(
    (piece) => text.includes(piece),
  )

const base64 = (text: string) => Buffer.from(text).toString('base64')

const SECRETS = [
  'ATATT3xFfGF0Ab9_x-Qz7Ab9_x-Ab9_x',
  'pa(ss)~w\'o!rd* 9"q<>&\\n',
  'correct  horse\tbattery staple',
  '-----BEGIN KEY-----\nMIIEvQIBADAN\nBgkqhkiG9w0\n-----END KEY-----',
  'pässwörter-ü€-🎉-noch-eins',
  '100%25-off-%41%2f%',
]

describe.each(Object.entries(writers))('a secret %s', (_, write) => {
  it.each(SECRETS)('is masked: %j', (secret) => {
    const form = write(secret)
    const masked = shown(`it was (${form})!`, maskOf(secret, 'x-packages'))
    expect(masked).toMatch(/^it was \(.*\*{4}.*\)!$/s)
    // In base64 of something else, the characters beside the secret's own hold a few of its bits.
    expect(piecesIn(masked.replaceAll(/\s/g, ''), secret.replaceAll(/\s/g, ''))).toEqual([])
    const ofAnother = write('Q'.repeat(secret.length))
    expect(piecesIn(masked, form).filter((piece) => !ofAnother.includes(piece))).toEqual([])
  })
})

describe('masking', () => {
  it('masks the longer one first; what is too short is no secret', () => {
    const secrets = createSecrets()
    for (const secret of ['p@ss/word', 'p@ss/word-and-more', 'ab', 'acme']) secrets.add(secret)
    expect(secrets.mask('p@ss/word-and-more p@ss/word p%40ss%2Fword about acme')).toBe(
      '**** **** **** about ****',
    )
  })

  it('masks what comes later from then on', () => {
    const secrets = createSecrets()
    secrets.add('first-secret')
    expect(secrets.mask('second-secret')).toBe('second-secret')
    secrets.add('second-secret')
    expect(secrets.mask('second-secret')).toBe('****')
  })

  it('masks a secret that somebody has cut, or lent a line end, an escape or an invisible character', () => {
    const mask = maskOf('ATATT3xFfGF0Ab9_x-Qz7')
    for (const form of [
      'TT3xFfGF0Ab9_x-Q',
      'ATATT3xFfGF0\n    Ab9_x-Qz7',
      'ATATT3\u200bxFfGF0\u001b[31mAb9_x-\u00adQz7',
      'atatt3xffgf0ab9_x-qz7',
    ])
      expect(mask(`<${form}>`)).toBe('<****>')
  })

  it('leaves our own words whole', () => {
    const mask = maskOf('my-postgres-password')
    const line = `Pulled crg.apkg.io/acme/my-postgres:1.4: sha256:${'11aa5e'.repeat(10)}ffff, 4096 B`
    expect(mask(line)).toBe(line)
  })

  it('takes time in proportion to the length of a text, whatever it repeats', () => {
    const secret = 'a'.repeat(200)
    const mask = maskOf(secret)
    const started = performance.now()
    for (const text of ['a', 'aaaaaab', '%25', '&amp;', '\\', '\u001b['])
      mask(text.repeat(Math.ceil(300_000 / text.length)))
    expect(performance.now() - started).toBeLessThan(5000)
  })
})

describe('for every secret, and every text around it', () => {
  const around = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.string({ unit: fc.constantFrom(...'%2\\u05&amp;#x"\' \t\n\u001b[]'), maxLength: 12 }),
    fc.string({ maxLength: 3 }).map((text) => text.repeat(900)),
  )
  const secret = fc
    .oneof(
      fc.string({
        unit: fc.constantFrom(...'abcXYZ019_-=+"\\ /.:@é%&<\'\n\t'),
        minLength: 12,
        maxLength: 220,
      }),
      fc.string({ unit: 'grapheme', minLength: 12, maxLength: 60 }),
      fc.base64String({ minLength: 16, maxLength: 80 }),
    )
    .map((text) => text.trim())
    // Twelve characters that nobody sees are none.
    .filter((text) => shown(text, (same) => same).replace(/\s/g, '').length >= 12)

  /** What a run lets out of a text that came to it from elsewhere. */
  const lettingOut = (text: string, mask: (text: string) => string): string => {
    const out: string[] = []
    const log = createLog({ write: (line) => out.push(line), mask, debug: true, colours: false })
    const cause = Object.assign(new Error(text), { detail: text, cause: new Error(text) })
    const error = new PipeError('PKG-ENGINE', text, { said: text, why: text, hint: text, cause })
    for (const each of ['info', 'warning', 'error', 'debug', 'success', 'fail'] as const satisfies Array<
      keyof Log
    >)
      log[each](text)
    log.table([[text, text], [text]])
    log.error(failureText(error, mask))
    log.debug(inspect(cause))
    out.push(JSON.stringify({ message: shown(text, mask), hint: shown(text, mask, 100) }))
    return out.join('')
  }

  it('no twelve characters of it come out, as it is or in another form', () => {
    const names = Object.keys(writers)
    fc.assert(
      fc.property(secret, around, around, fc.constantFrom(...names), (value, before, after, name) => {
        const form = writers[name]?.(value.toWellFormed()) ?? ''
        const text = lettingOut(before + form + after, maskOf(value, 'x-packages'))
        // What the text around happens to have is not the secret's.
        const own = lettingOut(before + after, (same) => same)
        expect(piecesIn(text, value).filter((piece) => !own.includes(piece))).toEqual([])
        if (name.startsWith('in base64') || name === 'in X-Registry-Auth')
          expect(piecesIn(text, base64(value).replace(/..?=*$/, ''))).toEqual([])
      }),
      { numRuns: 1000 },
    )
  }, 60_000)

  it('no twelve characters of it come out where it was cut', () => {
    fc.assert(
      fc.property(secret, around, fc.nat(), fc.nat(), (value, before, from, length) => {
        const start = from % value.length
        const piece = value.slice(start, start + 1 + (length % value.length))
        const text = lettingOut(before + piece, maskOf(value))
        const own = lettingOut(before, (same) => same)
        const visible = (each: string) => !/[\s\p{C}\p{Default_Ignorable_Code_Point}]/u.test(each)
        // Eleven characters and a quotation mark of ours are no piece.
        const leaks = piecesIn(text, value).filter((each) => visible(each) && piece.includes(each))
        expect(leaks.filter((each) => !own.includes(each))).toEqual([])
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('masking changes nothing where no secret is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(maskOf('k9Xw2Pq7Lm4Rt8VbZ')(text)).toBe(text)
      }),
    )
  })
})
