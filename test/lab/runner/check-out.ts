import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { exists } from '../cache.ts'

/** A folder as a step finds its clone. */
export interface Clone {
  path: string
  commit: string
}

/**
 * Copies a folder into `dir` as a git repository: with its history and without what git ignores where it is one
 * already, changes that are not committed included; else all of it, in one commit.
 */
export const checkOut = async (folder: string, dir: string): Promise<Clone> => {
  const path = await mkdtemp(join(dir, 'clone-'))
  await execa('sh', ['-ec', (await isRepository(folder)) ? COPY_LISTED : COPY_ALL, folder, path])
  // A worktree or a folder in a repository has its history elsewhere, and gets one of its own as well.
  if (!(await exists(join(path, '.git')))) await execa('sh', ['-ec', COMMIT, path])
  const { stdout: commit } = await git(path, 'rev-parse', 'HEAD')
  return { path, commit }
}

// The folder's owner may be another user than root, which a laboratory needs.
const git = (folder: string, ...args: string[]) =>
  execa('git', ['-c', 'safe.directory=*', '-C', folder, ...args])

const isRepository = (folder: string): Promise<boolean> =>
  git(folder, 'rev-parse', '--verify', 'HEAD').then(
    () => true,
    () => false,
  )

const COPY_ALL = 'cp -r --preserve=mode,links,timestamps "$0/." "$1"'

// A listed file may have been removed.
const COPY_LISTED = `cd "$0"
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
  tar --create --null --files-from=- --ignore-failed-read |
  tar --extract --no-same-owner --directory "$1"
if [ -d .git ]; then cp -r --preserve=mode,links,timestamps .git "$1"; fi`

const COMMIT = `cd "$0"
git init --quiet --initial-branch=main
git add --all
git -c user.name=laboratory -c user.email=laboratory@example.com commit --quiet --allow-empty --message 'As it is'`
