import { inspect } from 'node:util'
import { UNSEEN } from './text.ts'

/** What is compared of a text, and where each character of it stands there. */
interface View {
  text: string
  starts: readonly number[]
  ends: readonly number[]
}

/** A secret as it is, and as those write it who put it into a text, an address, a form, JSON or a stack trace. */
export const formsOf = (secret: string): string[] => [
  ...new Set([
    secret,
    encodeURIComponent(secret),
    // application/x-www-form-urlencoded, as in OAuth2, escapes other characters.
    new URLSearchParams([['', secret]]).toString().slice(1),
    ...quotedForms(secret),
    inspect(secret).slice(1, -1),
  ]),
]

/** What base64 makes of a secret alone, after a user name, and in the midst of something else, as in a JSON. */
export const codesOf = (secret: string, username: string): string[] => [
  Buffer.from(`${username}:${secret}`).toString('base64'),
  ...[secret, ...quotedForms(secret)].flatMap((form) => [0, 1, 2].map((offset) => within(form, offset))),
]

// In JSON, and in JSON as Go writes it.
const quotedForms = (secret: string) => {
  const inJson = JSON.stringify(secret).slice(1, -1)
  const inGo = inJson.replace(/[<>&\u2028\u2029]/g, (character) => `\\u${hex(character)}`)
  return [inJson, inGo]
}

const hex = (character: string) => character.charCodeAt(0).toString(16).padStart(4, '0')

// Base64 writes three bytes as four characters. Those that hold a bit of what stands beside the secret are left out.
const within = (form: string, offset: number): string => {
  const bytes = Buffer.concat([Buffer.alloc(offset), Buffer.from(form)])
  const whole = bytes.toString('base64')
  return whole.slice(Math.ceil((8 * offset) / 6), Math.floor((8 * bytes.length) / 6))
}

// Cleaning would join what white space, escape sequences and invisible characters part, and hosts are shown in lower
// case.
const visible = (text: string): View => {
  const parts: string[] = []
  const places: number[] = []
  const keep = (from: number, to: number) => {
    parts.push(text.slice(from, to))
    for (let at = from; at < to; at++) places.push(at)
  }
  let end = 0
  for (const { index, 0: gap } of text.matchAll(UNSEEN)) {
    keep(end, index)
    end = index + gap.length
  }
  keep(end, text.length)
  const kept = parts.join('').replace(/[A-Z]/g, (letter) => letter.toLowerCase())
  return { text: kept, starts: places, ends: places.map((place) => place + 1) }
}

/** Puts what `meaning` says in place of each match. */
const replaced = (view: View, pattern: RegExp, meaning: (match: RegExpMatchArray) => string): View => {
  const next = { parts: [] as string[], starts: [] as number[], ends: [] as number[] }
  const copy = (from: number, to: number) => {
    next.parts.push(view.text.slice(from, to))
    for (let at = from; at < to; at++) {
      next.starts.push(view.starts[at] ?? 0)
      next.ends.push(view.ends[at] ?? 0)
    }
  }
  let end = 0
  for (const match of view.text.matchAll(pattern)) {
    const from = match.index
    copy(end, from)
    end = from + match[0].length
    const part = meaning(match)
    next.parts.push(part)
    for (let at = 0; at < part.length; at++) {
      next.starts.push(view.starts[from] ?? 0)
      next.ends.push(view.ends[end - 1] ?? 0)
    }
  }
  copy(end, view.text.length)
  return { text: next.parts.join(''), starts: next.starts, ends: next.ends }
}

// Base64url has other signs (RFC 4648, section 5).
const asWritten = (text: string): View => {
  const view = visible(text)
  return { ...view, text: view.text.replaceAll('-', '+').replaceAll('_', '/') }
}

// An escape of an address, of JSON, Go or JavaScript, or of HTML; and what comes and goes: backslashes, quotes, plus
// signs (the blanks of a form).
const ESCAPE =
  /%([0-9a-f]{2})|\\+(?:u\{?0{0,4}([0-9a-f]{4,5})\}?|x([0-9a-f]{2})|[abfnrtv0])?|&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(amp|lt|gt|quot|apos));|['"+]/g
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

// What was escaped is escaped again where it is quoted, but hardly ever more often than this.
const ROUNDS = 4

// As whoever decodes it would read it, one character a byte of UTF-8.
const decoded = (text: string): View => {
  let view = replaced(visible(text), /[^\0-\x7f]+/g, ([run]) => Buffer.from(run).toString('latin1'))
  for (let round = 0; round < ROUNDS; round++) {
    const next = replaced(view, ESCAPE, meaningOf)
    if (next.text === view.text) break
    view = next
  }
  return view
}

const meaningOf = ([, byte, unicode, short, decimal, hexadecimal, name]: RegExpMatchArray): string => {
  if (name !== undefined) return ENTITIES[name] ?? ''
  const code = Number.parseInt(byte ?? unicode ?? short ?? hexadecimal ?? decimal ?? '', decimal ? 10 : 16)
  if (Number.isNaN(code)) return ''
  const bytes = byte === undefined ? Buffer.from(String.fromCodePoint(code)) : Buffer.of(code)
  const written = bytes.toString('latin1')
  return code > 0x7f ? written : visible(written).text
}

/** The ways in which a text is compared with a secret. */
export const views = [asWritten, decoded] as const
