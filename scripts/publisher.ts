import { readFileSync } from 'node:fs'
import { parseReference, ReferenceSyntaxError } from '../src/image/reference.ts'
import { literal, rewriteQuoted } from './quoted.ts'

// `npm run publisher -- <account> [<image>]`: says who publishes this pipe. The account of `pipe: <account>/…` and
// the name of the image stand in package.json under `config`; this changes them there and wherever they are quoted.
interface Publisher {
  account: string
  image: string
}

const USAGE = `Usage: npm run publisher -- <account> [<image>]
  account  the Bitbucket workspace of the pipe's repository, as in "pipe: <account>/packages-pull"
  image    where the pipe's image is published, without a tag; else docker.io/<account>/packages-pull`

const main = (args: readonly string[]): void => {
  const next = asked(args)
  const now = present()
  rewriteQuoted((text) => renamed(text, now, next))
  console.log(`pipe: ${next.account}/packages-pull, image ${next.image}`)
}

const present = (): Publisher => {
  const { config } = JSON.parse(readFileSync('package.json', 'utf8')) as { config: Publisher }
  if (fullName(config.image) === config.image) return config
  throw new Refusal(`In package.json, write the image with its registry: ${fullName(config.image)}`)
}

const asked = (args: readonly string[]): Publisher => {
  const [account = '', image = `docker.io/${account}/packages-pull`, ...others] = args
  if (account === '' || account.startsWith('-')) throw new Refusal(USAGE)
  if (!/^\w[\w-]*$/.test(account)) {
    throw new Refusal(
      `"${account}" is not an account of Bitbucket: it has letters, digits, "_" and "-" only.`,
    )
  }
  if (others.length > 0) throw new Refusal(`After account and image, "${others.join(' ')}" is too much.`)
  return { account, image: fullName(image) }
}

// With its registry, always: a short name could be any word of a text in which it is to be found again.
const fullName = (image: string): string => {
  const { domain, path, tag, digest } = parsed(image)
  if (tag !== undefined || digest !== undefined) {
    throw new Refusal(
      `Write the image without its tag or digest: "${image}" would get the pipe's version twice.`,
    )
  }
  if (domain === undefined) {
    throw new Refusal(
      `"${image}" names no registry or account to publish to; the image is one such as docker.io/my-team/packages-pull.`,
    )
  }
  if (/^crg\.apkg\.io(:|$)/i.test(domain)) {
    throw new Refusal(
      'The image of a pipe cannot be in crg.apkg.io: a step pulls it before any script line can sign in there. Publish it where no login is needed.',
    )
  }
  const isHost = /[.:A-Z]/.test(domain) || domain === 'localhost'
  return isHost ? image : `docker.io/${domain}/${path}`
}

const parsed = (image: string) => {
  try {
    return parseReference(image)
  } catch (error) {
    throw error instanceof ReferenceSyntaxError ? new Refusal(`${error.message}.`) : error
  }
}

// Each name only where it can mean nothing else, and all in one pass, so that nothing is changed twice.
const renamed = (text: string, now: Publisher, next: Publisher): string => {
  const image = `(?<=docker://|(?<![\\w./-]))${literal(now.image)}(?![\\w/-])`
  const account = `(?<=bitbucket\\.org/|(?<![\\w./-]))${literal(now.account)}(?=/packages-pull(?![\\w-]))`
  const setting = `(?<="account": ")${literal(now.account)}(?=")`
  return text.replace(new RegExp(`(${image})|${account}|${setting}`, 'g'), (_, isImage) =>
    isImage === undefined ? next.account : next.image,
  )
}

class Refusal extends Error {}

try {
  main(process.argv.slice(2))
} catch (error) {
  if (!(error instanceof Refusal)) throw error
  console.error(error.message)
  process.exitCode = 2
}
