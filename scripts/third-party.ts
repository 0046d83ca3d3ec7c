import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'rolldown'

/** The file beside the bundle that has the notices of the packages in it. */
export const NOTICES = 'THIRD-PARTY.txt'

/**
 * Writes `THIRD-PARTY.txt` beside the bundle, from the modules that are really in it: minified, the bundle itself says
 * no longer whose code it is. A package without its license's text fails the build, because it may not be shipped.
 */
export const thirdParty: Plugin = {
  name: 'third-party',
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    this.emitFile({ type: 'asset', fileName: NOTICES, source: noticesOf(modules) })
  },
}

/** The notices of the packages that these modules are files of; throws where a package has no license's text. */
export const noticesOf = (modules: readonly string[]): string => {
  const folders = [...new Set(modules.flatMap((module) => packageOf(module) ?? []))]
  const sections = folders.map(noticeOf).sort((a, b) => (a.title < b.title ? -1 : 1))
  return [INTRODUCTION, ...sections.map(({ title, text }) => `${title}\n\n${text}`)].join(`\n${LINE}\n`)
}

const LINE = '-'.repeat(78)
const INTRODUCTION = `pipe.mjs contains code of the packages below, each under its own license.
`

/** The folder of the package that a module is a file of; of the innermost, where packages lie in each other. */
export const packageOf = (module: string): string | undefined =>
  /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(module)?.[0]

const noticeOf = (folder: string): { title: string; text: string } => {
  const file = join(folder, 'package.json')
  const { name, version, license } = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>
  const files = readdirSync(folder).filter((each) => /^(?:licen[cs]e|copying|notice)\b/i.test(each))
  if (!files.some((each) => !/^notice/i.test(each)))
    throw new Error(`${name} ${version} is in the bundle, but its package has no file with its license.`)
  if (typeof license !== 'string')
    throw new Error(`${name} ${version} does not say in a word what its license is.`)
  const texts = files.sort().map((each) => readFileSync(join(folder, each), 'utf8').trim())
  return { title: `${name} ${version} (${license})`, text: `${texts.join('\n\n')}\n` }
}
