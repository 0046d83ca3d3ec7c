import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')

describe.each(globSync('docs/**/*.md', { cwd: ROOT }))('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8')
  // Within a section a file of the folder that was just named may stand without it.
  const paths = [...text.matchAll(/`((?:src|test)\/[^`\s]*)`/g)].map(([, path = '']) => path)

  it('names files and folders that are there', () => {
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('names scripts that are there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object }
    const named = [...text.matchAll(/`npm (?:run )?([a-z:-]+)/g)].map(([, name = '']) => name)
    expect(named.filter((name) => !(name in scripts))).toEqual([])
  })
})
