import type { PipeError } from '../errors.ts'
import { helpUrl } from '../identity.ts'
import { clean } from '../text.ts'

// A remote side that sends pages of text must not push the hint out of sight.
const LONGEST_SAID = 2000

/**
 * A failure in the words of the log: what failed · what the other side said · why · what to do · where to read
 * more. Remote words are cleaned and set off from ours.
 */
export const failureText = (error: PipeError): string => {
  const said = error.said === undefined ? '' : clean(error.said)
  // Ours may quote theirs: names of tags and platforms come from the registry.
  return [
    clean(`${error.code}: ${error.message}`),
    ...(said === '' ? [] : [indent('Said: ', shorten(said))]),
    indent('Why: ', clean(error.why)),
    indent('To do: ', clean(error.hint)),
    indent('More: ', helpUrl(error.code)),
  ].join('\n')
}

const indent = (label: string, text: string) =>
  `  ${label}${text.replaceAll('\n', `\n  ${' '.repeat(label.length)}`)}`

const shorten = (text: string) =>
  text.length <= LONGEST_SAID
    ? text
    : `${text.slice(0, LONGEST_SAID)}… (${text.length - LONGEST_SAID} more characters)`
