import manifest from '../package.json' with { type: 'json' }

/** The version of this pipe, as in `pipe: <account>/packages-pull:<version>`. */
export const VERSION: string = manifest.version

/** The User-Agent that registries see. */
export const USER_AGENT: string = `${manifest.name}/${VERSION}`

/** Address of the README's section on an error code, in this version. Bitbucket forms the anchors of headings so. */
export const helpUrl = (code: string): string =>
  `${manifest.homepage}/src/${VERSION}/README.md#markdown-header-${code.toLowerCase()}`
