import { globSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

// The house of src/, bottom up: each room, and the rooms right below it. A file may import its own room, those, and
// whatever is below them; two rooms that stand side by side know nothing of each other. A room is a folder, or the
// one file of that name. A room that is not built yet may stand here.
const house: Record<string, readonly string[]> = {
  // image/, errors.ts, and every other file right in src/ that no line below names.
  ground: [],
  settings: ['ground'],
  report: ['settings'],
  engine: ['settings'],
  'registry/http': ['settings'],
  'registry/auth': ['registry/http'],
  registry: ['registry/auth'],
  // It keeps what a registry sends, and says in its errors how much that is.
  store: ['registry', 'report'],
  lookup: ['registry', 'report'],
  delivery: ['lookup', 'engine', 'store'],
  run: ['engine', 'report'],
  deliver: ['delivery', 'run'],
  // It ends with the same outcome as a delivery.
  check: ['deliver'],
  // The door through which pipe.ts loads the libraries when it needs them.
  work: ['check'],
  pipe: ['work'],
  main: ['pipe'],
  // The second program.
  rollout: ['registry', 'report'],
}

const roomOf = (file: string): string | undefined => {
  const named = Object.keys(house).filter((room) => file === `${room}.ts` || file.startsWith(`${room}/`))
  if (named.length > 0) return named.sort((a, b) => b.length - a.length)[0]
  return file.startsWith('image/') || !file.includes('/') ? 'ground' : undefined
}

const isBelow = (lower: string, upper: string): boolean =>
  (house[upper] ?? []).some((room) => room === lower || isBelow(lower, room))

/** The files of src/ that a file of it imports, by whichever form of `import` or `export`. */
const importsOf = (file: string, text: string): string[] =>
  [...text.matchAll(/(?:\bfrom|\bimport|\bimport\()\s*'(\.{1,2}\/[^']+\.ts)'/g)].map(([, path = '']) =>
    posix.join(posix.dirname(file), path),
  )

/** What is wrong with the imports of these files, each by its path in src/. */
const faultsOf = (files: Record<string, string>): string[] => {
  const graph = new Map(Object.entries(files).map(([file, text]) => [file, importsOf(file, text)]))
  const homeless = [...graph.keys()].filter((file) => roomOf(file) === undefined)
  return [
    ...homeless.map((file) => `${file} is in no room of the house`),
    ...[...graph].flatMap(([file, imports]) => imports.flatMap((other) => wrongWay(file, other) ?? [])),
    ...circlesOf(graph),
  ]
}

const wrongWay = (file: string, other: string): string | undefined => {
  const [upper, lower] = [roomOf(file), roomOf(other)]
  if (upper === undefined || lower === undefined || upper === lower || isBelow(lower, upper)) return undefined
  return `${file} imports ${other}, but ${lower} is not below ${upper}`
}

const circlesOf = (graph: ReadonlyMap<string, readonly string[]>): string[] => {
  const done = new Set<string>()
  const walk = (file: string, way: readonly string[]): string[] => {
    const seen = way.indexOf(file)
    if (seen >= 0) return [`${[...way.slice(seen), file].join(' imports ')}, which is a circle`]
    if (done.has(file)) return []
    const circles = (graph.get(file) ?? []).flatMap((other) => walk(other, [...way, file]))
    done.add(file)
    return circles
  }
  return [...graph.keys()].flatMap((file) => walk(file, []))
}

const SRC = join(import.meta.dirname, '../src')
const readSources = () =>
  Object.fromEntries(
    globSync('**/*.ts', { cwd: SRC }).map((file) => [file, readFileSync(join(SRC, file), 'utf8')]),
  )

describe('the imports of src/', () => {
  it('run down, and never in a circle', () => {
    const sources = readSources()
    expect(Object.entries(sources).flatMap(([file, text]) => importsOf(file, text)).length).toBeGreaterThan(
      100,
    )
    expect(faultsOf(sources)).toEqual([])
  })

  it('load the rooms that deliver only when the settings are read', () => {
    const sources = readSources()
    const atOnce = (file: string): string[] =>
      importsOf(file, (sources[file] ?? '').replaceAll(/\bimport(?: type\b[^']*'|\(')[^']*'/g, ''))
    const reached = new Set(['main.ts'])
    for (const file of reached) for (const other of atOnce(file)) reached.add(other)
    const rooms = new Set([...reached].map(roomOf))
    expect([...rooms].sort()).toEqual(['ground', 'main', 'pipe', 'report', 'settings'])
  })

  it.each([
    ['image/a.ts', '../engine/b.ts', 'engine is not below ground'],
    ['errors.ts', './settings.ts', 'settings is not below ground'],
    ['settings/a.ts', '../report/log.ts', 'report is not below settings'],
    ['registry/http/a.ts', '../auth/b.ts', 'registry/auth is not below registry/http'],
    ['registry/auth/a.ts', '../client.ts', 'registry is not below registry/auth'],
    ['registry/client.ts', '../store/a.ts', 'store is not below registry'],
    ['engine/a.ts', '../registry/http/b.ts', 'registry/http is not below engine'],
    ['lookup/a.ts', '../delivery/b.ts', 'delivery is not below lookup'],
    ['delivery/a.ts', '../deliver.ts', 'deliver is not below delivery'],
    ['run/a.ts', '../delivery/b.ts', 'delivery is not below run'],
    ['deliver.ts', './check.ts', 'check is not below deliver'],
    ['pipe.ts', './main.ts', 'main is not below pipe'],
    ['pipe.ts', './rollout/a.ts', 'rollout is not below pipe'],
  ])('would be refused from %s to %s', (file, path, why) => {
    const other = posix.join(posix.dirname(file), path)
    const forms = [
      `import { x } from '${path}'`,
      `import {\n  x,\n} from '${path}'`,
      `import type { x } from '${path}'`,
      `import '${path}'`,
      `export { x } from '${path}'`,
      `const { x } = await import('${path}')`,
    ]
    for (const text of forms) {
      expect(faultsOf({ [file]: text, [other]: '' })).toEqual([`${file} imports ${other}, but ${why}`])
    }
  })

  it('would be refused in a circle, and from a folder that is no room', () => {
    const circle = {
      'store/a.ts': "import './b.ts'",
      'store/b.ts': "import './c.ts'",
      'store/c.ts': "import './a.ts'",
    }
    expect(faultsOf(circle)).toEqual([
      'store/a.ts imports store/b.ts imports store/c.ts imports store/a.ts, which is a circle',
    ])
    expect(faultsOf({ 'attic/a.ts': '' })).toEqual(['attic/a.ts is in no room of the house'])
  })

  it('may lead past floors, within a room, and to the tools of the ground', () => {
    const files = {
      'main.ts': "import './errors.ts'",
      'work.ts': "export * from './run/run.ts'",
      'pipe.ts': "const work = import('./work.ts')",
      'store/a.ts': "import '../registry/manifest.ts'\nimport './b.ts'\nimport '../registry/http/a.ts'",
      'image/a.ts': "import '../text.ts'\nimport '../errors.ts'",
    }
    expect(faultsOf(files)).toEqual([])
  })
})
