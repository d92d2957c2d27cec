import { describe, expect, it } from '@jest/globals';
import { EgressAllow, egressText } from './egress-allow.ts';

const exception = (host: string, prefix?: number, port?: number) => ({ host, prefix, port });

describe('the exceptions from the egress guard', () => {
  it.each([
    ['localhost', exception('localhost')],
    ['Model.Internal', exception('model.internal')],
    ['model.internal:11434', exception('model.internal', undefined, 11_434)],
    ['127.0.0.1', exception('127.0.0.1')],
    ['127.0.0.1:8080', exception('127.0.0.1', undefined, 8_080)],
    ['10.0.0.0/8', exception('10.0.0.0', 8)],
    ['10.0.0.0/8:443', exception('10.0.0.0', 8, 443)],
    ['0.0.0.0/0', exception('0.0.0.0', 0)],
    ['[::1]', exception('::1')],
    ['[::1]:8080', exception('::1', undefined, 8_080)],
    ['::1', exception('::1')],
    ['fd00::/8', exception('fd00::', 8)],
    ['[FD00::]/8:443', exception('fd00::', 8, 443)],
    ['host:65535', exception('host', undefined, 65_535)],
  ])('take %s', (text, expected) => {
    expect(EgressAllow.parse(text)).toEqual([expected]);
    expect(EgressAllow.parse(egressText(expected))).toEqual([expected]);
  });

  it('are a list with commas, spaces and empty items', () => {
    expect(EgressAllow.parse(' a:1 ,, 10.0.0.0/8 , ')).toEqual([
      exception('a', undefined, 1),
      exception('10.0.0.0', 8),
    ]);
  });

  it('are none where nothing is said', () => {
    expect(EgressAllow.parse(undefined)).toEqual([]);
    expect(EgressAllow.parse('')).toEqual([]);
  });

  it.each([
    'host:0',
    'host:65536',
    'host:port',
    'host/24',
    '10.0.0.0/33',
    'fd00::/129',
    '[::1',
    '::1]',
    'http://host',
    'host:80:80',
    ':80',
    '10.0.0.0/',
    '[host]:80',
    '[127.0.0.1]',
    'a host',
    '*',
    '999.1.1.1',
    '1::2::3',
  ])('refuse %j and name it', (text) => {
    const parsed = EgressAllow.safeParse(`good,${text}`);
    expect(parsed.error?.issues.map((issue) => issue.message)).toEqual([
      `"${text}" is not host[:port], address[:port] or range[:port]`,
    ]);
  });
});
