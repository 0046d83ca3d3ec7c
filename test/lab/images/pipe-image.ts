import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { cache, cached, exists, project } from '../cache.ts'
import { startEngine, stopEngine } from '../runner/engine.ts'
import { type Namespace, openNamespace, runInside } from '../world/namespace.ts'
import { baseImages } from './stand-ins.ts'

/**
 * Builds the project's Dockerfile on the stand-ins. The folder it answers holds the image as `image.tar`,
 * and the data of two engines that have it already, `mapped` with user namespaces and `plain` without: a
 * step's fresh engine starts from a copy (0.1 s, where `docker load` takes 1.4 s).
 */
export const pipeImage = async (name: string): Promise<string> => {
  const parts = ['Dockerfile', '.dockerignore', 'dist/pipe.mjs'].map((path) => readFile(join(project, path)))
  const hash = createHash('sha256').update(name)
  for (const part of await Promise.all(parts)) hash.update(part)
  const folder = `pipe-${hash.digest('hex').slice(0, 16)}`
  return cached(folder, async (temporary) => {
    await forgetOtherImages()
    const made = join(temporary, folder)
    await mkdir(made)
    await build(name, join(made, 'image.tar'))
    await Promise.all([seed(made, 'mapped', true), seed(made, 'plain', false)])
    return made
  })
}

const build = (name: string, tar: string) =>
  withBuilder(async (builder) => {
    console.log('laboratory: building the image of the pipe')
    const { stdout } = await docker(builder, ['build', '--network=none', `--tag=${name}`, project])
    await writeFile(join(cache, 'build.log'), String(stdout))
    await docker(builder, ['save', `--output=${tar}`, name])
    // Its layers stay: they are what makes the next build short.
    await docker(builder, ['image', 'rm', '--no-prune', name])
  })

// The builder's data are kept, base images and layers of earlier builds included, so long as its engine
// was stopped in an orderly way.
const withBuilder = async (action: (builder: Namespace) => Promise<void>): Promise<void> => {
  const images = await baseImages()
  const data = join(cache, 'builder')
  const orderly = join(cache, 'builder-is-whole')
  if (!(await exists(orderly))) await rm(data, { recursive: true, force: true })
  await rm(orderly, { force: true })
  await mkdir(data, { recursive: true })
  const builder = await openNamespace('builder')
  try {
    await startEngine(builder, { remap: false, plugin: false, data })
    const { stdout } = await docker(builder, ['image', 'ls', '--format={{.Repository}}:{{.Tag}}'])
    for (const [name, tar] of Object.entries(images)) {
      if (String(stdout).split('\n').includes(name)) continue
      await runInside(builder, [...dockerCommand, 'import', '-', name], { input: createReadStream(tar) })
    }
    await action(builder)
    await stopEngine(builder)
    await writeFile(orderly, '')
  } finally {
    await builder.close()
  }
}

const seed = async (made: string, name: string, remap: boolean): Promise<void> => {
  const namespace = await openNamespace('seed')
  try {
    await startEngine(namespace, { remap, plugin: false })
    await docker(namespace, ['load', `--input=${join(made, 'image.tar')}`])
    await stopEngine(namespace)
    await execa('cp', ['-a', join(namespace.dir, 'data'), join(made, name)])
  } finally {
    await namespace.close()
  }
}

const forgetOtherImages = async (): Promise<void> => {
  const names = (await readdir(cache)).filter((name) => name.startsWith('pipe-'))
  await Promise.all(names.map((name) => rm(join(cache, name), { recursive: true, force: true })))
}

const docker = (namespace: Namespace, args: readonly string[]) =>
  runInside(namespace, [...dockerCommand, ...args], { env: { DOCKER_BUILDKIT: '0' } })

const dockerCommand = ['docker', '--host=unix:///run/docker.sock']
