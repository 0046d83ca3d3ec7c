// Docker Hub is the one registry whose names are not its addresses: https://github.com/distribution/reference/blob/main/normalize.go

interface Name {
  domain: string
  path: string
}

/** Replaces the other name of Docker Hub by `docker.io`; any other domain stays as it is. */
export const hubDomain = (domain: string): string => (domain === 'index.docker.io' ? 'docker.io' : domain)

/** A repository's name in its one spelling: Docker Hub's own images are in `library`. */
export const hubName = (name: Name): Name => {
  const domain = hubDomain(name.domain)
  return domain === 'docker.io' && !name.path.includes('/')
    ? { domain, path: `library/${name.path}` }
    : { domain, path: name.path }
}

/** The host of a registry's API: the registry's own name, except for Docker Hub. */
export const apiHost = (domain: string): string => (domain === 'docker.io' ? 'registry-1.docker.io' : domain)

/** A name as engines show it: Docker Hub's are short. */
export const familiarName = (name: string): string =>
  name.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '')
