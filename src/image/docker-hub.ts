// Docker Hub is the one registry whose names are not its addresses: https://github.com/distribution/reference/blob/main/normalize.go

/** The host of Docker Hub's API; any other registry's API is where its name says. */
export const apiHost = (domain: string): string =>
  ['docker.io', 'index.docker.io'].includes(domain) ? 'registry-1.docker.io' : domain

/** A name as engines show it: Docker Hub's own are short. */
export const familiarName = (name: string): string => name.replace(/^docker\.io\/(?:library\/)?/, '')
