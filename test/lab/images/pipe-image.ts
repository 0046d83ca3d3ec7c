import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cache, cached, project } from '../cache.ts'
import { onEngine, startEngine, stopEngine } from '../runner/engine.ts'
import { type Namespace, openNamespace } from '../world/namespace.ts'
import { baseImages } from './stand-ins.ts'

/**
 * Builds the project's Dockerfile on the stand-ins. The folder it answers holds the image as `image.tar`; what
 * engines start from that have it already is made of that (`seedOf`).
 */
export const pipeImage = async (name: string): Promise<string> => {
  const files = ['Dockerfile', '.dockerignore', 'dist/pipe.mjs', 'dist/THIRD-PARTY.txt']
  const parts = files.map((path) => readFile(join(project, path)))
  const hash = createHash('sha256').update(name)
  for (const part of await Promise.all(parts)) hash.update(part)
  const folder = `pipe-${hash.digest('hex').slice(0, 16)}`
  return cached(folder, async (temporary) => {
    await forgetOtherImages()
    const made = join(temporary, folder)
    await mkdir(made)
    await build(name, join(made, 'image.tar'))
    return made
  })
}

const build = (name: string, tar: string) =>
  withBuilder(async (builder) => {
    console.log('laboratory: building the image of the pipe')
    const command = ['build', '--network=none', `--tag=${name}`, '--file=-', project]
    const { stdout } = await onEngine(builder, command, { input: await dockerfile() })
    await writeFile(join(cache, 'build.log'), String(stdout))
    await onEngine(builder, ['save', `--output=${tar}`, name])
    // Its layers stay: they are what makes the next build short.
    await onEngine(builder, ['image', 'rm', '--no-prune', name])
  })

// As it is, but for the digests of its base images, which no stand-in can have.
const dockerfile = async (): Promise<string> =>
  (await readFile(join(project, 'Dockerfile'), 'utf8')).replaceAll(/^(FROM [^\s@]+)@\S+/gm, '$1')

// The builder's data are kept, base images and layers of earlier builds included, so long as its engine
// was stopped in an orderly way and they are still the same base images.
const withBuilder = async (action: (builder: Namespace) => Promise<void>): Promise<void> => {
  const images = await baseImages()
  const data = join(cache, 'builder')
  const orderly = join(cache, 'builder-is-whole')
  const whole = JSON.stringify(images)
  if ((await readFile(orderly, 'utf8').catch(() => '')) !== whole)
    await rm(data, { recursive: true, force: true })
  await rm(orderly, { force: true })
  await mkdir(data, { recursive: true })
  const builder = await openNamespace('builder')
  try {
    await startEngine(builder, { remap: false, plugin: false, data })
    const { stdout } = await onEngine(builder, ['image', 'ls', '--format={{.Repository}}:{{.Tag}}'])
    for (const [name, tar] of Object.entries(images)) {
      if (String(stdout).split('\n').includes(name)) continue
      await onEngine(builder, ['import', '-', name], { input: createReadStream(tar) })
    }
    await action(builder)
    await stopEngine(builder)
    await writeFile(orderly, whole)
  } finally {
    await builder.close()
  }
}

const forgetOtherImages = async (): Promise<void> => {
  const names = (await readdir(cache)).filter((name) => name.startsWith('pipe-'))
  await Promise.all(names.map((name) => rm(join(cache, name), { recursive: true, force: true })))
}
