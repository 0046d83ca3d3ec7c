import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { age } from './age.ts'
import { fakeImage, serveImage, tarLayer } from './fake-image.ts'
import { serveBasic } from './fake-package.ts'
import { type FakeRegistry, startFake } from './fake-registry.ts'
import { runPipe, TOKEN, USERNAME } from './run-pipe.ts'

// What a folder may hold that an artifact or a cache carried here, or that is the user's own, and what the pipe makes
// of it with each policy. Whatever comes of it, nothing outside of the folder is read, written or removed, and nothing
// of what was in it is lost.

const image = fakeImage([tarLayer(20_000), tarLayer(5_000)])
const layer = image.layers[0]?.digest ?? ''
const nameOf = (digest: string) => `blobs/${digest.replace(':', '/')}`
const PART = `${nameOf(layer)}.0123456789ab.part`

/** What becomes of it: `always` and `missing` on the left, `never` on the right. */
type Outcome =
  // A store: it is used, or repaired from the registry.
  | 'used'
  | 'repaired: PKG-NOT-HERE'
  | 'repaired: PKG-INTEGRITY'
  // A store of which nothing is used: another one is made in its place.
  | 'aside'
  // Not a store.
  | 'refused: PKG-STORE'
  | 'refused: PKG-CONFIG'

interface Place {
  /** The folder of STORE: a whole store, with one image. */
  store: string
  /** Beside the clone folder, with a file. */
  outside: string
}

type Row = [says: string, outcome: Outcome, make: (place: Place) => void]

const put = (path: string, bytes: string | Buffer = 'precious') => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, bytes)
}
const replace = (path: string, by: (path: string) => void) => {
  rmSync(path, { recursive: true, force: true })
  by(path)
}
const fifo = (path: string) => execFileSync('mkfifo', [path])
const device = (path: string, minor: number) => execFileSync('mknod', [path, 'c', '1', `${minor}`])
const sparse = (path: string, bytes: number) => {
  writeFileSync(path, '')
  truncateSync(path, bytes)
}
const editIndex = (store: string, edit: (index: { manifests: Record<string, unknown>[] }) => void) => {
  const index = JSON.parse(readFileSync(join(store, 'index.json'), 'utf8'))
  edit(index)
  writeFileSync(join(store, 'index.json'), JSON.stringify(index))
}

const rows: Row[] = [
  [
    'a link among the folders of blobs',
    'aside',
    ({ store }) => symlinkSync('../../src', join(store, 'blobs/x')),
  ],
  [
    'a link to the clone folder instead of the blobs',
    'aside',
    ({ store }) => replace(join(store, 'blobs'), (path) => symlinkSync('..', path)),
  ],
  [
    'a link to a folder of the repository instead of the blobs of an algorithm',
    'aside',
    ({ store }) => replace(join(store, 'blobs/sha256'), (path) => symlinkSync('../../src', path)),
  ],
  [
    'a link to git instead of an algorithm that is not used',
    'aside',
    ({ store }) => symlinkSync('../../.git', join(store, 'blobs/sha512')),
  ],
  ['a folder among the folders of blobs', 'aside', ({ store }) => put(join(store, 'blobs/images/logo.png'))],
  ['a file among the blobs', 'aside', ({ store }) => put(join(store, 'blobs/sha256/README'))],
  [
    'a name in capital letters among the blobs',
    'aside',
    ({ store }) => put(join(store, `blobs/sha256/${'A'.repeat(64)}`)),
  ],
  [
    'a folder instead of a blob',
    'aside',
    ({ store }) => replace(join(store, nameOf(layer)), (path) => put(join(path, 'file'))),
  ],
  [
    'a link to the right bytes instead of a blob',
    'aside',
    ({ store, outside }) => {
      renameSync(join(store, nameOf(layer)), join(outside, 'layer'))
      symlinkSync(join(outside, 'layer'), join(store, nameOf(layer)))
    },
  ],
  ['a named pipe instead of a blob', 'aside', ({ store }) => replace(join(store, nameOf(layer)), fifo)],
  [
    'a device instead of a blob',
    'aside',
    ({ store }) => replace(join(store, nameOf(layer)), (path) => device(path, 5)),
  ],
  [
    'a link to a file of others instead of a part',
    'aside',
    ({ store, outside }) => symlinkSync(join(outside, 'file'), join(store, PART)),
  ],
  [
    'a link to endless zeros instead of a part',
    'aside',
    ({ store }) => symlinkSync('/dev/zero', join(store, PART)),
  ],
  ['a named pipe instead of a part', 'aside', ({ store }) => fifo(join(store, PART))],
  [
    'a socket',
    'aside',
    ({ store }) => {
      const path = join(store, 'index.json.0123456789ab.tmp')
      spawnSync(
        process.execPath,
        [
          '-e',
          `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`,
        ],
        { stdio: 'ignore' },
      )
    },
  ],
  ['index.json that is a named pipe', 'aside', ({ store }) => replace(join(store, 'index.json'), fifo)],
  [
    'index.json that is a device',
    'aside',
    ({ store }) => replace(join(store, 'index.json'), (path) => device(path, 5)),
  ],
  [
    'index.json that is a link to endless zeros',
    'aside',
    ({ store }) => replace(join(store, 'index.json'), (path) => symlinkSync('/dev/zero', path)),
  ],
  [
    'index.json that is a folder',
    'aside',
    ({ store }) => replace(join(store, 'index.json'), (path) => mkdirSync(path)),
  ],
  ['index.json of 900 MB', 'aside', ({ store }) => sparse(join(store, 'index.json'), 900e6)],
  [
    'index.json that is 5 million levels deep',
    'aside',
    ({ store }) => put(join(store, 'index.json'), '['.repeat(5e6)),
  ],
  [
    'index.json that is another document',
    'aside',
    ({ store }) => put(join(store, 'index.json'), '{"name":"site"}'),
  ],
  [
    'index.json with 200,000 entries',
    'aside',
    ({ store }) =>
      editIndex(store, (index) => {
        index.manifests = [...index.manifests, ...Array(200_000).fill({})]
      }),
  ],
  [
    'an entry that is null',
    'aside',
    ({ store }) => editIndex(store, ({ manifests }) => manifests.push(null as never)),
  ],
  [
    'an entry without a size',
    'aside',
    ({ store }) => editIndex(store, ({ manifests }) => manifests.push({ mediaType: 'x', digest: layer })),
  ],
  [
    'an empty manifest.json of the user',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => put(join(path, 'manifest.json'), '[]')),
  ],
  [
    'an index.json of the user with a list of that name',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => put(join(path, 'index.json'), '{"manifests":[]}')),
  ],
  [
    'manifest.json that is a link to a file of others',
    'aside',
    ({ store, outside }) =>
      replace(join(store, 'manifest.json'), (path) => symlinkSync(join(outside, 'file'), path)),
  ],
  [
    'manifest.json that is of a web application',
    'aside',
    ({ store }) => put(join(store, 'manifest.json'), '{"name":"site"}'),
  ],
  [
    'a file that is being written, as a link',
    'aside',
    ({ store, outside }) => symlinkSync(join(outside, 'file'), join(store, 'index.json.0123456789ab.tmp')),
  ],
  ['a file of notes', 'aside', ({ store }) => put(join(store, 'notes.txt'))],
  ['a lock that is a folder', 'aside', ({ store }) => mkdirSync(join(store, '.lock'))],
  ['a lock that is a link to nothing', 'aside', ({ store }) => symlinkSync('/nowhere', join(store, '.lock'))],
  ['a claim of 200 MB', 'aside', ({ store }) => sparse(join(store, '.in-use-0123456789ab'), 200e6)],
  [
    'oci-layout that is a named pipe',
    'refused: PKG-STORE',
    ({ store }) => replace(join(store, 'oci-layout'), fifo),
  ],
  [
    'oci-layout that is a link',
    'refused: PKG-STORE',
    ({ store, outside }) =>
      replace(join(store, 'oci-layout'), (path) => symlinkSync(join(outside, 'file'), path)),
  ],
  [
    'pictures of the user, in a folder that is called blobs',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => put(join(path, 'blobs/images/logo.png'))),
  ],
  [
    'an index.json of the user',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => put(join(path, 'index.json'), '{"pages":[]}')),
  ],
  [
    'a web application of the user',
    'refused: PKG-STORE',
    ({ store }) =>
      replace(store, (path) => {
        put(join(path, 'index.html'))
        put(join(path, 'manifest.json'), '{}')
      }),
  ],
  [
    'a single link to the repository instead of the blobs',
    'refused: PKG-STORE',
    ({ store }) =>
      replace(store, (path) => {
        mkdirSync(path)
        symlinkSync('..', join(path, 'blobs'))
      }),
  ],
  [
    'a link to another folder of the clone instead of the store',
    'refused: PKG-CONFIG',
    ({ store }) => replace(store, (path) => symlinkSync('src', path)),
  ],
  [
    'a link out of the clone instead of the store',
    'refused: PKG-CONFIG',
    ({ store, outside }) => replace(store, (path) => symlinkSync(outside, path)),
  ],
  [
    'a link to nothing instead of the store',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => symlinkSync('nowhere', path)),
  ],
  [
    'a file instead of the store',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => writeFileSync(path, 'precious')),
  ],
  ['a named pipe instead of the store', 'refused: PKG-STORE', ({ store }) => replace(store, fifo)],
  [
    'a device instead of the store',
    'refused: PKG-STORE',
    ({ store }) => replace(store, (path) => device(path, 5)),
  ],
  ['nothing at all', 'repaired: PKG-NOT-HERE', ({ store }) => rmSync(store, { recursive: true })],
  ['an empty folder', 'repaired: PKG-NOT-HERE', ({ store }) => replace(store, (path) => mkdirSync(path))],
  ['index.json of no bytes', 'repaired: PKG-NOT-HERE', ({ store }) => put(join(store, 'index.json'), '')],
  ['no index.json', 'repaired: PKG-NOT-HERE', ({ store }) => rmSync(join(store, 'index.json'))],
  [
    'a blob that was cut',
    'repaired: PKG-INTEGRITY',
    ({ store }) => truncateSync(join(store, nameOf(layer)), 100),
  ],
  [
    'a blob of other bytes',
    'repaired: PKG-INTEGRITY',
    ({ store }) => put(join(store, nameOf(layer)), tarLayer(20_000)),
  ],
  ['no manifest', 'repaired: PKG-INTEGRITY', ({ store }) => rmSync(join(store, nameOf(image.digest)))],
  [
    'a digest that would be a path',
    'used',
    ({ store }) =>
      editIndex(store, ({ manifests: [first] }) => {
        Object.assign(first?.annotations as object, { 'packages-pull.digest': '../../../../etc/passwd' })
      }),
  ],
  [
    'an entry whose digest would be a path',
    'used',
    ({ store }) =>
      editIndex(store, ({ manifests }) =>
        manifests.push({ mediaType: 'x', size: 1, digest: 'sha256:../../../etc/passwd' }),
      ),
  ],
  [
    'an entry that is 200,000 levels deep',
    'aside',
    ({ store }) => {
      const text = readFileSync(join(store, 'index.json'), 'utf8')
      put(
        join(store, 'index.json'),
        text.replace('"manifests": [', `"x": ${'['.repeat(2e5)}${']'.repeat(2e5)}, "manifests": [`),
      )
    },
  ],
  [
    'an image of a kind that nobody knows',
    'used',
    ({ store }) => {
      const bytes = '{"mediaType":"application/vnd.example.v9+json"}'
      const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      put(join(store, nameOf(digest)), bytes)
      editIndex(store, ({ manifests }) =>
        manifests.push({ mediaType: 'application/vnd.example.v9+json', size: bytes.length, digest }),
      )
    },
  ],
  ['files with times of tomorrow', 'used', ({ store }) => age(store, 24)],
  ['files with times of 1970', 'used', ({ store }) => age(store, -Date.now() / 3_600_000)],
  ['a part of other bytes', 'used', ({ store }) => put(join(store, PART), 'other bytes')],
  [
    'a blob of SHA-512 that nobody needs',
    'used',
    ({ store }) => put(join(store, `blobs/sha512/${'0'.repeat(128)}`)),
  ],
  ['a .gitignore', 'used', ({ store }) => put(join(store, '.gitignore'), '*\n')],
  ['no manifest.json', 'used', ({ store }) => rmSync(join(store, 'manifest.json'))],
]

const POLICIES = ['always', 'missing', 'never'] as const

let registry: FakeRegistry
let filled: string
beforeAll(async () => {
  registry = await startFake({ fallback: { status: 404, body: { errors: [{ code: 'MANIFEST_UNKNOWN' }] } } })
  serveBasic(registry, { [USERNAME]: TOKEN })
  serveImage(registry, 'acme/base', '1.4', image)
  const clone = mkdtempSync(join(tmpdir(), 'clone-'))
  filled = join(clone, '.images')
  await runPipe({ registry, cwd: clone, variables: { BITBUCKET_CLONE_DIR: clone, STORE: '.images' } })
})
afterAll(() => registry.close())

// Node's own recursion follows links.
const walk = (folder: string, below = ''): string[] =>
  readdirSync(join(folder, below), { withFileTypes: true }).flatMap((entry) => {
    const path = join(below, entry.name)
    return entry.isDirectory() ? [path, ...walk(folder, path)] : [path]
  })

/** Everything below a folder: what it is, who may use it, and what is in it. */
const fingerprint = (folder: string, but: (path: string) => boolean = () => false): string[] =>
  walk(folder)
    .filter((path) => !but(path))
    .sort()
    .map((path) => {
      const found = lstatSync(join(folder, path))
      const content = found.isSymbolicLink()
        ? readlinkSync(join(folder, path))
        : found.isFile() && found.size < 50e6
          ? createHash('sha256')
              .update(readFileSync(join(folder, path)))
              .digest('hex')
          : `${found.size}`
      return `${path} ${found.mode.toString(8)} ${content}`
    })

const place = (make: (place: Place) => void) => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'carried-')))
  const [clone, outside] = [join(root, 'clone'), join(root, 'outside')]
  const store = join(clone, '.images')
  put(join(clone, 'src/a.c'))
  put(join(clone, 'src/sub/b.c'))
  put(join(clone, '.git/HEAD'))
  put(join(outside, 'file'))
  cpSync(filled, store, { recursive: true })
  make({ store, outside })
  return { root, clone, store }
}

const isOfStore = (path: string) =>
  path === 'clone' || /^clone\/\.images(?:\/|$|\.[0-9a-f]{12}\.aside(?:\/|$))/.test(path)

const tryOut = async (policy: (typeof POLICIES)[number], make: Row[2]) => {
  const { root, clone, store } = place(make)
  const outside = () => fingerprint(root, isOfStore)
  const inside = (folder: string) =>
    existsSync(folder) && lstatSync(folder).isDirectory() ? fingerprint(folder) : []
  const before = { outside: outside(), store: inside(store) }
  const { exitCode, log } = await runPipe({
    registry,
    cwd: clone,
    variables: {
      BITBUCKET_CLONE_DIR: clone,
      STORE: '.images',
      PULL_POLICY: policy,
      TIMEOUT: '10s',
      MAX_ATTEMPTS: '1',
    },
  })
  expect(outside()).toEqual(before.outside)
  const [aside] = readdirSync(clone).filter((name) => name.endsWith('.aside'))
  const after = { store: inside(store), aside: aside === undefined ? undefined : inside(join(clone, aside)) }
  rmSync(root, { recursive: true })
  return { exitCode, log, before: before.store, after }
}

const codeIn = (log: string) => /^ERROR: (PKG-[A-Z-]+):/m.exec(log)?.[1]

describe.runIf(process.getuid?.() === 0)('a folder of STORE that holds', () => {
  it('is tried in at least 60 ways', () => {
    expect(rows.length * POLICIES.length).toBeGreaterThan(60)
  })

  it.each(rows)('%s is %s', { timeout: 60_000 }, async (_says, outcome, make) => {
    const [always, missing, never] = await Promise.all(POLICIES.map((policy) => tryOut(policy, make)))
    if (!always || !missing || !never) throw new Error('not tried')
    const [kind, code] = outcome.split(': ')
    for (const each of [always, missing]) {
      expect([each.exitCode, codeIn(each.log)], each.log).toEqual(
        kind === 'refused' ? [code === 'PKG-CONFIG' ? 2 : 10, code] : [0, undefined],
      )
      // Nothing was lost: it is where it was, or aside.
      expect(each.after.aside).toEqual(kind === 'aside' ? each.before : undefined)
      if (kind === 'aside') expect(each.log).toContain('.aside, and is made anew')
      if (kind === 'refused') expect(each.after.store).toEqual(each.before)
    }
    const expected = kind === 'used' ? undefined : kind === 'aside' ? 'PKG-STORE' : code
    expect(codeIn(never.log), never.log).toBe(expected)
    // Where only reading is needed, nothing is written, made or removed.
    expect(never.after).toEqual({ store: never.before, aside: undefined })
  })
})
