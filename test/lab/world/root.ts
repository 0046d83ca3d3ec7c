import { existsSync } from 'node:fs'
import { basename } from 'node:path'

/** A root folder of its own for a process. */
export interface Root {
  /** The folder that it shows, and keeps as it is: the machine's `/`, or one that was made. */
  lower: string
  /** An empty folder for what is mounted on the way. */
  place: string
  /** Files and folders that are the caller's own in there too, at the same path, if they exist; not what is mounted below. */
  shared: readonly string[]
  /** The same to be read only, with what is mounted below. */
  readable?: readonly string[]
}

/**
 * The shell script that makes a root, moves into it and becomes the command in its arguments. It runs as root
 * in a mount namespace of its own. Everything but `/dev`, `/sys` and what is shared is an overlay in memory, so
 * that nothing else changes. The caller's root is taken off, not only left: from a `chroot` a joining process would land in the
 * machine's root, because joining a mount namespace leads to the root of that namespace.
 */
export const rootScript = ({ lower, place, shared, readable = [] }: Root): string => `set -e
umask 022
lower=${quoted(lower)} root=${quoted(place)}/root over=${quoted(place)}/over
${ROOT}
for path in ${readable.map(quoted).join(' ')}; do
  share --rbind "$path"
  mount -o remount,bind,ro "$root$path"
done
for path in ${shared.map(quoted).join(' ')}; do share --bind "$path"; done
${INTO}`

// busybox, which needs no library, is called from the working directory: where a process lands that joins its
// own namespace anew there may be another system, and only so can all of it be made private or taken off.
const ROOT = `nsenter --mount=/proc/self/ns/mnt --wd=/ ./bin/busybox mount --make-rprivate /
mounts=$(cat /proc/self/mountinfo)
mkdir -p "$over" "$root"
mount -t tmpfs -o mode=755 tmpfs "$over"
layers=0
cover() {
  layers=$((layers + 1))
  mkdir -p "$over/$layers/upper" "$over/$layers/work"
  chmod --reference="$1" "$over/$layers/upper"
  chown --reference="$1" "$over/$layers/upper"
  mount -t overlay overlay -o "lowerdir=$1,upperdir=$over/$layers/upper,workdir=$over/$layers/work" "$2"
}
share() {
  [ -e "$2" ] || return 0
  if [ -d "$2" ]; then mkdir -p "$root$2"; else mkdir -p "$(dirname "$root$2")"; touch "$root$2"; fi
  mount "$1" "$2" "$root$2"
}
cover "$lower" "$root"
[ "$lower" != / ] || while read -r _ _ _ _ path _; do
  case $path in
    / | /proc | /proc/* | /sys | /sys/* | /dev | /dev/* | /run | /run/*) ;;
    *)
      if [ -f "$path" ]; then
        cp -a --remove-destination "$path" "$root$path"
      elif [ -d "$path" ] && ! cover "$path" "$root$path" 2> /dev/null; then
        mount --bind "$path" "$root$path"
        mount -o remount,bind,ro "$root$path"
      fi ;;
  esac
done << END
$mounts
END
for path in /dev /sys; do share --rbind $path; done
mount -t proc proc "$root/proc"`

const INTO = `mkdir "$root/.before"
exec nsenter --mount=/proc/self/ns/mnt "--wd=$root" ./bin/busybox sh -ec '
./bin/busybox pivot_root . .before
cd /
umount -l /.before
rmdir /.before
exec "$@"' sh "$@"`

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`

/** Where a namespace's root has the program through which it is entered: a name that no other root has. */
export const door = (namespace: { dir: string }): string => `/run/lab/enter-${basename(namespace.dir)}`

/** The namespace's root folder as this machine sees it; throws where that is not the one which was made. */
export const rootOf = (namespace: { pid: number; dir: string }): string => {
  const root = `/proc/${namespace.pid}/root`
  if (existsSync(root + door(namespace))) return root
  throw new Error(
    `Process ${namespace.pid} is not in the root that the laboratory made for it (${door(namespace)} is absent). ` +
      'Nothing is done there: it may be the root of this machine.',
  )
}
