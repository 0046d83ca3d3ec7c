// What an engine makes of an archive.
import { addImage, EngineError, type FakeEngine, sha256 } from './images.ts'
import { platformOf } from './pull.ts'

/** The files of a tar archive (POSIX.1-1988 "ustar"; of pax the path alone). */
const untar = (archive: Buffer): Map<string, Buffer> => {
  const files = new Map<string, Buffer>()
  let longName: string | undefined
  for (let at = 0; at !== archive.length && archive[at] !== 0; ) {
    const header = archive.subarray(at, at + 512)
    const size = Number.parseInt(header.toString('latin1', 124, 136), 8)
    if (header.length < 512 || archive.length < at + 512 + size)
      throw new EngineError('Error processing tar file(exit status 1): unexpected EOF')
    const bytes = archive.subarray(at + 512, at + 512 + size)
    if (header.toString('latin1', 156, 157) === 'x') longName = /^\d+ path=(.*)$/m.exec(bytes.toString())?.[1]
    else {
      files.set(longName ?? header.toString('utf8', 0, 100).replace(/\0.*$/s, ''), bytes)
      longName = undefined
    }
    at += 512 + Math.ceil(size / 512) * 512
  }
  return files
}

/** Takes the images of an archive of `docker save`, and checks their bytes as an engine does. */
export const load = async (folder: string, archive: Buffer, engine: FakeEngine): Promise<string> => {
  const files = untar(archive)
  const file = (name: string): Buffer => {
    const found = files.get(name)
    if (found !== undefined) return found
    throw new EngineError(`open /var/lib/docker/tmp/docker-import-1/${name}: no such file or directory`)
  }
  if (!files.has('manifest.json')) file('repositories')
  const images = JSON.parse(file('manifest.json').toString()) as Array<{
    Config: string
    RepoTags: string[]
    Layers: string[]
  }>
  const said: string[] = []
  for (const { Config, RepoTags, Layers } of images) {
    const config = file(Config)
    const diffIds = JSON.parse(config.toString()).rootfs.diff_ids as string[]
    if (diffIds.length !== Layers.length)
      throw new EngineError(`invalid manifest, layers length mismatch: ${Layers.length}, ${diffIds.length}`)
    for (const [index, layer] of Layers.entries()) {
      const plain = await inflated(file(layer))
      const isTar =
        plain.toString('latin1', 257, 262) === 'ustar' || plain.subarray(0, 512).every((byte) => !byte)
      if (!isTar)
        throw new EngineError('Error processing tar file(exit status 1): archive/tar: invalid tar header')
      const got = sha256(plain)
      if (got !== diffIds[index])
        throw new EngineError(`invalid diffID for layer ${index}: expected "${diffIds[index]}", got "${got}"`)
    }
    for (const name of RepoTags) {
      const id = engine.containerd ? manifestOf(file('index.json'), name) : sha256(config)
      addImage(folder, { id, names: [name], platform: platformOf(config) })
      said.push(`Loaded image: ${name}\n`)
    }
  }
  return said.join('')
}

const manifestOf = (index: Buffer, name: string): string => {
  const { manifests } = JSON.parse(index.toString()) as {
    manifests: Array<{ digest: string; annotations?: Record<string, string> }>
  }
  const entry = manifests.find(({ annotations }) => annotations?.['io.containerd.image.name'] === name)
  if (entry === undefined) throw new EngineError(`no manifest for ${name}`)
  return entry.digest
}

const inflated = async (layer: Buffer): Promise<Buffer> => {
  if (layer.readUInt16BE(0) !== 0x1f8b) return layer
  const { gunzipSync } = await import('node:zlib')
  return gunzipSync(layer)
}
