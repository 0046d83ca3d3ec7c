import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { archive } from '../../src/store/archive.ts'
import { statedSize } from '../../src/store/inflate.ts'
import { openStore } from '../../src/store/store.ts'
import { runInside } from '../lab/world/namespace.ts'
import { type Arena, blobBytes, emptyEngine, image, openArena, pipeIn, shell } from './arena.ts'
import { benchImage } from './image.ts'
import { compare, type Figures, timed } from './measure.ts'

/**
 * STORE against what a user would do without it, on an image of about 500 MB in a registry on the loopback address:
 * filling the folder, finding it unchanged or with one layer changed, loading it into an empty engine.
 */
export const compareStores = async (): Promise<void> => {
  const arena = await openArena(await benchImage(), ['v1', 'v2'])
  try {
    await compareFilling(arena)
    await compareChanges(arena)
    await compareLoading(arena)
  } finally {
    await arena.close()
  }
}

/**
 * The pipe with an engine that has the image already, so that it fills the store and loads nothing: all of the
 * program, from its start to its end.
 */
const compareFilling = async (arena: Arena): Promise<void> => {
  await shell(arena, `docker pull --quiet ${image}:v1`)
  const empty = () => rm(join(arena.dir, '.images'), { recursive: true, force: true })
  const contenders = [
    {
      name: 'skopeo copy docker:// oci:',
      prepare: () => rm(join(arena.dir, 'oci'), { recursive: true, force: true }),
      run: () => shell(arena, `skopeo copy --quiet --src-tls-verify=false docker://${image}:v1 oci:oci:v1`),
    },
    { name: 'the pipe, an empty store', prepare: empty, run: () => pipeIn(arena, { IMAGE: `${image}:v1` }) },
  ]
  await compare('Filling a store', contenders, 7)
  await compare(
    'Filling a store, and the usual way',
    [
      ...contenders.slice(1),
      {
        name: 'docker save | gzip',
        run: () => shell(arena, `sh -c 'docker save ${image}:v1 | gzip > saved.tar.gz'`),
      },
    ],
    1,
  )
}

/** The same image again, and one whose top layer of 5 MB is another; bytes of blobs by the registry's own log. */
const compareChanges = async (arena: Arena): Promise<void> => {
  await shell(arena, `docker pull --quiet ${image}:v2`)
  const again = async (version: string): Promise<Figures> => {
    const before = await blobBytes(arena)
    const figures = await pipeIn(arena, { IMAGE: `${image}:${version}` })
    return { ...figures, 'blob bytes': (await blobBytes(arena)) - before }
  }
  const fill = async (version: string) => {
    await rm(join(arena.dir, '.images'), { recursive: true, force: true })
    await pipeIn(arena, { IMAGE: `${image}:${version}` })
  }
  await compare(
    'A store that is there',
    [
      { name: 'unchanged image', prepare: () => fill('v1'), run: () => again('v1') },
      { name: 'one layer of 5 MB changed', prepare: () => fill('v1'), run: () => again('v2') },
    ],
    5,
  )
}

const compareLoading = async (arena: Arena): Promise<void> => {
  await shell(arena, `docker pull --quiet ${image}:v1`)
  await shell(arena, `docker save --output=saved.tar ${image}:v1`)
  await rm(join(arena.dir, '.images'), { recursive: true, force: true })
  await pipeIn(arena, { IMAGE: `${image}:v1` })
  const prepare = () => emptyEngine(arena)
  await compare(
    'Loading into an empty engine',
    [
      {
        name: 'docker load of what docker save wrote',
        prepare,
        run: () => shell(arena, 'docker load --quiet --input=saved.tar'),
      },
      {
        name: 'the pipe from its store',
        prepare,
        run: () => pipeIn(arena, { IMAGE: `${image}:v1`, PULL_POLICY: 'never' }),
      },
      {
        name: 'docker pull, from the loopback address',
        prepare,
        run: () => shell(arena, `docker pull --quiet ${image}:v1`),
      },
      { name: 'docker load, layers as they are', prepare, run: () => loadWith(arena, false) },
      { name: 'docker load, layers inflated', prepare, run: () => loadWith(arena, true) },
    ],
    3,
  )
}

/** `docker load` of the archive that the pipe makes, without the pipe around it. */
const loadWith = async (arena: Arena, isInflated: boolean): Promise<Figures> => {
  const store = await openStore(join(arena.dir, '.images'), { readOnly: false, onAside: console.log })
  try {
    const found = await store.find(`${image}:v1`, async () => ({ os: 'linux', architecture: 'amd64' }))
    if (found === undefined) throw new Error('The store has no image')
    const inflated = new Map<string, number>()
    for (const layer of isInflated ? found.layers : []) {
      const size = await statedSize(store.folder, layer)
      if (size !== undefined) inflated.set(layer.digest, size)
    }
    const input = Readable.from(archive(store.folder, [found], inflated), { objectMode: false })
    const command = ['docker', '--host=unix:///run/docker.sock', 'load', '--quiet']
    return await timed(() => runInside(arena, command, { input }))
  } finally {
    await store.close()
  }
}
