import { execa, type Options } from 'execa'

interface Ending {
  /** Ends the program, and all that it started. */
  signal: AbortSignal
}

// Leaves a second of TIMEOUT's two, and most of a stopped step's eight, to whoever cleans up.
const GRACE = 1250

const groups = new Set<number>()

/**
 * Runs a program as the first of a process group, to which a signal goes as a whole: a helper that the program started
 * must not write its login after the folder of the login was removed. What they make is for this user alone. Resolves
 * when the program has ended, at the latest a second and a half after the signal, and never rejects.
 */
export const run = async <O extends Options>(
  program: string,
  args: readonly string[],
  { signal, ...options }: O & Ending,
) => {
  const child = privately(() =>
    execa(program, args, { ...(options as unknown as O), detached: true, reject: false }),
  )
  const { pid } = child
  if (pid === undefined) return await child
  groups.add(pid)
  let timer: NodeJS.Timeout | undefined
  const stop = () => {
    kill(pid, 'SIGTERM')
    timer = setTimeout(() => {
      kill(pid, 'SIGKILL')
      // One that left the group keeps the streams open.
      for (const stream of [child.stdout, child.stderr]) stream?.destroy()
    }, GRACE)
  }
  signal.addEventListener('abort', stop, { once: true })
  if (signal.aborted) stop()
  try {
    return await child
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    if (signal.aborted) kill(pid, 'SIGKILL')
    groups.delete(pid)
  }
}

/** Ends whatever still runs, at once: for the end of the process. */
export const killAll = (): void => {
  for (const pid of groups) kill(pid, 'SIGKILL')
}

const kill = (group: number, name: NodeJS.Signals) => {
  try {
    process.kill(-group, name)
  } catch {
    // All of it has ended.
  }
}

// A child gets the mask of the moment at which it starts.
const privately = <T>(start: () => T): T => {
  const before = process.umask(0o077)
  try {
    return start()
  } finally {
    process.umask(before)
  }
}
