import { defineConfig, type Plugin } from 'rolldown'

// Static imports of Node's own modules would all be loaded at the start, whatever runs then. Like this each is
// loaded with the module that needs it: 15 ms less from the start to a configuration error.
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  resolveId: (id) => (id.startsWith('node:') && id !== 'node:module' ? `\0${id}` : undefined),
  load: (id) =>
    id.startsWith('\0node:')
      ? `module.exports = process.getBuiltinModule(${JSON.stringify(id.slice(1))})`
      : undefined,
}

// One file that needs nothing but Node beside it: what the Dockerfile copies and what a user can read.
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  plugins: [lazyBuiltins],
  output: {
    file: 'dist/pipe.mjs',
    format: 'esm',
    codeSplitting: false,
    minify: true,
    comments: { legal: true },
  },
})
