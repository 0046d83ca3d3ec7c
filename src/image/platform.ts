import { isArchitecture, isSystem, type Machine, normalizeArchitecture, normalizeOs } from './machine.ts'
import { characterAt, quote } from './quote.ts'

/** What an image runs on (image-spec, image-index.md, `platform`); an absent or empty variant says nothing. */
export interface Platform {
  os: string
  architecture: string
  variant?: string | undefined
}

/** A text that is not a platform; the message says why. */
export class PlatformError extends Error {
  override readonly name = 'PlatformError'

  constructor(text: string, reason: string) {
    super(`${quote(text)} is not a platform: ${reason}`)
  }
}

const FORM = 'a platform has the form os/arch[/variant], such as linux/amd64 or linux/arm64/v8'

/**
 * Reads `os/arch[/variant]` as containerd does, other names of an architecture included (`x86_64`, `aarch64`,
 * `armhf`).
 *
 * @throws {PlatformError} for anything else
 */
export const parsePlatform = (text: string): Platform => {
  if (text === '') throw new PlatformError(text, `it is empty; ${FORM}`)
  const offending = text.search(/[^\w./-]/)
  if (offending >= 0) throw new PlatformError(text, `${characterAt(text, offending)} is not allowed; ${FORM}`)
  const parts = text.split('/')
  if (parts.includes('')) throw new PlatformError(text, `a part of it is empty; ${FORM}`)
  if (parts.length > 3) throw new PlatformError(text, `it has ${parts.length} parts; ${FORM}`)
  const [os = '', architecture, variant] = parts
  if (architecture === undefined) throw new PlatformError(text, missingPart(text))
  const machine = normalizeArchitecture(architecture, variant)
  // A variant that the text names stays visible; the usual one is not added.
  if (variant === undefined) return { os: normalizeOs(os), ...unnamed(machine) }
  const shown = machine.architecture === 'arm64' && machine.variant === '' ? 'v8' : machine.variant
  return { os: normalizeOs(os), architecture: machine.architecture, variant: shown }
}

/** Writes a platform: `os/arch[/variant]`. */
export const formatPlatform = ({ os, architecture, variant = '' }: Platform): string =>
  [os, architecture, variant].filter((part) => part !== '').join('/')

/** A platform in its one spelling: every part is there, and the usual variant of an architecture is empty. */
export const normalizePlatform = ({ os, architecture, variant }: Platform): Machine & { os: string } => ({
  ...normalizeArchitecture(architecture, variant),
  os: normalizeOs(os),
})

const missingPart = (text: string) => {
  if (isSystem(normalizeOs(text))) return `it has no architecture; ${FORM}`
  const machine = unnamed(normalizeArchitecture(text, undefined))
  if (!isArchitecture(machine.architecture))
    return `it is neither an operating system nor an architecture; ${FORM}`
  return `it has no operating system; did you mean ${quote(formatPlatform({ os: 'linux', ...machine }))}?`
}

const unnamed = ({ architecture, variant }: Machine): Machine => ({
  architecture,
  variant: architecture === 'arm' && variant === 'v7' ? '' : variant,
})
