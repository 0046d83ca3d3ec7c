import { randomBytes } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A pair that the token server accepts. */
export interface Grant {
  username: string
  password: string
  /** The repository whose packages it reaches; `*` for every package. */
  repository: string
  actions: string[]
}

/** What a token allows, as the registry reads it. */
export interface Access {
  type: string
  name: string
  actions: string[]
}

/** How the token server behaves; a test may change it at any time. */
export interface Rules {
  /** Which repository each package is linked to. */
  packages: Record<string, string>
  /** The answer for a package that the pair may not read: a token without that scope, or a refusal. */
  foreign: 'unscoped' | 401 | 403
  /** Whether OAuth2 token requests (POST) are answered. */
  oauth: boolean
  tokenSeconds: number
}

export const usualRules: Rules = {
  packages: {
    'acme/base': 'acme/app',
    'acme/tools': 'acme/app',
    'acme/multi': 'acme/app',
    'acme/biguid': 'acme/app',
    'acme/big': 'acme/app',
    'acme/node-base': 'acme/app',
    'acme/perl-base': 'acme/app',
    'acme/bash-only': 'acme/app',
    'acme/no-shell': 'acme/app',
    'acme/empty': 'acme/app',
    'acme/soak-0': 'acme/app',
    'acme/soak-1': 'acme/app',
    'acme/other': 'acme/elsewhere',
  },
  foreign: 'unscoped',
  oauth: true,
  tokenSeconds: 300,
}

/** Changes how the token server behaves. */
export const setRules = async (world: { dir: string }, change: Partial<Rules>): Promise<void> => {
  const path = join(world.dir, 'rules.json')
  const before: Rules = JSON.parse(await readFile(path, 'utf8').catch(() => JSON.stringify(usualRules)))
  // Renamed into place, because the token server reads it at any time.
  await writeFile(`${path}.new`, JSON.stringify({ ...before, ...change }))
  await rename(`${path}.new`, path)
}

/** A secret with characters that URLs, shells and base64 treat in their own way. */
export const newSecret = (prefix: string): string => `${prefix}${randomBytes(33).toString('base64')}/+=`

/** Makes a pair known to the token server, under a name by which it can be revoked. */
export const issue = async (world: { dir: string }, name: string, grant: Grant): Promise<void> => {
  const path = join(world.dir, `${name}.new`)
  await writeFile(path, JSON.stringify(grant))
  await rename(path, join(world.dir, 'grants', `${name}.json`))
}

/** Takes a pair back: what an expired step's credentials are. */
export const revoke = (world: { dir: string }, name: string): Promise<void> =>
  rm(join(world.dir, 'grants', `${name}.json`), { force: true })
