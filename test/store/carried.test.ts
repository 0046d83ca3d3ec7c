import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readCarried } from '../../src/store/carried.ts'

const place = () => join(mkdtempSync(join(tmpdir(), 'carried-')), 'file')

describe('a file of a carried folder', () => {
  it('is read whole', async () => {
    const path = place()
    writeFileSync(path, 'text')
    expect(String(await readCarried(path, 4))).toBe('text')
  })

  it.each<[string, (path: string) => void]>([
    ['nothing is there', () => {}],
    ['it is larger than it may be', (path) => writeFileSync(path, 'texts')],
    ['it is a folder', (path) => mkdirSync(path)],
    ['it is a link to a file', (path) => symlinkSync(import.meta.filename, path)],
    ['it is a link to an endless device', (path) => symlinkSync('/dev/zero', path)],
    ['it is a link to nothing', (path) => symlinkSync('/none', path)],
    ['it is a FIFO that nobody writes', (path) => execFileSync('mkfifo', [path])],
    [
      'a part of its path is a file',
      (path) => {
        writeFileSync(path, '')
      },
    ],
  ])('is none where %s', async (what, make) => {
    const path = place()
    make(path)
    const asked = what.startsWith('a part') ? join(path, 'below') : path
    expect(await readCarried(asked, 4)).toBeUndefined()
  })
})
