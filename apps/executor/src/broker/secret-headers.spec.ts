import { describe, expect, it } from '@jest/globals';
import { secretStandIn } from '../runner-protocol.ts';
import { SecretMisused, type SecretUse, withSecrets } from './secret-headers.ts';

const use = (...allowedHosts: string[]): SecretUse => ({
  secrets: new Map([['KEY', { name: 'KEY', value: 'sk-$&-1', allowedHosts }]]),
  headers: new Set(['authorization']),
});
const at = (host: string, port = 443) => ({ host, port });
const bearer: [string, string] = ['Authorization', `Bearer ${secretStandIn('KEY')}`];

describe('a secret', () => {
  it('goes into a header that the component declared, as it is', () => {
    expect(withSecrets([bearer], at('api.test'), use('api.test'))).toEqual([
      ['Authorization', 'Bearer sk-$&-1'],
    ]);
  });

  it('goes nowhere else, nor where the node may not use it: there its stand-in stays a text', () => {
    const headers: [string, string][] = [
      ['x-other', secretStandIn('KEY')],
      ['authorization', secretStandIn('ANOTHER')],
    ];
    expect(withSecrets(headers, at('api.test'), use('api.test'))).toEqual(headers);
  });

  it.each([
    ['API.test', 'api.test'],
    ['*.test', 'api.test'],
    ['*.test', 'a.b.test'],
    ['api.test', 'api.test', 8443],
    ['api.test:8443', 'api.test', 8443],
    ['*.test:443', 'api.test'],
    ['fd00::1', 'fd00::1'],
  ])('for %s may go to %s', (allowed, host, port?: number) => {
    expect(withSecrets([bearer], at(host, port), use('other.test', allowed))).toEqual([
      ['Authorization', 'Bearer sk-$&-1'],
    ]);
  });

  it.each([
    ['api.test', 'evil.test'],
    ['api.test', 'sub.api.test'],
    ['api.test', 'api.test.evil'],
    ['*.api.test', 'api.test'],
    ['*.api.test', 'evilapi.test'],
    ['*', 'api.test'],
    ['api.test:8443', 'api.test'],
    ['api.test:443', 'api.test', 8443],
    ['*.test:8443', 'api.test'],
    ['api.test:443', 'evil.test'],
    ['fd00::1', 'fd00:'],
  ])('for %s may not go to %s', (allowed, host, port?: number) => {
    expect(() => withSecrets([bearer], at(host, port), use(allowed))).toThrow(SecretMisused);
    expect(() => withSecrets([bearer], at(host, port), use(allowed))).toThrow(
      /KEY may not be sent to (?!.*sk-)/,
    );
  });

  it('without hosts may go nowhere', () => {
    expect(() => withSecrets([bearer], at('api.test'), use())).toThrow(SecretMisused);
  });
});
