import { appendFile, chmod, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execa } from 'execa'
import { type Namespace, runInside, startService, waitFor } from '../world/namespace.ts'

// Where the step's git proxy listens, which puts the step's credentials on what goes to Bitbucket.
const proxyPort = 29418

/** Starts that proxy in a step, with the repository behind the clone, as it was when the clone was made. */
export const startGitProxy = async (step: Namespace, build: string, repository: string): Promise<void> => {
  const folder = join(step.dir, 'origin')
  await execa('git', ['clone', '--quiet', '--bare', build, join(folder, repository)])
  const program = join(import.meta.dirname, 'git-proxy.ts')
  startService(step, 'git-proxy', [process.execPath, program, folder, `${proxyPort}`])
  const probe = `exec 3<>/dev/tcp/localhost/${proxyPort}`
  await waitFor(
    step,
    'git-proxy',
    async () => !(await runInside(step, ['bash', '-c', probe], { reject: false })).failed,
  )
}

/** What a clone is made of: a repository that is copied, and files besides. */
interface Content {
  clone?: string
  files?: Record<string, string>
}

/** The parts of the environment that say which repository it is. */
interface Origin {
  BITBUCKET_GIT_HTTP_ORIGIN?: string
  BITBUCKET_BRANCH?: string
}

/** Makes a step's clone as the platform's agent does; answers the commit. */
export const makeClone = async (
  build: string,
  { clone, files = {} }: Content,
  { BITBUCKET_GIT_HTTP_ORIGIN: origin = '', BITBUCKET_BRANCH: branch = 'main' }: Origin,
): Promise<string> => {
  await mkdir(build)
  if (clone !== undefined) await execa('cp', ['-a', `${clone}/.`, build])
  await chmod(build, 0o777)
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(build, name)), { recursive: true })
    await writeFile(join(build, name), content)
  }
  // Nothing of the git of whoever runs the laboratory.
  const env = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_SYSTEM: '/dev/null' }
  const git = (...args: string[]) => execa('git', ['-C', build, ...args], { env })
  if (clone === undefined) {
    await git('init', '--quiet', `--initial-branch=${branch}`)
    await git('add', '--all')
    const author = ['-c', 'user.name=lab', '-c', 'user.email=lab@example.com']
    await git(...author, 'commit', '--quiet', '--allow-empty', '--message=first')
  }
  await git('config', 'remote.origin.url', origin)
  await git('config', 'remote.origin.fetch', '+refs/heads/*:refs/remotes/origin/*')
  await git('config', `http.${origin}.proxy`, `http://localhost:${proxyPort}/`)
  // The platform keeps its own folder out of `git status`.
  await mkdir(join(build, '.git/info'), { recursive: true })
  await appendFile(join(build, '.git/info/exclude'), '.bitbucket/pipelines/generated\n')
  const { stdout } = await git('rev-parse', 'HEAD')
  await execa('chmod', ['-R', 'a+rwX', build])
  return stdout
}
