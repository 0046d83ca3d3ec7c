/** One stage of setting the laboratory up; tells how long it took, for it can be minutes in a fresh clone. */
export const stage = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  const start = performance.now()
  const made = await work()
  console.log(`laboratory: ${what} after ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return made
}
