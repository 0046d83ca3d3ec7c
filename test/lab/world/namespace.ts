import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, type Options } from 'execa'
import { kept, project } from '../cache.ts'
import { door, rootOf, rootScript } from './root.ts'

/** A private network, mount and process namespace: plain data, so that another process can attach to it. */
export interface Namespace {
  /** Process id, as this machine sees it, of the namespace's first process. */
  pid: number
  /** Its folder on disk, the same path inside and outside; removed when the namespace ends. */
  dir: string
}

export interface Holder extends Namespace {
  /** Ends every process of the namespace and, with the last one, its mounts, network and folder. */
  close: () => Promise<void>
}

// `cat` ends when our end of its standard input closes, however this process ends; with it ends the first
// process, and the kernel kills the others. The door is how `inside` tells this root from any other.
const FIRST = `mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/lab
printf '#!/bin/sh\\nexec setpriv --pdeathsig=KILL "$@"\\n' > "$1"
chmod 755 "$1"
ip link set lo up
echo "$2"
cat > /dev/null`

// What survives the namespace is its folder and what the laboratory keeps.
const insideScript = (dir: string, keeps: string): string => `read pid rest < /proc/self/stat
set -- sh -ec "$1" sh ${door({ dir })} "$pid"
${rootScript({ lower: '/', place: dir, shared: [dir, keeps], readable: [project] })}`

// The groups are what dockerd made for its containers; a killed engine leaves them empty behind.
const OUTSIDE = `unshare --net --mount --propagation=unchanged --pid --fork sh -c "$1" sh "$2"
find /sys/fs/cgroup -depth -type d -path "*/$(basename "$0")*" -exec rmdir {} + 2> /dev/null
rm -rf "$0"`

/** Opens a namespace that lasts until it is closed or this process ends, even by SIGKILL. */
export const openNamespace = async (name: string): Promise<Holder> => {
  // Without links on the way: what is shared is mounted at its path, and a link there would lead past the root.
  const dir = await realpath(await mkdtemp(join(tmpdir(), `packages-pull-lab-${name}-`)))
  await chmod(dir, 0o711)
  await mkdir(kept, { recursive: true })
  const script = insideScript(dir, await realpath(kept))
  const child = spawn('sh', ['-c', OUTSIDE, dir, script, FIRST], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  const ended = once(child, 'close')
  const [first] = await Promise.race([once(child.stdout, 'data'), ended])
  const pid = Number(String(first))
  if (!(pid > 0) || child.exitCode !== null) throw new Error(`No namespace could be made: ${errors}`)
  for (const handle of [child, child.stdin, child.stdout, child.stderr]) unreference(handle)
  const close = async () => {
    child.stdin.end()
    child.ref()
    if (child.exitCode === null) await ended
  }
  return { pid, dir, close }
}

/**
 * The command line that runs `command` inside a namespace; the command dies with whoever runs the line. The
 * line does nothing in any root but that of the namespace. Throws where the namespace has another one now.
 */
export const inside = (namespace: Namespace, command: readonly string[]): [string, ...string[]] => {
  rootOf(namespace)
  const target = [`--target=${namespace.pid}`, '--net', '--mount', '--pid', '--root', '--wdns=/']
  return ['nsenter', ...target, door(namespace), ...command]
}

/** Runs a command inside a namespace; throws when it fails, unless `reject: false`. */
export const runInside = <O extends Options>(
  namespace: Namespace,
  command: readonly string[],
  options?: O,
) => {
  const [file, ...args] = inside(namespace, command)
  return execa<O>(file, args, options as O)
}

/** Runs a program of this machine in a namespace's network alone, where process ids are those of the machine. */
export const runInNetwork = (namespace: Namespace, command: readonly string[]) => {
  rootOf(namespace)
  return execa('nsenter', [`--target=${namespace.pid}`, '--net', ...command])
}

/** Starts a daemon inside a namespace, its output in `<dir>/<name>.log`; `stopService` finds it by name. */
export const startService = (
  namespace: Namespace,
  name: string,
  command: readonly string[],
  env: Record<string, string> = {},
): void => {
  const script = `exec >> ${namespace.dir}/${name}.log 2>&1; echo $$ > /run/lab/${name}.pid; exec "$@"`
  const [file, ...args] = inside(namespace, ['sh', '-c', script, 'sh', ...command])
  const child = spawn(file, args, { detached: true, stdio: 'ignore', env: { ...process.env, ...env } })
  child.unref()
}

/** Ends a daemon of `startService` with a signal, and waits until it is gone. */
export const stopService = async (namespace: Namespace, name: string, signal = 'TERM'): Promise<void> => {
  const script = `pid=$(cat /run/lab/${name}.pid) && kill -${signal} $pid && rm /run/lab/${name}.pid
for i in $(seq 500); do [ -d /proc/$pid ] || exit 0; sleep 0.02; done; exit 1`
  await runInside(namespace, ['sh', '-c', script])
}

/** Waits until `probe` answers true; throws what it last threw, with the daemon's log, after `seconds`. */
export const waitFor = async (
  namespace: Namespace,
  name: string,
  probe: () => Promise<boolean>,
  seconds = 20,
): Promise<void> => {
  const end = Date.now() + seconds * 1000
  while (Date.now() < end) {
    if (await probe().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  const log = await readFile(join(namespace.dir, `${name}.log`), 'utf8').catch(() => '(no log)')
  throw new Error(`${name} did not start within ${seconds} seconds:\n${log.slice(-4000)}`)
}

/** Writes files below a namespace's folder. */
export const writeFiles = async (namespace: Namespace, files: Record<string, string>): Promise<void> => {
  await Promise.all(Object.entries(files).map(([path, text]) => writeFile(join(namespace.dir, path), text)))
}

const unreference = (handle: object): void => {
  if ('unref' in handle && typeof handle.unref === 'function') handle.unref()
}
