import manifest from '../package.json' with { type: 'json' }

/** The version of this pipe, as in `pipe: <account>/packages-pull:<version>`. */
export const VERSION: string = manifest.version

/** What the pipe calls itself where it asks a registry. */
export const USER_AGENT: string = `${manifest.name}/${VERSION}`

/** The README's section of an error code, in this version; Bitbucket names the anchors of headings so. */
export const helpUrl = (code: string): string =>
  `${manifest.homepage}/src/${VERSION}/README.md#markdown-header-${code.toLowerCase()}`
