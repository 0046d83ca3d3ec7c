import { isArchitecture, isSystem, normalizeArchitecture, normalizeOs } from './machine.ts'
import { characterAt, quote } from './quote.ts'

/** What an image runs on (image-spec, image-index.md, `platform`); an absent or empty variant says nothing. */
export interface Platform {
  os: string
  architecture: string
  variant?: string | undefined
  osVersion?: string | undefined
  osFeatures?: readonly string[] | undefined
}

/** A platform in its one spelling: every part is there, and the usual variant of an architecture is empty. */
export interface NormalPlatform {
  os: string
  architecture: string
  variant: string
  osVersion: string
  osFeatures: readonly string[]
}

/** What is wrong with a platform: `reason` alone, or `message` with the platform itself. */
export class PlatformError extends Error {
  readonly reason: string

  constructor(text: string, reason: string) {
    super(`${quote(text)} is not a platform: ${reason}`)
    this.name = 'PlatformError'
    this.reason = reason
  }
}

const FORM = 'a platform has the form os/arch[/variant], such as linux/amd64 or linux/arm64/v8'

/**
 * Reads `os/arch[/variant]` as containerd does, other names of an architecture included (`x86_64`, `aarch64`,
 * `armhf`). Given the platform of a host, an os or an architecture alone is completed from it.
 *
 * @throws {PlatformError} for anything else
 */
export const parsePlatform = (text: string, host?: Platform): Platform => {
  const parts = text.split('/')
  if (text === '') throw new PlatformError(text, `it is empty; ${FORM}`)
  if (parts.includes('')) throw new PlatformError(text, `a part of it is empty; ${FORM}`)
  if (parts.length > 3) throw new PlatformError(text, `it has ${parts.length} parts; ${FORM}`)
  const [first = '', architecture, variant] = parts
  if (architecture === undefined) return completed(text, host)
  checkParts(text, parts.slice(1), first.length + 1)
  const machine = normalizeArchitecture(architecture, variant)
  // Where the text names the variant, it stays visible; where it does not, the usual one is not added.
  if (variant === undefined) return { ...parseOs(text, first), ...unnamed(machine) }
  const shown = machine.architecture === 'arm64' && machine.variant === '' ? 'v8' : machine.variant
  return { ...parseOs(text, first), architecture: machine.architecture, variant: shown }
}

/** Writes a platform: `os[(version+feature)]/arch[/variant]`. */
export const formatPlatform = ({ os, architecture, variant, osVersion, osFeatures }: Platform): string => {
  const features = (osFeatures ?? []).filter((feature) => feature !== '').sort()
  const options =
    encodeOption(osVersion ?? '') + features.map((feature) => `+${encodeOption(feature)}`).join('')
  return [options === '' ? os : `${os}(${options})`, architecture, variant ?? '']
    .filter((part) => part !== '')
    .join('/')
}

/** The one spelling that stands for all of the same platform: two that are equal run the same images. */
export const normalizePlatform = (platform: Platform): NormalPlatform => ({
  ...normalizeArchitecture(platform.architecture, platform.variant),
  os: normalizeOs(platform.os),
  osVersion: platform.osVersion ?? '',
  osFeatures: [...new Set(platform.osFeatures)].sort(),
})

const completed = (text: string, host: Platform | undefined): Platform => {
  const system = /^[\w-]+(\(.*\))?$/.test(text) ? parseOs(text, text) : undefined
  const machine = unnamed(normalizeArchitecture(text, undefined))
  if (system !== undefined && isSystem(system.os)) {
    if (host === undefined) throw new PlatformError(text, `it has no architecture; ${FORM}`)
    return { ...system, ...unnamed(normalizeArchitecture(host.architecture, host.variant)) }
  }
  if (!isArchitecture(machine.architecture)) {
    throw new PlatformError(text, `it is neither an operating system nor an architecture; ${FORM}`)
  }
  const meant = { os: host?.os ?? 'linux', ...machine }
  if (host === undefined) {
    throw new PlatformError(text, `it has no operating system; did you mean ${quote(formatPlatform(meant))}?`)
  }
  return meant
}

const parseOs = (text: string, part: string) => {
  const match = /^([\w-]+)(?:\(([\w.%-]*)((?:\+[\w.%-]+)*)\))?$/.exec(part)
  if (match === null) {
    const offending = part.search(/[^\w-]/)
    throw new PlatformError(text, `${characterAt(part, offending)} is not allowed in an operating system`)
  }
  const [, os = '', version = '', features = ''] = match
  try {
    return {
      os: normalizeOs(os),
      ...(version === '' ? {} : { osVersion: decodeURIComponent(version) }),
      ...(features === '' ? {} : { osFeatures: features.slice(1).split('+').map(decodeURIComponent) }),
    }
  } catch {
    throw new PlatformError(text, 'after "%" stand two hexadecimal digits')
  }
}

const checkParts = (text: string, parts: string[], start: number) => {
  const offending = parts.join('/').search(/[^\w./-]/)
  if (offending < 0) return
  throw new PlatformError(text, `${characterAt(text, start + offending)} is not allowed; ${FORM}`)
}

const encodeOption = (text: string) =>
  text.replace(/[%+()/]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)

const unnamed = ({ architecture, variant }: { architecture: string; variant: string }) => ({
  architecture,
  variant: architecture === 'arm' && variant === 'v7' ? '' : variant,
})
