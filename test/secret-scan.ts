import { lstatSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'

const percent = (text: string, pattern: RegExp) =>
  text.replace(pattern, (character) =>
    [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
  )
const inGo = (text: string) =>
  JSON.stringify(text).replace(/[<>&]/g, (each) => `\\u00${each.charCodeAt(0).toString(16)}`)
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** The ways of others to write a secret, by their own definitions and not by those of the program under test. */
export const writers: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'in a URL': encodeURIComponent,
  'in a path': encodeURI,
  'in a URL with lower-case digits': (secret) => percent(secret, /[^\w.-]/gu),
  'as RFC 3986 wants it': (secret) => percent(secret, /[^\w.~-]/gu).toUpperCase(),
  'with every byte escaped': (secret) => percent(secret, /./gsu),
  'escaped twice': (secret) => encodeURIComponent(encodeURIComponent(secret)),
  'in a form': (secret) => new URLSearchParams({ password: secret }).toString().slice(9),
  'in JSON': (secret) => JSON.stringify({ secret }).slice(11, -2),
  'in JSON in JSON': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'in Go’s JSON': (secret) => inGo(secret).slice(1, -1),
  'in JSON with slashes escaped': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  'in a stack': (secret) => inspect(secret),
  'in HTML': (secret) =>
    secret.replace(/[&<>"']/g, (each) => `&#${each.charCodeAt(0)};`).replaceAll('&#38;', '&amp;'),
  'for a shell': (secret) => secret.replaceAll("'", "'\\''"),
  'in base64': (secret) => base64(secret).slice(0, -3),
  'in base64, one byte on': (secret) => base64(`a${secret}b`).slice(2, -3),
  'in base64, two bytes on': (secret) => base64(`ab${secret}c`).slice(3, -3),
  'in a Basic header': (secret) => `Basic ${base64(`x-packages:${secret}`)}`,
  'in X-Registry-Auth': (secret) =>
    Buffer.from(`{"username":"m","password":${inGo(secret)},"serveraddress":"a"}`)
      .toString('base64url')
      // Without the characters of the fields beside it.
      .slice(38, -30),
  'in base64 with lines': (secret) => base64(`me:${secret}`).replace(/.{19}/g, '$&\r\n  '),
  'in base64 in a URL': (secret) => encodeURIComponent(base64(secret)),
  'as user information': (secret) => `https://${encodeURIComponent(secret)}@example.com/`,
  'as a name in a query': (secret) => `https://example.com/?${encodeURIComponent(secret)}`,
}

/** In which ways a text has a secret, white space or not. */
export const leaksIn = (text: string, secret: string): string[] => {
  const looked = text.replaceAll(/\s/g, '')
  return Object.entries(writers)
    .filter(([, write]) => looked.includes(write(secret).replaceAll(/\s/g, '')))
    .map(([name]) => name)
}

// What is larger is the layer of an image.
const LARGEST = 20_000_000

/** The files of a folder and below. */
const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => join(folder, name))
      .filter((path) => lstatSync(path).isFile() && lstatSync(path).size < LARGEST)
  } catch {
    // It is gone, or was never made.
    return []
  }
}

interface Places {
  /** Texts by where they stand. */
  texts: Record<string, string>
  /** Folders that hold what a run left behind. */
  folders: readonly string[]
}

/** Where a run has let out one of these secrets, and in which form: `in the log: as it is`. Empty if nowhere. */
export const scan = (secrets: readonly string[], { texts, folders }: Places): string[] => {
  const files = folders.flatMap(filesIn)
  const all = [
    ...Object.entries(texts),
    ...files.map((path) => [`the name ${path}`, path] as const),
    ...files.map((path) => [path, readFileSync(path).toString()] as const),
  ]
  return secrets.flatMap((secret) =>
    all.flatMap(([where, text]) => {
      const [form] = leaksIn(text, secret)
      return form === undefined ? [] : [`in ${where}: ${form}`]
    }),
  )
}
