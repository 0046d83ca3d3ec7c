import { readFileSync, writeFileSync } from 'node:fs'
import { PipeError } from '../src/errors.ts'
import { hubName } from '../src/image/docker-hub.ts'
import { parseReference } from '../src/image/reference.ts'
import { createRegistryClient } from '../src/registry/client.ts'
import { createSecrets } from '../src/secrets.ts'

// `npm run base-images`: asks the registries which digests the tags of the Dockerfile's base images have now, and
// writes them behind the tags. With `--check`, what a release asks first: that each of them has one.
const USAGE = `npm run base-images              writes the present digests of the base images into the Dockerfile
npm run base-images -- --check   fails where a base image has no digest`

const FILE = 'Dockerfile'

const main = async (args: readonly string[]): Promise<void> => {
  if (args.length > 1 || (args.length === 1 && args[0] !== '--check')) throw new Refusal(USAGE)
  const text = readFileSync(FILE, 'utf8')
  const images = baseImagesOf(text)
  if (args[0] === '--check') return check(images)
  const pinned = new Map<string, string>()
  for (const image of images) pinned.set(image, await pin(image))
  // All are known before the file is written.
  const changed = text.replaceAll(
    FROM,
    (line, start, image) => start + (pinned.get(image) ?? image) + line.slice(start.length + image.length),
  )
  if (changed !== text) writeFileSync(FILE, changed)
  for (const image of pinned.values()) console.log(image)
}

const FROM = /^(FROM[ \t]+(?:--\S+[ \t]+)*)(\S+)/gim

/** What the stages of a Dockerfile are built from, without those that are earlier stages or nothing. */
const baseImagesOf = (text: string): string[] => {
  const stages = new Set([
    'scratch',
    ...[...text.matchAll(/^FROM[^\n]*\sAS\s+(\S+)/gim)].map(([, name]) => name),
  ])
  return [...new Set([...text.matchAll(FROM)].map(([, , image = '']) => image))].filter(
    (image) => !stages.has(image),
  )
}

const check = (images: readonly string[]): void => {
  const floating = images.filter((image) => parseReference(image).digest === undefined)
  if (floating.length === 0) return
  throw new Refusal(
    `A release is built from what was tried, but in the Dockerfile ${floating.join(' and ')} ${floating.length === 1 ? 'has' : 'have'} no digest: \
run "npm run base-images" where the registry can be reached, then the tests, and commit the Dockerfile.`,
  )
}

const pin = async (image: string): Promise<string> => {
  const { domain, path, tag } = nameOf(image)
  if (tag === undefined) throw new Refusal(`"${image}" has no tag whose digest could be asked for.`)
  const options = { env: process.env, userAgent: 'packages-pull-base-images', secrets: createSecrets() }
  const client = createRegistryClient({ ...options, host: domain, retrying: { maxAttempts: 3 } })
  try {
    const { digest } = await client.resolve(path, tag)
    return `${image.replace(/@.*/, '')}@${digest}`
  } catch (error) {
    if (!(error instanceof PipeError)) throw error
    throw new Refusal(`${image}: ${error.code}: ${error.message}${error.said ? `\n${error.said}` : ''}`)
  } finally {
    await client.close()
  }
}

// As engines read a short name: what is no host is a part of Docker Hub's path.
const nameOf = (image: string) => {
  const { domain = 'docker.io', path, tag } = parseReference(image)
  const isHost = /[.:]/.test(domain) || domain === 'localhost'
  return { tag, ...hubName(isHost ? { domain, path } : { domain: 'docker.io', path: `${domain}/${path}` }) }
}

class Refusal extends Error {}

try {
  await main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 1
}
