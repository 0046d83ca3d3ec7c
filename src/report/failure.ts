import type { PipeError } from '../errors.ts'
import { helpUrl } from '../identity.ts'
import type { Secrets } from '../secrets.ts'
import { shown } from '../text.ts'

// A remote side that sends pages of text must not push the hint out of sight.
const LONGEST_SAID = 2000

/**
 * A failure in the words of the log: what failed · what the other side said · why · what to do · where to read more.
 * Remote words are set apart from ours, although ours may quote theirs, such as names of tags and platforms.
 */
export const failureText = (error: PipeError, mask: Secrets['mask']): string => {
  const said = shown(error.said ?? '', mask, LONGEST_SAID)
  return [
    shown(`${error.code}: ${error.message}`, mask),
    ...(said === '' ? [] : [indent('Said: ', said)]),
    indent('Why: ', shown(error.why, mask)),
    indent('To do: ', shown(error.hint, mask)),
    indent('More: ', helpUrl(error.code)),
  ].join('\n')
}

const indent = (label: string, text: string) =>
  `  ${label}${text.replaceAll('\n', `\n  ${' '.repeat(label.length)}`)}`
