import type { Compared } from './compare.ts'
import { ways } from './row.ts'

/** The rows that have faults, as a text to read: what the engine says, what the pipe says, and what is wrong. */
export const differences = (engine: string, compared: readonly Compared[]): string => {
  const wrong = compared.filter(({ faults }) => faults.length > 0)
  if (wrong.length === 0) return ''
  const head = `Engine ${engine}: ${wrong.length} of ${compared.length} rows are not as they should be.`
  return [head, ...wrong.map(told)].join('\n\n')
}

/** Every row in one line, and what was said of it. */
export const everything = (engine: string, compared: readonly Compared[]): string =>
  [`Engine ${engine}: ${compared.length} rows`, ...compared.map(told)].join('\n\n')

const told = ({ row, engine, pipe, faults }: Compared): string =>
  [
    `${row.id}: ${row.says}`,
    `  docker pull  ${engine.delivered ? 'pulled' : 'refused'}  ${oneLine(engine.words)}`.trimEnd(),
    ...ways.map((way) => {
      const { delivered, code = '', words } = pipe[way]
      return `  ${way.padEnd(11)}  ${delivered ? 'ok' : `${code || 'no code'}  ${oneLine(words)}`}`
    }),
    ...faults.map((fault) => `  WRONG  ${fault}`),
  ].join('\n')

// The error itself, not what else the run said.
const oneLine = (words: string): string => {
  const at = words.search(/^ERROR: /m)
  const [error = ''] = words.slice(Math.max(0, at)).split(/^✖/m)
  return error
    .split('\n')
    .filter((line) => !/^ {2}(?:To do|More):/.test(line))
    .map((line) => line.trim())
    .join(' | ')
    .replace(/ \| $/, '')
    .slice(0, 600)
}
