import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's space for young objects as small as it is at the start. Streams of bytes make much garbage and keep
 * nothing; with a space that grows the same work takes 130 MB of the engine's memory instead of 100 MB.
 */
export const keepMemorySmall = (): void => setFlagsFromString('--semi-space-growth-factor=1')
