import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import type { EgressException } from '#libs/config';
import type { Lookup } from './name-lookups.ts';

/** A request that may not leave; the reason is for the flow's author. */
export class EgressRefused extends Error {
  constructor(
    readonly host: string,
    readonly reason: string,
  ) {
    super(`The request to ${host} was refused: ${reason}.`);
  }
}

export interface Target {
  url: URL;
  host: string;
  port: number;
  /** The address to connect to: resolved once, checked, and not resolved again. */
  address: string;
}

const PUBLIC_PORTS = new Set([80, 443]);

const FORBIDDEN: [family: 'ipv4' | 'ipv6', network: string, prefix: number][] = [
  ['ipv4', '0.0.0.0', 8],
  ['ipv4', '10.0.0.0', 8],
  ['ipv4', '100.64.0.0', 10],
  ['ipv4', '127.0.0.0', 8],
  ['ipv4', '169.254.0.0', 16],
  ['ipv4', '172.16.0.0', 12],
  ['ipv4', '192.0.0.0', 24],
  ['ipv4', '192.0.2.0', 24],
  ['ipv4', '192.88.99.0', 24],
  ['ipv4', '192.168.0.0', 16],
  ['ipv4', '198.18.0.0', 15],
  ['ipv4', '198.51.100.0', 24],
  ['ipv4', '203.0.113.0', 24],
  ['ipv4', '224.0.0.0', 4],
  ['ipv4', '240.0.0.0', 4],
  ['ipv6', '::', 96],
  ['ipv6', '::ffff:0:0', 96],
  ['ipv6', '64:ff9b::', 96],
  ['ipv6', '64:ff9b:1::', 48],
  ['ipv6', '100::', 64],
  ['ipv6', '2001::', 23],
  ['ipv6', '2001:db8::', 32],
  ['ipv6', '2002::', 16],
  ['ipv6', '3fff::', 20],
  ['ipv6', 'fc00::', 7],
  ['ipv6', 'fe80::', 10],
  ['ipv6', 'fec0::', 10],
  ['ipv6', 'ff00::', 8],
];

/** Decides where requests of flows may go: public https, and what the operator has excepted. */
export class AddressGuard {
  // one for each family: a rule on mapped addresses would cover all of IPv4 in a common one
  private readonly forbidden = { ipv4: new BlockList(), ipv6: new BlockList() };

  constructor(
    private readonly exceptions: readonly EgressException[],
    readonly resolve: Lookup = resolveAll,
  ) {
    for (const [family, network, prefix] of FORBIDDEN)
      this.forbidden[family].addSubnet(network, prefix, family);
  }

  /** Checks a URL and every address of its host, and picks the one to connect to. */
  async admit(url: URL, resolve: Lookup = this.resolve): Promise<Target> {
    const host = url.hostname
      .replace(/^\[|\]$/g, '')
      .replace(/\.$/, '')
      .toLowerCase();
    if (url.protocol !== 'https:' && url.protocol !== 'http:')
      throw new EgressRefused(host, 'only http and https leave');
    if (url.username !== '' || url.password !== '')
      throw new EgressRefused(host, 'a URL may not hold a user or password');
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    const addresses = isIP(host) ? [host] : await this.addressesOf(host, resolve);
    for (const address of addresses) this.check(host, port, address, url.protocol === 'https:');
    const [address] = addresses;
    if (address === undefined) throw new EgressRefused(host, 'the host has no address');
    return { url, host, port, address };
  }

  /** Checks an address that a socket is connected to, before a byte is written. */
  check(host: string, port: number, address: string, isSecure: boolean): void {
    if (this.exceptions.some((exception) => covers(exception, host, port, address))) return;
    if (!isSecure) throw new EgressRefused(host, 'only https may leave');
    if (!PUBLIC_PORTS.has(port)) throw new EgressRefused(host, `the port ${port} is not allowed`);
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(address) === 0 || this.forbidden[family].check(address, family)) {
      throw new EgressRefused(host, 'its address is not a public one');
    }
  }

  private async addressesOf(host: string, resolve: Lookup): Promise<string[]> {
    try {
      return await resolve(host);
    } catch {
      throw new EgressRefused(host, 'the host cannot be resolved');
    }
  }
}

async function resolveAll(host: string): Promise<string[]> {
  const found = await lookup(host, { all: true, verbatim: true });
  return found.map(({ address }) => address);
}

function covers(exception: EgressException, host: string, port: number, address: string): boolean {
  if (exception.port !== undefined && exception.port !== port) return false;
  if (exception.host === host) return true;
  const family = isIP(exception.host);
  if (family === 0 || isIP(address) !== family) return false;
  const range = new BlockList();
  range.addSubnet(
    exception.host,
    exception.prefix ?? (family === 4 ? 32 : 128),
    family === 4 ? 'ipv4' : 'ipv6',
  );
  return range.check(address, family === 4 ? 'ipv4' : 'ipv6');
}
