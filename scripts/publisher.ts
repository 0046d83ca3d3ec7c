import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// `npm run publisher -- <account> [<image>]`: says who publishes this pipe. The account of `pipe: <account>/…` and
// the name of the image stand in package.json under `config`; this changes them there and wherever they are quoted.
const [account, image = `docker.io/${account}/packages-pull`] = process.argv.slice(2)
if (account === undefined || !/^[\w-]+$/.test(account) || !/^[a-z0-9.:/_-]+$/.test(image)) {
  console.error('Usage: npm run publisher -- <account> [<image, without a tag>]')
  process.exit(2)
}

const project = process.cwd()
const now = (JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as { config: Publisher }).config

interface Publisher {
  account: string
  image: string
}

for (const name of ['package.json', 'pipe.yml', 'README.md', 'test/lab/pipe.ts']) {
  const path = join(project, name)
  const text = readFileSync(path, 'utf8')
  // The image first, for the account is often a part of it.
  const parts = text
    .split(now.image)
    .map((part) =>
      part
        .replaceAll(`${now.account}/packages-pull`, `${account}/packages-pull`)
        .replaceAll(`"account": "${now.account}"`, `"account": "${account}"`),
    )
  writeFileSync(path, parts.join(image))
}
console.log(`pipe: ${account}/packages-pull, image ${image}`)
