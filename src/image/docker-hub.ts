// Docker Hub is the one registry whose names are not its addresses: https://github.com/distribution/reference/blob/main/normalize.go

interface Name {
  domain: string
  path: string
}

/** A domain, under the one name that Docker Hub has here: `docker.io`. */
export const hubDomain = (domain: string): string => (domain === 'index.docker.io' ? 'docker.io' : domain)

/** A repository's name in its one spelling: Docker Hub's own images are those of `library`. */
export const hubName = (name: Name): Name => {
  const domain = hubDomain(name.domain)
  return domain === 'docker.io' && !name.path.includes('/')
    ? { domain, path: `library/${name.path}` }
    : { domain, path: name.path }
}

/** The host of a registry's API: where its name says, except for Docker Hub. */
export const apiHost = (domain: string): string => (domain === 'docker.io' ? 'registry-1.docker.io' : domain)

/** A name as engines show it: Docker Hub's are short. */
export const familiarName = (name: string): string =>
  name.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '')
