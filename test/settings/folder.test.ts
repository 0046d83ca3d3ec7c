import { mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isDebug, outputDirOf, wantsOutputVariables } from '../../src/settings/early.ts'
import { wayBelow } from '../../src/settings/folder.ts'
import { problemsOf, settingsOf } from './fixture.ts'

const root = realpathSync(mkdtempSync(join(tmpdir(), 'folder-')))
const clone = join(root, 'clone')
mkdirSync(join(clone, 'sub'), { recursive: true })
mkdirSync(join(root, 'else'))
symlinkSync(clone, join(root, 'link'))
symlinkSync(join(root, 'else'), join(clone, 'way-out'))
symlinkSync('sub', join(clone, 'way-in'))

describe('a folder', () => {
  it.each([
    [clone, clone, ''],
    [join(clone, 'sub'), clone, 'sub'],
    [join(clone, 'new/er'), clone, 'new/er'],
    [join(clone, '..images'), clone, '..images'],
    [join(clone, '..'), clone, undefined],
    [join(root, 'clone2'), clone, undefined],
    [join(root, 'link/sub'), clone, 'sub'],
    [join(clone, 'sub'), join(root, 'link'), 'sub'],
    [join(clone, 'way-out/x'), clone, undefined],
    ['/', clone, undefined],
    [clone, '/', clone.slice(1)],
  ])('%s is below %s by the way %s', (folder, parent, way) => {
    expect(wayBelow(folder, parent)).toBe(way)
  })
})

describe('STORE', () => {
  const problems = (STORE: string) => problemsOf({ STORE, BITBUCKET_CLONE_DIR: clone })
  it.each(['~', '~/.images', clone, join(clone, '../x'), join(clone, 'way-out'), '/'])(
    'is refused where it is %s',
    (folder) => {
      expect(problems(folder)).toContain(
        folder.startsWith('~') ? 'no shell reads it here' : 'is not below the clone',
      )
    },
  )

  it('is refused where it leads through a link, also one within the clone, and where nobody names the clone', () => {
    for (const folder of ['way-in', 'way-in/.images'])
      expect(problems(join(clone, folder))).toContain('leads through a link')
    const before = process.cwd()
    process.chdir(clone)
    try {
      expect(problemsOf({ STORE: 'way-in/.images', BITBUCKET_CLONE_DIR: '' })).toContain(
        'leads through a link',
      )
    } finally {
      process.chdir(before)
    }
  })

  it.each([
    ['a name', 'a'.repeat(300), 'has a name of more than 230 bytes'],
    ['a name of letters of two bytes', 'é'.repeat(120), 'has a name of more than 230 bytes'],
    ['a path', Array(40).fill('a'.repeat(100)).join('/'), 'is a path of more than 3500 bytes'],
  ])('is refused where %s is too long for the files in it', (_what, folder, words) => {
    expect(problems(join(clone, folder))).toContain(words)
  })

  it('is a folder below the clone, whatever its name and whichever way leads there', () => {
    for (const folder of ['..images', '~images', 'a/b'].map((name) => join(clone, name)))
      expect(settingsOf({ STORE: folder, BITBUCKET_CLONE_DIR: clone }).store).toBe(folder)
    const BITBUCKET_CLONE_DIR = join(root, 'link')
    expect(settingsOf({ STORE: join(clone, '.images'), BITBUCKET_CLONE_DIR }).store).toBe(
      join(clone, '.images'),
    )
  })
})

describe('OUTPUT_DIR', () => {
  const storage = {
    BITBUCKET_PIPE_STORAGE_DIR: join(root, 'storage/own'),
    BITBUCKET_PIPE_SHARED_STORAGE_DIR: join(root, 'storage'),
  }
  const env = { BITBUCKET_CLONE_DIR: clone, ...storage }

  it.each(['~/out', '/tmp/out', join(clone, '..'), join(clone, 'way-out/x')])(
    'is refused where its files would vanish: %s',
    (OUTPUT_DIR) => {
      expect(problemsOf({ ...env, OUTPUT_DIR })).toContain('OUTPUT_DIR: ')
      expect(outputDirOf({ ...env, OUTPUT_DIR })).toBe(storage.BITBUCKET_PIPE_STORAGE_DIR)
    },
  )

  it.each([clone, join(clone, 'out'), storage.BITBUCKET_PIPE_STORAGE_DIR, join(root, 'storage/other')])(
    'is taken where they stay: %s',
    (OUTPUT_DIR) => {
      settingsOf({ ...env, OUTPUT_DIR })
      expect(outputDirOf({ ...env, OUTPUT_DIR })).toBe(OUTPUT_DIR)
    },
  )

  it('is any folder where the clone is not known', () => {
    expect(outputDirOf({ OUTPUT_DIR: '/tmp/out' })).toBe('/tmp/out')
  })
})

it('flags that are needed early are read as the settings read them', () => {
  expect([wantsOutputVariables({}), isDebug({})]).toEqual([false, false])
  const env = { OUTPUT_VARIABLES: 'True', DEBUG: 'true' }
  expect([wantsOutputVariables(env), isDebug(env)]).toEqual([true, true])
  expect(problemsOf({ OUTPUT_VARIABLES: 'yes' })).toContain(
    'OUTPUT_VARIABLES: "yes" is neither true nor false',
  )
})
