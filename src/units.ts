/** A duration as people read it: `0.4 s`, `12 s`, `2 min 5 s`. */
export const seconds = (milliseconds: number): string => {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`
  const whole = Math.round(milliseconds / 1000)
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`
}

/** The seconds since a moment of `performance.now()`, to the millisecond: a figure of `result.json`. */
export const secondsSince = (started: number): number =>
  Number(((performance.now() - started) / 1000).toFixed(3))

/** A size as people read it, in decimal units as Bitbucket's limits are: `2.1 MB`. */
export const size = (bytes: number): string => {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1)
  const value = bytes / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power]}`
}

/** A number of images in words: `1 image`, `3 images`. */
export const count = (images: number): string => (images === 1 ? '1 image' : `${images} images`)
