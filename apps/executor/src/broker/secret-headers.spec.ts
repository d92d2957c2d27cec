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
    ['fd00::1', 'fd00::1'],
  ])('for %s may go to %s', (allowed, host) => {
    expect(withSecrets([bearer], at(host), use('other.test', allowed))).toEqual([
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
    ['fd00::1', 'fd00:'],
  ])('for %s may not go to %s', (allowed, host) => {
    expect(() => withSecrets([bearer], at(host), use(allowed))).toThrow(SecretMisused);
    expect(() => withSecrets([bearer], at(host), use(allowed))).toThrow(/KEY may not be sent to (?!.*sk-)/);
  });

  it('without hosts may go nowhere', () => {
    expect(() => withSecrets([bearer], at('api.test'), use())).toThrow(SecretMisused);
  });

  it.each([
    ['api.test', 'api.test', 8443, true],
    ['api.test:8443', 'api.test', 8443, true],
    ['*.test:443', 'api.test', 443, true],
    ['api.test:8443', 'api.test', 443, false],
    ['api.test:443', 'api.test', 8443, false],
    ['*.test:8443', 'api.test', 443, false],
    ['api.test:443', 'evil.test', 443, false],
  ])('for %s may go to %s at port %d: %s', (allowed, host, port, isAllowed) => {
    const filled = () => withSecrets([bearer], at(host, port), use(allowed));
    if (isAllowed) expect(filled()).toEqual([['Authorization', 'Bearer sk-$&-1']]);
    else expect(filled).toThrow(SecretMisused);
  });
});
