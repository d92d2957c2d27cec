import { describe, expect, it } from '@jest/globals';
import { EgressAllow } from '#libs/config';
import { AddressGuard, EgressRefused } from './address-guard.ts';

const guardOf = (allow = '', resolve?: (host: string) => Promise<string[]>) =>
  new AddressGuard(
    EgressAllow.parse(allow),
    resolve ?? (() => Promise.reject(new Error('no resolver here'))),
  );
const to = (...addresses: string[]) => guardOf('', async () => addresses);
const literal = (address: string) => (address.includes(':') ? `[${address}]` : address);

describe('the address guard', () => {
  it.each(['8.8.8.8', '172.15.255.255', '172.32.0.0', '100.63.255.255', '100.128.0.0', '169.253.1.1'])(
    'lets out to the public address %s, as a literal and as what a name resolves to',
    async (address) => {
      expect((await guardOf().admit(new URL(`https://${address}/`))).address).toBe(address);
      expect((await to(address).admit(new URL('https://a.test/'))).address).toBe(address);
    },
  );

  it('lets out to a public address of IPv6', async () => {
    expect((await guardOf().admit(new URL('https://[2606:4700:4700::1111]/'))).address).toBe(
      '2606:4700:4700::1111',
    );
  });

  it.each([
    ['this host', ['0.0.0.0', '0.1.2.3', '::', '::1', '127.0.0.1', '127.255.255.254']],
    ['a private network', ['10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1']],
    ['a private network of IPv6', ['fc00::1', 'fd00:ec2::254', 'fdff::1', 'fec0::1']],
    ['the metadata of a cloud, and what else is link-local', ['169.254.169.254', 'fe80::1', 'febf::1']],
    ['a carrier', ['100.64.0.1', '100.100.100.200', '100.127.255.255']],
    ['IPv4 within IPv6', ['::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1', '2002:7f00:1::', '2001::1']],
    ['IPv4 through NAT64', ['64:ff9b::7f00:1', '64:ff9b::808:808', '64:ff9b:1::1']],
    ['many at once', ['224.0.0.1', '239.255.255.255', '255.255.255.255', 'ff02::1']],
    ['documentation and tests', ['192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1']],
    [
      'other special uses',
      ['192.0.0.1', '192.88.99.1', '198.18.0.1', '198.19.255.255', '240.0.0.1', '100::1'],
    ],
  ])('refuses an address of %s, as a literal and as what a name resolves to', async (_what, addresses) => {
    for (const address of addresses) {
      await expect(guardOf().admit(new URL(`https://${literal(address)}/`))).rejects.toThrow(EgressRefused);
      await expect(to(address).admit(new URL('https://a.test/'))).rejects.toThrow(
        'its address is not a public one',
      );
    }
  });

  it('refuses an address of this host in every spelling that a URL has for it', async () => {
    for (const host of [
      '2130706433',
      '0x7f.1',
      '0177.0.0.1',
      '127.1',
      '127.0.0.1.',
      '[::ffff:7f00:1]',
      '①②⑦.1',
    ]) {
      await expect(guardOf().admit(new URL(`https://${host}/`))).rejects.toThrow(EgressRefused);
    }
  });

  it('refuses a name if one of its addresses is forbidden, wherever it stands', async () => {
    await expect(to('8.8.8.8', '10.0.0.1').admit(new URL('https://a.test'))).rejects.toThrow(EgressRefused);
    await expect(to('fe80::1%eth0', '8.8.8.8').admit(new URL('https://a.test'))).rejects.toThrow(
      EgressRefused,
    );
  });

  it('refuses what is no address', () => {
    expect(() => guardOf().check('a.test', 443, '', true)).toThrow(EgressRefused);
  });

  it('asks for the addresses of a name once, as of the name without the dot at its end', async () => {
    const asked: string[] = [];
    const guard = guardOf('', async (host) => {
      asked.push(host);
      return ['8.8.8.8', '9.9.9.9'];
    });
    const target = await guard.admit(new URL('https://A.test./path'));
    expect(target).toMatchObject({ host: 'a.test', port: 443, address: '8.8.8.8' });
    expect(asked).toEqual(['a.test']);
  });

  it.each([
    ['http://8.8.8.8/', 'only https may leave'],
    ['http://8.8.8.8:443/', 'only https may leave'],
    ['https://8.8.8.8:8443/', 'the port 8443 is not allowed'],
    ['https://me@8.8.8.8/', 'a URL may not hold a user or password'],
    ['https://:word@8.8.8.8/', 'a URL may not hold a user or password'],
    ['ftp://8.8.8.8/', 'only http and https leave'],
    ['file:///etc/passwd', 'only http and https leave'],
    ['https://unknown.test/', 'the host cannot be resolved'],
  ])('refuses %s: %s', async (url, reason) => {
    await expect(guardOf().admit(new URL(url))).rejects.toThrow(reason);
  });

  it('refuses a name without an address', async () => {
    await expect(to().admit(new URL('https://a.test/'))).rejects.toThrow('the host has no address');
  });

  it('takes https at the port of http', async () => {
    expect((await to('8.8.8.8').admit(new URL('https://a.test:80/'))).port).toBe(80);
  });
});

describe("the operator's exception", () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:1234/'],
    ['127.0.0.1:1234', 'http://127.0.0.1:1234/'],
    ['10.1.0.0/16', 'http://10.1.2.3/'],
    ['[fd00::]/8:8080', 'http://[fd12::1]:8080/'],
    ['models.test', 'http://models.test:8000/'],
    ['models.test:8000', 'http://MODELS.test.:8000/'],
  ])('%s admits %s', async (allow, url) => {
    const guard = guardOf(allow, async () => ['10.0.0.1']);
    await expect(guard.admit(new URL(url))).resolves.toMatchObject({ url: new URL(url) });
  });

  it.each([
    ['127.0.0.1:1234', 'http://127.0.0.1:1235/'],
    ['10.1.0.0/16', 'http://10.2.0.1/'],
    ['127.0.0.1', 'http://[::ffff:127.0.0.1]/'],
    ['models.test', 'http://sub.models.test/'],
    ['models.test', 'http://10.0.0.1/'],
    ['127.0.0.1', 'http://me@127.0.0.1/'],
  ])('%s does not admit %s', async (allow, url) => {
    const guard = guardOf(allow, async () => ['10.0.0.1']);
    await expect(guard.admit(new URL(url))).rejects.toThrow(EgressRefused);
  });
});
