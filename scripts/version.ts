import { literal, rewriteQuoted } from './quoted.ts'

// `npm version <new>` calls this when it has changed package.json: the version of every `pipe: …/packages-pull:<version>`
// and of the image in pipe.yml follows. What the changelog says of earlier versions stays.
const { npm_old_version: old, npm_new_version: next, npm_package_config_image: image } = process.env
if (!old || !next || !image) {
  console.error('This is a part of "npm version <new version>" and does nothing by hand.')
  process.exitCode = 2
} else {
  const quoted = new RegExp(
    `(?<=\\bpipe: [\\w-]+/packages-pull:|${literal(image)}:)${literal(old)}(?![\\w.-])`,
    'g',
  )
  rewriteQuoted((text) => text.replaceAll(quoted, next))
}
