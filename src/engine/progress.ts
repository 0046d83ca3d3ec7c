/** What the engine says about the layers of one pull, kept as its lines come in. */
export interface PullProgress {
  /** Takes one line of `docker pull`. */
  line(text: string): void
  /** Layers that are in the engine, whether they came from the registry or were there. */
  done(): number
  /** Whether this layer came from the registry, in this pull or an earlier attempt at it. */
  transferred(digest: string): boolean
}

// `docker pull` names a layer by the first twelve digits of its digest.
const LAYER = /^([0-9a-f]{12}): (Already exists|Download complete|Pull complete)/

/** Follows one pull by the lines that it prints. */
export const createPullProgress = (): PullProgress => {
  const present = new Set<string>()
  const downloaded = new Set<string>()
  return {
    line(text) {
      const [, layer, state] = LAYER.exec(text) ?? []
      if (layer === undefined) return
      if (state !== 'Download complete') present.add(layer)
      if (state !== 'Already exists') downloaded.add(layer)
    },
    done: () => present.size,
    transferred: (digest) => downloaded.has(digest.replace(/^[a-z0-9]+:/, '').slice(0, 12)),
  }
}
