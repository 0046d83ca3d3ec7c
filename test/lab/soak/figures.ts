import type { Summary } from './soak.ts'

/** A soak in one line. */
export const figuresOf = ({ runs, seed, seconds, success, explained, unexplained, leaks }: Summary): string =>
  `${runs} runs with seed ${seed} in ${seconds.toFixed(0)} s: ${success} succeeded, ${explained} failed as explained, ` +
  `${unexplained} unexplained, ${leaks.length} left something behind`
