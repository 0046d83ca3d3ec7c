import { busybox, randomFile, textFile } from './images/layers.ts'
import { pipeImage } from './images/pipe-image.ts'
import { pushImage, type Recipe, type TestImage } from './images/test-images.ts'
import { installPackages } from './install.ts'
import { ownDefinition } from './runner/script.ts'
import { stage } from './stage.ts'
import { type Registry, registries } from './world/registry.ts'
import { openWorld, type World } from './world/world.ts'

/** Everything that steps need around them, as plain data: any process of a test run can use it. */
export interface Laboratory {
  world: World
  /** The images that the registries hold, by `name:tag`. */
  images: Record<keyof typeof recipes, TestImage>
  /** What `image:` in the project's pipe.yml says. */
  pipe: string
  /** The folder of that image, built from this checkout. */
  pipeImage: string
}

const everywhere = registries
const bitbucket = ['crg.apkg.io'] as const

const recipes = {
  'acme/base:1.4': [everywhere, { layers: [busybox, randomFile('one-megabyte', 1_000_000)] }],
  'acme/base:1.5': [bitbucket, { layers: [busybox, textFile('etc/version', '1.5\n')] }],
  'acme/tools:2': [bitbucket, { layers: [busybox, textFile('bin/tool', '#!/bin/sh\necho a tool\n')] }],
  'acme/other:1': [bitbucket, { layers: [busybox] }],
  'acme/multi:1': [bitbucket, { layers: [busybox], platforms: ['linux/amd64', 'linux/arm64'] }],
  'acme/biguid:1': [bitbucket, { layers: [busybox], owner: 70000 }],
} satisfies Record<string, [readonly Registry[], Recipe]>

/** Installs what is missing, starts the network and its servers, fills the registries, builds the pipe image. */
export const openLaboratory = async (): Promise<{ laboratory: Laboratory; close: () => Promise<void> }> => {
  await stage('programs installed', installPackages)
  const { close, ...world } = await stage('network and servers up', openWorld)
  try {
    const { image: pipe } = await ownDefinition()
    const [images, folder] = await Promise.all([
      stage('registries filled', () => pushAll(world)),
      stage('image of the pipe built', () => pipeImage(pipe)),
    ])
    return { laboratory: { world, images, pipe, pipeImage: folder }, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** Pushes an image of `size` bytes in `layers` equal layers that no compression makes smaller. */
export const pushBigImage = (world: World, name: string, size: number, layers = 5): Promise<TestImage> => {
  const part = Math.ceil(size / layers)
  const parts = Array.from({ length: layers }, (_, i) => randomFile(`part-${i}`, part))
  return pushImage(world, bitbucket, name, { layers: [busybox, ...parts], level: 0 })
}

const pushAll = async (world: World): Promise<Laboratory['images']> => {
  const pushed: [string, TestImage][] = []
  for (const [name, [targets, recipe]] of Object.entries(recipes)) {
    pushed.push([name, await pushImage(world, targets, name, recipe)])
  }
  return Object.fromEntries(pushed) as Laboratory['images']
}
