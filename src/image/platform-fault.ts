import { nearest } from '../suggest.ts'
import { architectures, isArchitecture, isSystem, normalizeArchitecture, normalizeOs } from './machine.ts'
import { PlatformError, parsePlatform } from './platform.ts'
import { quote } from './quote.ts'

/**
 * Why a text is not a platform that images are built for, in words for the person who wrote it; undefined if it is one.
 * Stricter than `parsePlatform`, which also reads what engines and registries say.
 */
export const platformFault = (text: string): string | undefined => {
  try {
    const { os, architecture } = parsePlatform(text)
    if (isSystem(os) && isArchitecture(architecture)) return undefined
    const unknown = isSystem(os)
      ? `there is no architecture ${quote(architecture)}`
      : `there is no operating system ${quote(os)}`
    return `${quote(text)} is not a platform: ${unknown}${didYouMean(text)}`
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error
    return error.message.endsWith('?') ? error.message : `${error.message}${didYouMean(text)}`
  }
}

// What people write for an architecture beside Go's own name and those that `normalizeArchitecture` knows.
const OTHER_NAMES: ReadonlyMap<string, string> = new Map([
  ['amd', 'amd64'],
  ['x64', 'amd64'],
  ['x86', '386'],
  ['i686', '386'],
  ['intel', 'amd64'],
  ['intel64', 'amd64'],
  ['x86_64', 'amd64'],
  ['arm64v8', 'arm64/v8'],
  ['armv8', 'arm64/v8'],
  ['armv7', 'arm/v7'],
  ['armv7l', 'arm/v7'],
  ['armv6', 'arm/v6'],
  ['arm32v7', 'arm/v7'],
  ['arm32v6', 'arm/v6'],
  ['m1', 'arm64'],
  ['apple', 'arm64'],
  ['power', 'ppc64le'],
  ['loongarch64', 'loong64'],
])

const didYouMean = (text: string) => {
  const meant = meantBy(text)
  return meant === undefined ? '' : `; did you mean ${quote(meant)}?`
}

// Finds the system and the architecture in either order, whatever is between them, and corrects slips in both.
const meantBy = (text: string): string | undefined => {
  const words = text.toLowerCase().match(/[a-z0-9]+(?:_64)?/g) ?? []
  const os = words.map(normalizeOs).find(isSystem) ?? 'linux'
  const [word = '', variant, ...more] = words.filter((each) => !isSystem(normalizeOs(each)) && !isLinux(each))
  const architecture = OTHER_NAMES.get(word) ?? known(word) ?? nearest(word, architectures, 1)[0]
  if (architecture === undefined || more.length > 0) return undefined
  if (variant === undefined) return `${os}/${architecture}`
  return /^v\d/.test(variant) ? `${os}/${architecture}/${variant}` : undefined
}

const isLinux = (word: string) => nearest(word, ['linux'], 1).length > 0

const known = (word: string) => {
  const { architecture, variant } = normalizeArchitecture(word, undefined)
  if (!isArchitecture(architecture)) return undefined
  return architecture === 'arm' && variant !== 'v7' ? `${architecture}/${variant}` : architecture
}
