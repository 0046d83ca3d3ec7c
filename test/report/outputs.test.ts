import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { DeliveredImage } from '../../src/delivered.ts'
import { createLog } from '../../src/report/log.ts'
import { report } from '../../src/report/outputs.ts'

const image: DeliveredImage = {
  reference: 'crg.apkg.io/acme/base:1.4',
  digest: `sha256:${'a1'.repeat(32)}`,
  manifestDigest: null,
  id: `sha256:${'b2'.repeat(32)}`,
  platform: 'linux/am\u001b[2Jd64\u202e/v\u{e0041}8\nINFO: x \u009b1m',
  compressedSize: 1,
  bytesTransferred: 1,
  source: 'registry',
  credential: null,
  attempts: 1,
  seconds: 1,
}

const folderOf = () => mkdtempSync(join(tmpdir(), 'outputs-'))

const write = (env: Record<string, string>, platform = image.platform) => {
  const said: string[] = []
  const mask = (text: string) => text.replaceAll('hunter-2', '****')
  const log = createLog({ write: (text) => said.push(text), mask, debug: false, colours: false })
  const errors = report({ images: [{ ...image, platform }], error: undefined }, { env, log, mask })
  return { errors, said: said.join('') }
}

it('what a registry says of a platform draws nothing in the outputs', () => {
  const folder = folderOf()
  expect(write({ BITBUCKET_PIPE_STORAGE_DIR: folder }).errors).toEqual([])
  const text = readFileSync(join(folder, 'result.json'), 'utf8')
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}]/u)
  expect(JSON.parse(text).images[0].platform).toMatch(/^linux\/amd64\/v8\nINFO: x/)
  write({ BITBUCKET_PIPE_STORAGE_DIR: folder }, 'linux/hunter-2')
  expect(readFileSync(join(folder, 'result.json'), 'utf8')).not.toContain('hunter')
})

it('a link or a pipe in the place of an output is replaced, and not written to', () => {
  const [folder, outside] = [folderOf(), folderOf()]
  writeFileSync(join(outside, 'precious'), 'mine')
  symlinkSync(join(outside, 'precious'), join(folder, 'result.json'))
  execFileSync('mkfifo', [join(folder, 'images.env')])
  // As an earlier version named what it had not finished.
  for (const name of ['result.json', 'images.env'])
    symlinkSync(join(outside, 'precious'), join(folder, `${name}.${process.pid}.tmp`))
  expect(write({ BITBUCKET_PIPE_STORAGE_DIR: folder }).errors).toEqual([])
  expect(readFileSync(join(outside, 'precious'), 'utf8')).toBe('mine')
  expect(readFileSync(join(folder, 'images.env'), 'utf8')).toContain(image.reference)
})

it.each([
  ['/proc/self', 'PKG-OUTPUT'],
  ['/dev/null/x', 'PKG-OUTPUT'],
])('a folder that takes no files is an error of the outputs: %s', (OUTPUT_DIR, code) => {
  expect(write({ OUTPUT_DIR }).errors).toMatchObject([{ code }])
})

it('a folder in the place of an output is an error, and leaves nothing half done', () => {
  const folder = folderOf()
  mkdirSync(join(folder, 'result.json/x'), { recursive: true })
  expect(write({ BITBUCKET_PIPE_STORAGE_DIR: folder }).errors).toMatchObject([{ code: 'PKG-OUTPUT' }])
  expect(readdirSync(folder).sort()).toEqual(['images.env', 'result.json'])
})

it('output variables go into no pipe', () => {
  const fifo = join(folderOf(), 'variables')
  execFileSync('mkfifo', [fifo])
  const env = { OUTPUT_VARIABLES: 'true', BITBUCKET_PIPELINES_VARIABLES_PATH: fifo }
  expect(write(env).said).toContain('output variables cannot be written')
})
