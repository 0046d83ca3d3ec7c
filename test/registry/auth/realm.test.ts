import { describe, expect, it } from 'vitest'
import { checkRealm, type RealmPolicy } from '../../../src/registry/auth/realm.ts'
import { classifyAddress } from '../../../src/registry/http/address.ts'

const names: Record<string, string[]> = {
  'crg.apkg.io': ['93.184.215.10'],
  'auth.example.com': ['93.184.215.7', '2606:2800::7'],
  'rebound.example.com': ['93.184.215.7', '10.0.0.1'],
  'metadata.example.com': ['169.254.169.254'],
  'here.example.com': ['127.0.0.1'],
  'lab.internal': ['127.0.0.1'],
  'registry.internal': ['10.1.2.3'],
  'auth.internal': ['10.9.9.9'],
}

const lookup = async (host: string) => {
  const found = names[host]
  if (!found) throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' })
  return found
}

const check = (realm: string, registry = 'https://crg.apkg.io', more: Partial<RealmPolicy> = {}) =>
  checkRealm(realm, { registry: new URL(registry), lookup, ...more })

describe('checkRealm', () => {
  it('accepts the registry itself without a look at its addresses', async () => {
    await expect(check('https://crg.apkg.io/token?a=b#part')).resolves.toMatchObject({
      url: { href: 'https://crg.apkg.io/token?a=b' },
      foreign: false,
    })
    await expect(check('https://nowhere.internal/token', 'https://nowhere.internal')).resolves.toMatchObject({
      foreign: false,
    })
  })

  it('accepts a public host, says that it is another one, and hands out the addresses that were checked', async () => {
    await expect(check('https://auth.example.com/token')).resolves.toMatchObject({
      foreign: true,
      addresses: ['93.184.215.7', '2606:2800::7'],
    })
  })

  it.each([
    ['no address', 'auth.example.com/token', /not an address/],
    ['user information', 'https://user@auth.example.com/token', /user name or password/],
    ['user information on the own host', 'https://user:word@crg.apkg.io/token', /user name or password/],
    ['plain HTTP', 'http://auth.example.com/token', /could be read on the way/],
    ['plain HTTP on the own host', 'http://crg.apkg.io/token', /could be read on the way/],
    ['plain HTTP on the own host and port', 'http://crg.apkg.io:443/token', /could be read on the way/],
    ['another scheme', 'file:///etc/passwd', /not an https address/],
    ['a private address', 'https://10.0.0.1/token', /10\.0\.0\.1, a private address/],
    ['a loopback address', 'https://127.0.0.1:8443/token', /a loopback address/],
    ['a loopback address in hexadecimal', 'https://0x7f.1/token', /a loopback address/],
    ['localhost', 'https://localhost/token', /a loopback address/],
    ['a name below localhost', 'https://a.localhost/token', /a loopback address/],
    ['the metadata service', 'https://169.254.169.254/latest', /a link-local address/],
    ['the unspecified address', 'https://0.0.0.0/token', /an unspecified address/],
    ['IPv6 loopback', 'https://[::1]/token', /a loopback address/],
    ['a mapped address', 'https://[::ffff:10.0.0.1]/token', /a private address/],
    ['a unique local address', 'https://[fd12::1]/token', /a private address/],
    ['a name of the metadata service', 'https://metadata.example.com/', /a link-local address/],
    ['a name of this machine', 'https://here.example.com/', /a loopback address/],
    ['a name with one private address of two', 'https://rebound.example.com/', /10\.0\.0\.1, a private/],
    ['an address of a benchmark', 'https://198.18.0.1/', /a reserved address/],
    ['the metadata service of another cloud', 'https://192.0.0.192/opc/', /a link-local address/],
    ['a tunnel to this machine', 'https://[2002:7f00:1::]/', /a reserved address/],
    ['another port of a registry on this machine', 'http://crg.apkg.io:5001/token', /read on the way/],
  ])('refuses %s', async (_, realm, why) => {
    const error = await check(realm).catch((reason) => reason)
    expect(error).toMatchObject({ code: 'PKG-REALM-REFUSED', exitCode: 8 })
    expect(error.why).toMatch(why)
    // Where it does not help, the advice to name the host in AUTH_REALM_HOSTS would be taken in vain.
    expect(error.hint).not.toMatch(/name .* in AUTH_REALM_HOSTS/)
    expect(error.hint).toMatch(/No setting of this pipe/)
    expect(`${error.said}${error.message}`).not.toMatch(/word|user@/)
  })

  it.each([
    ['a private realm of a private registry', 'https://auth.internal/t', 'https://registry.internal', true],
    [
      'a private realm of a registry on this machine',
      'https://auth.internal/t',
      'https://lab.internal',
      true,
    ],
    ['a realm on another port of this machine', 'https://127.0.0.1:5001/t', 'https://lab.internal', true],
    ['plain HTTP on this machine', 'http://127.0.0.1:5001/t', 'http://127.0.0.1:5000', true],
    [
      'plain HTTP where the registry resolves to this machine',
      'http://localhost/t',
      'https://lab.internal',
      true,
    ],
    ['plain HTTP to another machine', 'http://auth.internal/t', 'https://lab.internal', false],
    ['this machine, of a registry elsewhere', 'https://127.0.0.1/t', 'https://registry.internal', false],
    [
      'the metadata service, of a private registry',
      'https://169.254.169.254/',
      'https://registry.internal',
      false,
    ],
  ])('at home: %s', async (_, realm, registry, allowed) => {
    const outcome = check(realm, registry)
    if (allowed) await expect(outcome).resolves.toBeDefined()
    else await expect(outcome).rejects.toMatchObject({ code: 'PKG-REALM-REFUSED' })
  })

  it('takes AUTH_REALM_HOSTS for the whole list besides the registry itself', async () => {
    const allowedHosts = ['Login.example.com:8443', 'auth.example.com']
    await expect(check('https://auth.example.com/token', undefined, { allowedHosts })).resolves.toBeDefined()
    await expect(check('https://crg.apkg.io/token', undefined, { allowedHosts })).resolves.toBeDefined()
    for (const realm of ['https://login.example.com/', 'https://other.example.com/'])
      await expect(check(realm, undefined, { allowedHosts })).rejects.toMatchObject({
        code: 'PKG-REALM-REFUSED',
        why: expect.stringContaining('AUTH_REALM_HOSTS'),
      })
    const only = { allowedHosts: ['login.example.com:8443'], lookup: async () => ['93.184.215.9'] }
    await expect(check('https://login.example.com:8443/', undefined, only)).resolves.toBeDefined()
  })

  it('advises AUTH_REALM_HOSTS where that helps, and says of which host', async () => {
    const error = await check('https://auth.example.com:8443/t', undefined, { allowedHosts: [] }).catch(
      (reason) => reason,
    )
    expect(error.hint).toMatch(/name auth\.example\.com:8443 in AUTH_REALM_HOSTS/)
    const allowedHosts = ['auth.example.com:8443']
    await expect(check('https://auth.example.com:8443/t', undefined, { allowedHosts })).resolves.toBeDefined()
  })

  it.each(['https://rebound.example.com/', 'http://auth.example.com/', 'https://10.0.0.1/'])(
    'does not advise AUTH_REALM_HOSTS for %s, which it does not name either',
    async (realm) => {
      const error = await check(realm, undefined, { allowedHosts: [] }).catch((reason) => reason)
      expect(error).toMatchObject({ code: 'PKG-REALM-REFUSED' })
      expect(error.hint).not.toContain('AUTH_REALM_HOSTS.')
    },
  )

  it('says of a realm without TLS on the host of a registry with TLS that its external URL is wrong', async () => {
    const error = await check('http://crg.apkg.io/service/token').catch((reason) => reason)
    expect(error.why).toMatch(/wrong external URL/)
    expect(error.hint).toMatch(/set its external URL to https:\/\/crg\.apkg\.io/)
  })

  it('refuses a private address even where AUTH_REALM_HOSTS names it', async () => {
    const allowedHosts = ['10.0.0.1']
    await expect(check('https://10.0.0.1/t', undefined, { allowedHosts })).rejects.toMatchObject({
      code: 'PKG-REALM-REFUSED',
    })
  })

  it('says that a name without an address is a matter of DNS, unless a proxy resolves it', async () => {
    await expect(check('https://gone.example.com/t')).rejects.toMatchObject({ code: 'PKG-DNS' })
    await expect(
      check('https://gone.example.com/t', undefined, { isProxied: () => true }),
    ).resolves.toMatchObject({
      foreign: true,
    })
    await expect(check('https://10.0.0.1/t', undefined, { isProxied: () => true })).rejects.toMatchObject({
      code: 'PKG-REALM-REFUSED',
    })
  })
})

describe('classifyAddress', () => {
  it.each([
    ['127.255.0.1', 'loopback'],
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['::ffff:127.0.0.1', 'loopback'],
    ['64:ff9b::7f00:1', 'loopback'],
    ['172.31.255.255', 'private'],
    ['100.64.0.1', 'private'],
    ['fd00::1', 'private'],
    ['fec0::1', 'private'],
    ['64:ff9b::10.0.0.1', 'private'],
    ['169.254.169.254', 'link-local'],
    ['fe80::1%eth0', 'link-local'],
    ['fd00:ec2::254', 'link-local'],
    ['fd20:ce::254', 'link-local'],
    ['192.0.0.192', 'link-local'],
    ['100.100.100.200', 'link-local'],
    ['168.63.129.16', 'link-local'],
    ['64:ff9b::192.0.0.192', 'link-local'],
    ['192.0.0.1', 'reserved'],
    ['198.18.0.1', 'reserved'],
    ['198.19.255.255', 'reserved'],
    ['192.0.2.1', 'reserved'],
    ['198.51.100.7', 'reserved'],
    ['203.0.113.10', 'reserved'],
    ['64:ff9b::203.0.113.10', 'reserved'],
    ['64:ff9b:1::7f00:1', 'reserved'],
    ['2002:7f00:1::', 'reserved'],
    ['2001::7f00:1', 'reserved'],
    ['::ffff:0:127.0.0.1', 'reserved'],
    ['100::1', 'reserved'],
    ['2001:db8::1', 'reserved'],
    ['240.0.0.1', 'reserved'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['::', 'unspecified'],
    ['::127.0.0.1', 'unspecified'],
    ['::7f00:1', 'unspecified'],
    ['::2', 'unspecified'],
    ['255.255.255.255', 'unspecified'],
    ['224.0.0.1', 'unspecified'],
    ['ff02::1', 'unspecified'],
    ['example.com', 'unspecified'],
    ['127.1', 'unspecified'],
    ['', 'unspecified'],
    ['8.8.8.8', undefined],
    ['172.32.0.1', undefined],
    ['198.20.0.1', undefined],
    ['64:ff9b::8.8.8.8', undefined],
    ['2606:2800::1', undefined],
  ])('%s is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected)
  })
})
