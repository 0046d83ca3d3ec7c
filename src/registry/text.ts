import { cleanLine } from '../text.ts'

/** An address as the log shows it: no user information, and no query but what names the thing asked for. */
export const redactUrl = (url: URL): string => {
  const shown = new Set(['service', 'scope', 'n', 'last'])
  const query = [...url.searchParams].map(([name, value]) => `${name}=${shown.has(name) ? value : '***'}`)
  return cleanLine(`${url.origin}${url.pathname}${query.length > 0 ? `?${query.join('&')}` : ''}`, 1000)
}

export interface Secrets {
  /** Remembers a value that must never be shown. */
  add: (...values: string[]) => void
  /** The text without any of them, raw or URL-encoded. */
  hide: (text: string) => string
}

/** The secrets of one client: an answer may echo what it was sent. */
export const createSecrets = (): Secrets => {
  const values = new Set<string>()
  return {
    add: (...added) => {
      // A value of a letter or two would blot out words, and is no secret worth the name.
      for (const value of added.filter((each) => each.length > 3))
        values.add(value).add(encodeURIComponent(value))
    },
    hide: (text) =>
      [...values]
        .sort((a, b) => b.length - a.length)
        .reduce((hidden, value) => hidden.replaceAll(value, '***'), text),
  }
}
