import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { tarHeader, tarPadding } from '../../src/store/tar.ts'

const list = (header: Buffer) =>
  // A size without its bytes makes tar complain, but it has listed the name by then.
  execFileSync('sh', ['-c', 'tar -tvf - 2> /dev/null || :'], { input: header, encoding: 'utf8' })

describe('a tar header', () => {
  it.each([0, 1, 511, 512, 8 ** 11 - 1, 8 ** 11, 20e9, 2 ** 43])('tells tar a size of %d bytes', (size) => {
    expect(list(tarHeader(`blobs/sha256/${'a'.repeat(64)}`, size))).toMatch(
      new RegExp(`^-rw-r--r-- 0/0 +${size} 1970-01-01 00:00 blobs/sha256/a{64}\n`),
    )
  })

  it('is followed by whole blocks', () => {
    for (const size of [0, 1, 511, 512, 513]) expect((size + tarPadding(size).length) % 512).toBe(0)
  })

  it.each([100, 101, 140, 300])('does not cut a name of %d bytes', (length) => {
    const name = `blobs/sha512/${'a'.repeat(length - 13)}`
    expect(list(tarHeader(name, 1))).toMatch(new RegExp(`^-rw-r--r-- 0/0 +1 1970-01-01 00:00 ${name}\n`))
    expect(tarHeader(name, 1)).toEqual(tarHeader(name, 1))
  })
})
