import { defineConfig } from 'rolldown'

// One file that needs nothing but Node beside it: what the Dockerfile copies and what a user can read.
export default defineConfig({
  input: 'src/main.ts',
  platform: 'node',
  output: {
    file: 'dist/pipe.mjs',
    format: 'esm',
    codeSplitting: false,
    minify: true,
    comments: { legal: true },
  },
})
