import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseAst } from 'rolldown/parseAst'
import { analyse } from 'scslre'
import { describe, expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

interface Found {
  file: string
  expression: RegExp
}

/** The regular expressions that are written in a file. */
const writtenIn = (file: string): Found[] => {
  const found: Found[] = []
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    const { regex } = node as { regex?: { pattern: string; flags: string } }
    if (regex) found.push({ file, expression: new RegExp(regex.pattern, regex.flags) })
    else for (const each of Object.values(node)) walk(each)
  }
  walk(parseAst(readFileSync(join(SRC, file), 'utf8'), { lang: 'ts' }))
  return found
}

const files = globSync('**/*.ts', { cwd: SRC })

/** Those that files put together when they are loaded, or for a few names. */
const built = async (): Promise<Found[]> => {
  const found: Found[] = []
  const Native = RegExp
  const noted = (made: RegExp) => {
    const [, file] = /\/src\/([\w/-]+\.ts)/.exec(new Error().stack ?? '') ?? []
    if (file !== undefined) found.push({ file, expression: made })
    return made
  }
  globalThis.RegExp = new Proxy(Native, {
    construct: (target, [source, flags]: [string | RegExp, string | undefined]) =>
      noted(new target(source, flags)),
  })
  try {
    for (const file of files.filter((name) => name !== 'main.ts')) await import(join(SRC, file))
    // Now, so that nothing of src/ was loaded before.
    const { maskNames } = await import('../src/mask-names.ts')
    maskNames('a line', ['crg.apkg.io/acme/base:1.4', 'acme/base', 'base', '1.4'])
  } finally {
    globalThis.RegExp = Native
  }
  return found
}

const expressions = [...(await built()), ...files.flatMap(writtenIn)]

// Of an engine's text, these get lines of so many characters at most (`engine/classify.ts`).
const LINES = 'engine/patterns.ts'
const LONGEST_LINE = 1000
const LONGEST = 20_000

/** Texts that would have an expression begin again and again: what it is made of, repeated, with a wrong end. */
const attacksOn = ({ source }: RegExp): string[] => {
  const plain = source.replace(/\\[bBdDsSwW]/g, '').replace(/\\([^\w])/g, '$1')
  const signs = [...new Set(plain.match(/[^\w\\]/g) ?? [])].slice(0, 8)
  const words = plain.match(/[\w:<"'/ -]{2,}/g) ?? []
  return [
    ...['a', '0', 'a ', ' ', '\t', '\\', '\n', '.', 'a.', '0.'],
    ...signs.flatMap((sign) => [sign, `a${sign}`, `${sign}\\`, ...signs.map((other) => sign + other)]),
    ...words.slice(0, 12).flatMap((word) => [word, `${word}a`, `${word} a `]),
    ...(words.length > 1 ? [words.slice(0, 2).join('a'), words.slice(0, 3).join('a')] : []),
  ]
}

const millisecondsOf = (work: () => void): number => {
  const started = performance.now()
  work()
  return performance.now() - started
}

describe('the regular expressions of src/', () => {
  it('are found, written and built ones', () => {
    expect(expressions.length).toBeGreaterThan(300)
    expect(expressions.filter(({ file }) => file === 'wait.ts').length).toBeGreaterThan(4)
  })

  it('have no two quantifiers that could share out one text in many ways', () => {
    const faults = expressions.flatMap(({ file, expression }) =>
      analyse({ source: expression.source, flags: expression.flags }).reports.map(
        ({ type }) => `${file} ${expression}: ${type}`,
      ),
    )
    expect(faults).toEqual([])
  })

  it.each([
    /<title[^>]*>([^<]*)/i,
    /"(?:[^"\\]|\\.)*("|$)|`[^`]*`/g,
    /%.*$/g,
    /\bexec: "[^"]*": .*no such file/,
    /(\d+(?:\.\d+)?)\s*([a-z]+)/g,
  ])('are tried with texts that find one such as %s', (expression) => {
    expect(slowestOf(expression, LONGEST)).toBeGreaterThan(10)
  })

  it('take time in proportion to the length of a text', { timeout: 120_000 }, () => {
    const slow = expressions.filter(
      ({ file, expression }) =>
        // Once more, because the machine may have been busy.
        file !== LINES && [1, 2, 3].every(() => slowestOf(expression, LONGEST) > 100),
    )
    expect(slow.map(({ file, expression }) => `${file} ${expression}`)).toEqual([])
  })
})

const slowestOf = (expression: RegExp, length: number): number =>
  Math.max(
    ...attacksOn(expression).map((piece) => {
      const text = piece.repeat(Math.ceil(length / piece.length))
      return Math.max(
        ...['\0', '\n'].map((end) => millisecondsOf(() => `${text}${end}`.replace(expression, ''))),
      )
    }),
  )

it('whatever an engine writes is understood in seconds', { timeout: 60_000 }, async () => {
  const { classifyDockerError } = await import('../src/engine/classify.ts')
  const patterns = expressions.filter(({ file }) => file === LINES)
  const lines = patterns.flatMap(({ expression }) =>
    attacksOn(expression)
      .slice(-3)
      .map((piece) => piece.repeat(Math.ceil(LONGEST_LINE / piece.length)).replaceAll(/[\r\n]/g, ' ')),
  )
  const text = lines.join('\n').slice(0, 100_000)
  expect(text.length).toBe(100_000)
  expect(millisecondsOf(() => classifyDockerError(text))).toBeLessThan(5000)
  for (const piece of ['"', '"\\', "'", '`', 'a/', 'retry in 1s ', 'x509: '])
    expect(millisecondsOf(() => classifyDockerError(piece.repeat(100_000 / piece.length)))).toBeLessThan(5000)
})
