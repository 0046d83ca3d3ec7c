import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGzip } from 'node:zlib'
import { execa } from 'execa'
import { project } from '../lab/cache.ts'

const GB = 1_000_000_000

/**
 * The peak memory of the pipe for an image of 10 GB (eight layers of 1 GB that are no gzip, one of 2 GB that inflates
 * from 2 MB), in megabytes: filling a store, and loading from it. Registry and engine are stand-ins that make and take
 * bytes, since only the pipe is measured. Takes 10 GB of disk and two minutes.
 */
export const measureMemory = async (): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-memory-'))
  const layers = [...Array.from({ length: 8 }, (_, seed) => plainLayer(seed)), gzipLayer()]
  const registry = await serve(await Promise.all(layers))
  try {
    await standIn(folder, registry.id)
    const run = async (title: string, policy: string) => {
      const { seconds, peak } = await pipe(folder, registry.image, policy)
      console.log(`  ${title.padEnd(46)}${seconds.toFixed(1)} s   peak MB ${peak.toFixed(0)}`)
    }
    console.log('\nMemory for an image of 10 GB')
    await run('filling a store, and feeding an engine', 'always')
    await run('feeding an engine from a store', 'never')
  } finally {
    registry.close()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Layer {
  digest: string
  size: number
  mediaType: string
  chunks: () => Iterable<Buffer>
}

const TYPE = 'application/vnd.oci.image.layer.v1.tar'

const plainLayer = async (seed: number): Promise<Layer> => {
  const chunk = Buffer.alloc(1_000_000, seed)
  const chunks = () => Array.from({ length: GB / chunk.length }, () => chunk)
  return { ...describe(chunks()), mediaType: TYPE, chunks }
}

const gzipLayer = async (): Promise<Layer> => {
  const gzip = createGzip({ level: 1 })
  const parts: Buffer[] = []
  gzip.on('data', (part: Buffer) => parts.push(part))
  const zeros = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 2000; i++) await new Promise((resolve) => gzip.write(zeros, resolve))
  await new Promise<void>((resolve) => gzip.on('end', resolve).end())
  return { ...describe(parts), mediaType: `${TYPE}+gzip`, chunks: () => parts }
}

const describe = (chunks: Iterable<Buffer>) => {
  const hash = createHash('sha256')
  let size = 0
  for (const chunk of chunks) {
    hash.update(chunk)
    size += chunk.length
  }
  return { digest: `sha256:${hash.digest('hex')}`, size }
}

const serve = async (layers: readonly Layer[]) => {
  const json = (value: object): Layer & { text: string } => {
    const text = JSON.stringify(value)
    const chunks = () => [Buffer.from(text)]
    return { ...describe(chunks()), mediaType: 'application/vnd.oci.image.config.v1+json', chunks, text }
  }
  const config = json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [] } })
  const descriptor = ({ digest, size, mediaType }: Layer) => ({ digest, size, mediaType })
  const mediaType = 'application/vnd.oci.image.manifest.v1+json'
  const manifest = json({
    schemaVersion: 2,
    mediaType,
    config: descriptor(config),
    layers: layers.map(descriptor),
  })
  const blobs = new Map([config, ...layers].map((blob) => [blob.digest, blob]))
  const server = createServer((request, response) => {
    const blob = blobs.get(request.url?.split('/').at(-1) ?? '')
    if (blob !== undefined) send(response, blob)
    else if (request.url?.includes('/manifests/'))
      response.writeHead(200, { 'content-type': mediaType }).end(manifest.text)
    else response.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { image: `127.0.0.1:${port}/bench/huge:1`, id: config.digest, close: () => server.close() }
}

const send = async (response: ServerResponse, { size, chunks }: Layer) => {
  response.writeHead(200, { 'content-length': size })
  for (const chunk of chunks())
    if (!response.write(chunk)) await new Promise((resolve) => response.once('drain', resolve))
  response.end()
}

// An engine that has nothing, takes whatever comes, and then has what was to come.
const standIn = async (folder: string, id: string): Promise<void> => {
  await mkdir(join(folder, 'bin'))
  const path = join(folder, 'bin/docker')
  const inspected = JSON.stringify({ Id: id, Os: 'linux', Architecture: 'amd64' })
  await writeFile(
    path,
    `#!/bin/sh\nshift 2\ncase "$*" in\n"image inspect"*) echo '${inspected}';;\nload*) cat > /dev/null;;\nesac\n`,
  )
  await chmod(path, 0o755)
}

const pipe = async (folder: string, image: string, policy: string) => {
  // The pipe says itself what it took: nothing that looks from outside sees the last peak.
  const program = `process.on('exit', () => console.log('peak', process.resourceUsage().maxRSS)); await import(${JSON.stringify(join(project, 'dist/pipe.mjs'))})`
  const started = performance.now()
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
    extendEnv: false,
    env: {
      PATH: `${join(folder, 'bin')}:/usr/bin:/bin`,
      IMAGE: image,
      STORE: '.images',
      PULL_POLICY: policy,
      BITBUCKET_PIPE_STORAGE_DIR: folder,
      NO_COLOR: '1',
    },
  })
  const peak = (Number(/^peak (\d+)/m.exec(stdout)?.[1]) * 1.024) / 1000
  return { seconds: (performance.now() - started) / 1000, peak }
}
