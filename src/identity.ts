import manifest from '../package.json' with { type: 'json' }

/** The version of this pipe, as in `pipe: <account>/packages-pull:<version>`. */
export const VERSION: string = manifest.version

/** The name that the last line of every log and every User-Agent carries. */
export const NAME: string = manifest.name

/** The README's section of an error code, in this version; Bitbucket names the anchors of headings so. */
export const helpUrl = (code: string): string =>
  `${manifest.homepage}/src/${VERSION}/README.md#markdown-header-${code.toLowerCase()}`
