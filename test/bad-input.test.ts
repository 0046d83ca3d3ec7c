import { execFileSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyDockerError } from '../src/engine/classify.ts'
import { catalogue, PipeError } from '../src/errors.ts'
import { formatPlatform, PlatformError, parsePlatform } from '../src/image/platform.ts'
import { expandReference, ReferenceSyntaxError } from '../src/image/reference.ts'
import { readProxyUrl } from '../src/proxy-url.ts'
import { readConfiguration } from '../src/registry/configuration.ts'
import { shownUrl } from '../src/registry/http/log.ts'
import { readNoProxy } from '../src/registry/http/no-proxy.ts'
import { parseLinks } from '../src/registry/link.ts'
import { parseManifest } from '../src/registry/manifest.ts'
import { createLog, type Log } from '../src/report/log.ts'
import { bodyOf } from '../src/run/program.ts'
import { itemsOf, lookUpRaw } from '../src/settings/environment.ts'
import { readEntries } from '../src/store/layout.ts'
import { findWait, readWait } from '../src/wait.ts'

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom(...'aZ09:/@.-_[]<>%$=,;~{}"\'\\ \n\t#') }),
)

/** What stands in documents: nearly right, or anything. */
const document = (fields: readonly string[]) =>
  fc.oneof(
    fc.dictionary(fc.constantFrom(...fields), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 8 }),
    fc.jsonValue(),
  )

const outcome = <T>(work: () => T): T | Error => {
  try {
    return work()
  } catch (error) {
    return error as Error
  }
}

describe('for every text', () => {
  it('a reference is one of a few letters that no shell and no option has, or refused', () => {
    fc.assert(
      fc.property(
        fc.oneof(anyText, fc.constantFrom('--privileged', '-v', '$(id)', ';id', '`id`')),
        (text) => {
          const read = outcome(() => expandReference(text, { registry: 'crg.apkg.io', workspace: 'acme' }))
          if (read instanceof Error) expect(read).toBeInstanceOf(ReferenceSyntaxError)
          else expect(read.name).toMatch(/^[\w[][\w./:[\]-]*$/)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('a platform is read, and written so that it is read as the same, or refused', () => {
    const likely = fc
      .array(fc.constantFrom('linux', 'amd64', 'arm', 'v7', 'aarch64', 'windows', 'x', ''), { maxLength: 4 })
      .map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.oneof(likely, anyText), (text) => {
        const read = outcome(() => parsePlatform(text))
        if (read instanceof Error) expect(read).toBeInstanceOf(PlatformError)
        else expect(formatPlatform(parsePlatform(formatPlatform(read)))).toBe(formatPlatform(read))
      }),
    )
  })

  it('a list holds what stands between white space and commas', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const items = itemsOf(text)
        expect(items.filter((item) => /[\s,]/.test(item) || item === '')).toEqual([])
        expect(items.join('')).toBe(text.replace(/[\s,]+/g, ''))
      }),
    )
  })

  it('a wait is a time that can be waited for, or none', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc
            .tuple(fc.nat(), fc.constantFrom('s', ' minutes', 'ms', 'h'))
            .map((all) => `retry in ${all.join('')}`),
        ),
        (text) => {
          for (const wait of [readWait(text, Date.now()), findWait(text)])
            expect(wait === undefined || (Number.isFinite(wait) && wait >= 0)).toBe(true)
        },
      ),
    )
  })

  it('what is wrong with a proxy is said without a word of it', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w!"#$&+-]{12,30}$/), anyText, (password, rest) => {
        const read = readProxyUrl(`ftp://me:${password}@${rest}`)
        expect(read).toBeTypeOf('string')
        expect(read).not.toContain(password)
      }),
    )
  })

  it('NO_PROXY is read, whatever it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(readNoProxy(text)(new URL('https://crg.apkg.io/'))).toBeTypeOf('boolean')
        expect(readNoProxy(text)(new URL('http://127.0.0.1:5000/'))).toBe(true)
      }),
    )
  })

  it('the links of an answer are read, whatever else is in it', () => {
    const target = fc.stringMatching(/^[\w/?=&;,.-]*$/)
    fc.assert(
      fc.property(anyText, target, (junk, next) => {
        expect(parseLinks([junk, `<${next}>; rel="next"`]).at(-1)).toEqual({
          target: next,
          relations: ['next'],
        })
      }),
    )
  })

  it('an error of the engine has a code, and its words come from the engine', () => {
    fc.assert(
      fc.property(anyText, fc.constantFrom('pull', 'load', undefined), (text, command) => {
        const { code, said } = classifyDockerError(text, command)
        expect(catalogue).toHaveProperty(code)
        for (const line of said.split('\n')) expect(text).toContain(line)
      }),
    )
  })

  it('an address in the log has no user, no password, and no signature', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.stringMatching(/^[A-Za-z]{1,5}$/), (secret, name) => {
        for (const url of [
          `https://${secret}:${secret}@a.b/x`,
          `https://a.b/?X${name}=${secret}`,
          `https://a.b/?${secret}`,
        ])
          expect(shownUrl(new URL(url))).not.toContain(secret)
      }),
    )
  })
})

describe('for every environment', () => {
  it('the items of a list are those of its variables, in their order', () => {
    const item = anyText.filter((text) => text.trim() !== '' && !text.includes('$'))
    fc.assert(
      fc.property(fc.array(item, { minLength: 1, maxLength: 20 }), (items) => {
        const env = Object.fromEntries(items.map((text, at) => [`X_${at}`, text]))
        expect(lookUpRaw({ ...env, X_COUNT: `${items.length}` }, 'X')).toEqual(
          items.map((text) => text.trim()),
        )
      }),
    )
  })

  it('the commands of RUN get it byte for byte, and nothing of it is run', () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...'a\'"`$(){};&|<>\\!*?~#\n\t -=') }),
    )
    const name = fc.stringMatching(/^[A-Z]{1,5}_[A-Z]{1,5}$/)
    fc.assert(
      fc.property(
        fc.dictionary(
          name,
          value.map((text) => text.replaceAll('\0', '')),
          { maxKeys: 6 },
        ),
        (environment) => {
          const script = `${Object.keys(environment)
            .map((each) => `printf '%s\\0' "$${each}"`)
            .join('\n')}\n:`
          const input = `{ ${bodyOf({ commands: script, environment, cloneFolder: '/' })}\n}\n`
          const env = { PATH: '/usr/bin:/bin' }
          const output = execFileSync('/bin/sh', ['-s'], { input, env, encoding: 'utf8' })
          expect(output).toBe(
            Object.values(environment)
              .map((text) => `${text}\0`)
              .join(''),
          )
        },
      ),
      { numRuns: 60 },
    )
  }, 30_000)
})

describe('for every document', () => {
  const fields = ['schemaVersion', 'mediaType', 'config', 'layers', 'manifests', 'digest', 'size', 'platform']

  it('a manifest is read, or refused with a code of its own', () => {
    fc.assert(
      fc.property(document(fields), anyText, (json, type) => {
        const read = outcome(() =>
          parseManifest(Buffer.from(JSON.stringify(json)), type, 'crg.apkg.io/acme/base:1'),
        )
        if (read instanceof Error) {
          expect(read).toBeInstanceOf(PipeError)
          expect((read as PipeError).code).not.toBe('PKG-INTERNAL')
        }
      }),
      { numRuns: 500 },
    )
  })

  it('a configuration is read for what can be read of it', () => {
    fc.assert(
      fc.property(
        fc.oneof(document(['os', 'architecture', 'variant', 'rootfs', 'config']), anyText),
        (json) => {
          const read = outcome(() => readConfiguration(Buffer.from(JSON.stringify(json))))
          if (read instanceof Error) expect(read).toBeInstanceOf(PipeError)
        },
      ),
    )
  })

  it('the index of a store is read, or is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'store-'))
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          document(fields).map((json) => JSON.stringify(json)),
          anyText,
        ),
        async (text) => {
          writeFileSync(join(folder, 'index.json'), text)
          const read = await readEntries(folder).catch((error: unknown) => error)
          if (!Array.isArray(read)) expect((read as PipeError).code).toMatch(/^PKG-(?!INTERNAL)/)
        },
      ),
    )
  })
})

describe('for every message', () => {
  const kinds = ['info', 'warning', 'error', 'debug', 'success', 'fail'] as const satisfies Array<keyof Log>
  const prefixes = {
    info: 'INFO: ',
    warning: 'WARNING: ',
    error: 'ERROR: ',
    debug: 'DEBUG: ',
    success: '✔ ',
    fail: '✖ ',
  }
  const hostile = fc.oneof(
    anyText,
    fc
      .array(
        fc.constantFrom(
          '\n',
          '\r',
          '\u2028',
          '\u0085',
          'INFO: ok',
          '✔ ',
          '\u001b[2J',
          '\u202e',
          '\u{e0041}',
          '\u00ad',
          'x'.repeat(3000),
        ),
      )
      .map((parts) => parts.join('')),
  )

  it('each line is the log’s own or set in, is cut, and draws nothing', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(...kinds), (message, kind) => {
        const written: string[] = []
        const log = createLog({
          write: (text) => written.push(text),
          mask: (text) => text,
          debug: true,
          colours: false,
        })
        log[kind](message)
        const [first = '', ...rest] = written.join('').replace(/\n$/, '').split('\n')
        expect(first.startsWith(prefixes[kind])).toBe(true)
        expect(rest.filter((line) => !line.startsWith('  '))).toEqual([])
        expect(Math.max(...[first, ...rest].map(({ length }) => length))).toBeLessThan(2100)
        expect([first, ...rest].join('')).not.toMatch(
          /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u,
        )
      }),
      { numRuns: 500 },
    )
  })
})
