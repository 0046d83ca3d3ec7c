import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = join(import.meta.dirname, '../docs/security.md')

/** Replaces the figures of one command in docs/security.md, where a pair of comments has their place. */
export const writeFigures = (name: string, text: string): void => {
  const page = readFileSync(PAGE, 'utf8')
  writeFileSync(PAGE, withFigures(page, name, text))
}

/** The page with other figures between `<!-- name -->` and `<!-- /name -->`; throws where it has no such place. */
export const withFigures = (page: string, name: string, text: string): string => {
  const place = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
  if (!place.test(page)) throw new Error(`docs/security.md has no place for the figures of "${name}".`)
  return page.replace(place, (_, start, end) => `${start}${text}\n${end}`)
}
