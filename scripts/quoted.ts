import { globSync, readFileSync, writeFileSync } from 'node:fs'

/** Rewrites the files that say to users who publishes the pipe, and in which version. */
export const rewriteQuoted = (rewritten: (text: string) => string): void => {
  const files = globSync(['package.json', '*.yml', '*.md', 'docs/**/*.md'])
  // All are read and rewritten before the first is written.
  const changes = files.flatMap((file) => {
    const text = readFileSync(file, 'utf8')
    const changed = rewritten(text)
    return changed === text ? [] : [{ file, changed }]
  })
  for (const { file, changed } of changes) writeFileSync(file, changed)
}

/** The text as a regular expression that matches it alone. */
export const literal = (text: string): string => text.replaceAll(/[.[\]]/g, '\\$&')
