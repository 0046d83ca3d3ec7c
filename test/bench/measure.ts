/** What one run of something took: seconds, and whatever else was measured. */
export type Figures = { seconds: number } & Record<string, number>

/** Times an asynchronous action, in seconds. */
export const timed = async (action: () => Promise<unknown>): Promise<Figures> => {
  const started = performance.now()
  await action()
  return { seconds: (performance.now() - started) / 1000 }
}

/** A contender of a comparison: `prepare` is not timed. */
export interface Contender {
  name: string
  prepare?: () => Promise<unknown>
  run: () => Promise<Figures>
}

/**
 * Runs contenders in turn (A B C, A B C, …), after one round that does not count, so that a machine whose speed
 * drifts does so for all of them. Prints each one's median, and its ratio and difference to the first, pair by pair.
 */
export const compare = async (title: string, contenders: readonly Contender[], rounds = 7): Promise<void> => {
  const runs = new Map<string, Figures[]>(contenders.map(({ name }) => [name, []]))
  for (let round = 0; round <= rounds; round++) {
    for (const { name, prepare, run } of contenders) {
      await prepare?.()
      const figures = await run()
      if (round > 0) runs.get(name)?.push(figures)
    }
  }
  console.log(`\n${title} (${rounds} rounds in turn)`)
  const [first] = contenders
  const base = runs.get(first?.name ?? '') ?? []
  for (const { name } of contenders) {
    const own = runs.get(name) ?? []
    const ratios = own.map(({ seconds }, round) => seconds / (base[round]?.seconds ?? Number.NaN))
    const differences = own.map(
      ({ seconds }, round) => (seconds - (base[round]?.seconds ?? Number.NaN)) * 1000,
    )
    const more = Object.keys(own[0] ?? {}).filter((key) => key !== 'seconds')
    const rest = more.map((key) => `${key} ${median(own.map((each) => each[key] ?? Number.NaN)).toFixed(0)}`)
    console.log(
      [
        `  ${name.padEnd(46)}`,
        `${median(own.map(({ seconds }) => seconds)).toFixed(3)} s`.padStart(9),
        ...(name === first?.name
          ? []
          : [
              `× ${median(ratios).toFixed(2)}`,
              `${median(differences) >= 0 ? '+' : ''}${median(differences).toFixed(0)} ms`,
            ]),
        ...rest,
      ].join('   '),
    )
  }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return sorted.length % 2 === 1
    ? (sorted[Math.floor(middle)] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
